"""The sections of docs/contract.md: the code refers to them, and what they list is what there is."""

from __future__ import annotations

import re
from pathlib import Path

import qviz
from qviz.document.flows import BUILTIN
from qviz.document.graph import Kind
from qviz.errors import ExitCode

ROOT = Path(__file__).parents[1]
SECTIONS = re.split(r"^## (?=\d)", (ROOT / "docs" / "contract.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]


def section(number: int) -> str:
    return next(each for each in SECTIONS if each.startswith(f"{number}. "))


def test_references_of_the_code_name_a_section():
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "qviz").rglob("*.py"))]
    named = {number for text in texts for number in re.findall(r"docs/contract\.md, section (\d)", text)}
    assert len(named) > 3
    assert named <= {each[0] for each in SECTIONS}
    assert not [text for text in texts if re.search(r"(?<!docs/)\bcontract,? section", text)]


def test_the_flows_are_those_of_qviz():
    listed = re.findall(r"`([a-z0-9]+-[a-z-]+)`", section(2).partition(";")[0])
    assert sorted(listed) == sorted(flow.id for flow in BUILTIN)


def test_every_kind_has_its_row():
    rows = re.findall(r"^\| (`.*?) \|", section(3), flags=re.MULTILINE)
    assert sorted(re.findall(r"`(\w+)`", " ".join(rows))) == sorted(kind.value for kind in Kind)


def test_every_exit_code_and_public_name_is_there():
    assert all(re.search(rf"\b{code.value} ", section(4)) for code in ExitCode)
    assert [name for name in qviz.__all__ if name not in {"Snapshot", "__version__"} and name not in section(5)] == []

"""The sections of docs/contract.md: the code refers to them, and what they list is what there is."""

from __future__ import annotations

import importlib
import inspect
import json
import re
from pathlib import Path

import click
import msgspec
import pytest

import qviz
from qviz.analysis.ledger.formats import LEDGER_FORMATS
from qviz.api import Result
from qviz.cli.app import COMMANDS
from qviz.document import codec
from qviz.document.flows import BUILTIN
from qviz.document.graph import Kind
from qviz.document.plan import Plan
from qviz.document.snapshot import Finding, Level, Link, Snapshot
from qviz.errors import ExitCode
from qviz.ui.export.formats import PICTURE_FORMATS
from tests.factories import snapshot
from tests.measured import measured_run
from tests.program import sources

ROOT = Path(__file__).parents[1]
SECTIONS = re.split(r"^## (?=\d)", (ROOT / "docs" / "contract.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]


SAME = Link("captured", "converted", ("x",), ("x",), "same", 1.0, "link.same_name")


def section(number: int) -> str:
    return next(each for each in SECTIONS if each.startswith(f"{number}. "))


def test_references_of_the_code_name_a_section():
    texts = [each.text for each in sources()]
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


def options(command: str) -> set[str]:
    found: click.Command = getattr(importlib.import_module(COMMANDS[command]), command)
    return {option for each in found.params for option in (*each.opts, *each.secondary_opts)}


def named_options(text: str) -> set[str]:
    return set(re.findall(r"--[a-z][a-z-]+", text))


def paragraph(number: int, beginning: str) -> str:
    return next(each for each in section(number).split("\n\n") if each.startswith(beginning))


@pytest.mark.parametrize("command", ["run", "render", "check", "measure", "repair", "compare"])
def test_commands_that_run_a_flow_take_the_options_of_the_plan(command):
    common, measuring = paragraph(4, "All commands that run a flow").split("those that\nmeasure")
    assert len(named_options(common)) > 20
    assert named_options(common) - options(command) == set()
    if command in ("run", "check", "measure", "repair"):
        also = named_options(measuring) - {"--measure", "--no-measure"}
        assert len(also) == 4
        assert also - options(command) == set()
    if command in ("run", "check"):
        assert {"--measure", "--no-measure"} <= options(command)


def test_render_has_its_options_and_formats():
    told = paragraph(4, "`qviz render` writes")
    assert named_options(told) - options("render") == set()
    assert set(re.findall(r"`(\.[a-z]+)`", told)) == set(PICTURE_FORMATS)


def test_the_defaults_are_those_of_a_plan():
    plan = Plan()
    assert (plan.backend, plan.quantizer, plan.strict, plan.seed, plan.dtype) == ("x86", "xnnpack", None, 0, "float32")
    assert "`x86`" in section(2)
    assert "`XNNPACKQuantizer`" in section(2)


def test_what_measure_prints_as_json_has_the_fields_of_the_contract():
    shown = paragraph(4, '```\n{"quantizers"')
    made = json.loads(LEDGER_FORMATS["json"].write(measured_run(), None))
    top = {"quantizers", "unexplained", "output_sqnr_db", "outputs", "operators"}
    row = {"nodes", "module", "kind", "share", "local_sqnr_db", "clipped", "cause", "remedies"}
    levels = {"prepared", "simulated", "converted"}
    assert top | row | levels <= set(re.findall(r'"(\w+)"', shown))
    assert top <= set(made)
    assert row <= set(made["quantizers"][0])
    assert levels <= set(made["output_sqnr_db"])
    assert levels <= set(made["outputs"]["output"])
    shares = [each["share"] for each in made["quantizers"]]
    assert shares == sorted(shares, reverse=True)


def test_python_has_the_names_and_arguments_of_the_contract():
    code = section(5)
    for name in set(re.findall(r"qviz\.(\w+)", code)) - {"qviz"}:
        assert name in qviz.__all__, name  # hasattr would import torch
    for name in set(re.findall(r"snap\.(\w+)", code)):
        assert hasattr(Result, name), name
    known = set(inspect.signature(qviz.inspect).parameters)
    asked = {name for call in re.findall(r"qviz\.inspect\((.*)\)", code) for name in re.findall(r"(\w+)=(?!=)", call)}
    assert {"plan", "evaluation", "measure", "calibration"} <= asked
    assert asked - known - {"seed"} == set()  # that one is the plan's
    drawn = set(inspect.signature(Result.render).parameters)
    assert {"side_by_side", "changes", "focus", "hops", "numbers", "wrap", "theme", "scale"} <= drawn


def test_a_document_has_the_fields_of_the_contract():
    finding = Finding.of("odd", Level.WARNING, "converted", ["fc"], message="it is odd", reason="so", hint="do")
    written = msgspec.structs.replace(snapshot(links=[SAME], findings=[finding]), measurements=None)
    made = json.loads(codec.encode(written))
    assert (made["format"], made["version"]) == ("qviz", 2)
    assert {"run", "stages", "links", "facts", "findings", "summary", "notes"} <= set(made)
    assert {"source", "flow", "status", "config", "versions", "python"} <= set(made["run"])
    assert made["run"]["status"] == "done"
    node = made["stages"][0]["graph"]["nodes"][0]
    assert {"id", "name", "op", "target", "kind", "args", "kwargs", "module_path", "module_type", "values"} <= set(node)
    assert made["stages"][0]["graph"]["edges"][0] == ["x", "fc", 0]
    link = {"from_stage", "to_stage", "from", "to", "relation", "confidence", "evidence"}
    assert link <= set(made["links"][0])
    told = made["findings"][0]
    assert {"rule", "level", "stage", "nodes", "message", "reason", "hint", "code", "args"} <= set(told)


def test_texts_of_a_document_are_never_read_back():
    finding = Finding.of("odd", Level.WARNING, "converted", ["fc"], message="it is odd")
    data = json.loads(codec.encode(snapshot(findings=[finding])))
    data["findings"][0]["message"] = "another text"
    assert codec.decode(json.dumps(data).encode()).findings[0].message == "it is odd"


def test_a_reader_ignores_fields_that_it_does_not_know_and_needs_no_optional_ones():
    data = json.loads(codec.encode(snapshot()))
    data["new"] = data["run"]["new"] = data["stages"][0]["graph"]["nodes"][0]["new"] = {"a": 1}
    assert codec.decode(json.dumps(data).encode()) == snapshot()
    needed = ("format", "version", "run", "stages", "links", "facts", "findings", "summary", "notes")
    least = {key: data[key] for key in needed}
    assert isinstance(codec.decode(json.dumps(least).encode()), Snapshot)

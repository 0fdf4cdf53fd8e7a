"""Outside the window, too, all that an error tells the user goes through the catalog."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import qviz

PACKAGE = Path(qviz.__file__).parent
ROOMS = ("cli", "engine", "document", "sources", "wire", "layout", "session", "analysis")
FILES = sorted(
    [*PACKAGE.glob("*.py"), *(path for room in ROOMS for path in (PACKAGE / room).rglob("*.py"))],
)
RAISED = {"QvizError": (0, 1), "UsageError": (0,), "BadParameter": (0,), "BadOptionUsage": (1,)}


def bare(path: Path) -> Iterator[str]:
    """Yield the arguments that are English written on the spot, or put together there."""
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        for place in RAISED.get(name, ()):
            if place < len(call.args) and not is_said(call.args[place]):
                yield f"{path.name}:{call.lineno}: {ast.unparse(call.args[place])}"


def is_said(node: ast.expr) -> bool:
    if isinstance(node, ast.IfExp):
        return is_said(node.body) and is_said(node.orelse)
    if isinstance(node, ast.Constant):
        return node.value == ""
    return not isinstance(node, ast.JoinedStr | ast.BinOp)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_errors_are_made_of_words(path: Path):
    assert list(bare(path)) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_texts_have_no_value_in_their_key(path: Path):
    """``tr(f"...")`` could never be translated."""
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ("tr", "trn", "mark"):
            keys = call.args[1:3] if getattr(call.func, "id", "") == "trn" else call.args[:1]
            assert not any(isinstance(key, ast.JoinedStr | ast.BinOp) for key in keys), f"{path}:{call.lineno}"


def test_the_rule_finds_what_it_forbids(tmp_path: Path):
    (tmp_path / "bad.py").write_text('raise QvizError(f"no {x}", "Try." if y else tr("Do."))')
    assert len(list(bare(tmp_path / "bad.py"))) == 2

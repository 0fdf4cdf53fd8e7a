"""Nobody reads a flow's id: outside their definitions and engine rooms, flows are asked what they take and do."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import pytest

from qviz.document.flows import BUILTIN, Method, Mode
from qviz.words import names
from tests.program import sources

IDS = {flow.id for flow in BUILTIN}
TITLES = {
    *(flow.title for flow in BUILTIN),
    *(names.mode(mode.value) for mode in Mode),
    *(names.method(method.value) for method in Method),
}
PREFIXES = {flow_id.partition("-")[0] for flow_id in IDS}
FLOW_WORDS = {
    *IDS,
    *TITLES,
    *PREFIXES,
    *(f"{each}-" for each in PREFIXES),
    *(f"-{flow_id.partition('-')[2]}" for flow_id in IDS),
}
ROOMS = ("qviz/document/flows/", "qviz/engine/flows/", "qviz/engine/script/", "qviz/words/simplified_chinese/")
PARTING = {"startswith", "endswith", "removeprefix", "removesuffix", "partition", "rpartition", "split"}
SEARCHING = {"find", "index", "count", "replace", "match", "fullmatch", "search", "fnmatch", "get"}
"""Whose every use with an id and a written text, or with an id that is written, is a reading of it."""


def strings(node: ast.AST | None) -> set[str]:
    """Return the strings written in an expression."""
    inside = ast.walk(node) if node is not None else ()
    return {each.value for each in inside if isinstance(each, ast.Constant) and isinstance(each.value, str)}


def is_id(node: ast.AST) -> bool:
    """Whether an expression is the id of a flow: ``plan.flow``, ``flow_id``, ``chosen_flow.id``."""
    match node:
        case ast.Attribute(attr="flow") | ast.Name(id="flow_id"):
            return True
        case ast.Attribute(attr="id", value=ast.Name(id=name) | ast.Attribute(attr=name)):
            return "flow" in name
        case ast.BoolOp(values=values):
            return any(map(is_id, values))
    return False


def _compares(node: ast.Compare) -> bool:
    sides = (node.left, *node.comparators)
    said = set().union(*map(strings, sides))
    return bool(said & FLOW_WORDS) or (any(map(is_id, sides)) and bool(said))


def _parts(node: ast.Call) -> bool:
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    said = set().union(*map(strings, node.args))
    if name in SEARCHING:
        given = (getattr(node.func, "value", None), *node.args)
        return bool(said & IDS) or (bool(said) and any(each is not None and is_id(each) for each in given))
    if not isinstance(node.func, ast.Attribute) or name not in PARTING:
        return False
    return is_id(node.func.value) or any(strings(each) & FLOW_WORDS for each in node.args)


def _cuts(node: ast.Subscript) -> bool:
    return (isinstance(node.slice, ast.Slice) and is_id(node.value)) or bool(strings(node.slice) & IDS)


def _tabulates(node: ast.Dict) -> bool:
    return any(strings(key) & (IDS | TITLES) for key in node.keys)


def _lists(node: ast.Tuple | ast.List | ast.Set) -> bool:
    return any(isinstance(each, ast.Constant) and each.value in IDS for each in node.elts)


READS: dict[type[ast.AST], Callable[[Any], bool]] = {
    ast.Compare: _compares,
    ast.MatchValue: lambda node: bool(strings(node.value) & FLOW_WORDS),
    ast.Call: _parts,
    ast.Subscript: _cuts,
    ast.Dict: _tabulates,
    ast.Tuple: _lists,
    ast.List: _lists,
    ast.Set: _lists,
}


def reads_of_ids(tree: ast.AST) -> list[int]:
    """Return the lines that compare with, part or look up the id, a part of the id, or the title of a flow."""
    nodes = (each for each in ast.walk(tree) if isinstance(each, tuple(READS)))
    return [getattr(each, "lineno", 0) for each in nodes if READS[type(each)](each)]


def test_no_code_outside_the_rooms_of_flows_reads_an_id():
    found = []
    for source in sources():
        may_read = "flow" in source.text or any(each in source.text for each in FLOW_WORDS)
        if may_read and not source.path.startswith(ROOMS):
            found += [f"{source.path}:{line}" for line in reads_of_ids(ast.parse(source.text))]
    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        'plan.flow == "fx-static"',
        'plan.flow != "pt2e-qat"',
        '(plan.flow or "").startswith("fx")',
        'row.flow.startswith(("fx-", "eager"))',
        'chosen.id.endswith("-qat")',
        'plan.flow in ("eager-static", "eager-qat")',
        '"qat" in plan.flow',
        'flow.mode.title == "FX graph"',
        'title not in ("Dynamic",)',
        "plan.flow[:2] == family",
        'flow_id.partition("-")',
        'flow_id.split("-")[0]',
        '(plan.flow or "").partition(dash)',
        'plan.flow.find("fx")',
        're.match("fx-", plan.flow)',
        'fnmatch(plan.flow, "fx-*")',
        'needs.get("fx-static")',
        'NEEDS = {"fx-static": 1}',
        'WORDS = {"FX graph": 1}',
        'WITHOUT_DATA = ("fx-dynamic", "fx-weight-only")',
        'needs["fx-static"]',
        'match plan.flow:\n    case "fx-static":\n        pass',
        'match plan.flow:\n    case "fx-static" | "fx-qat":\n        pass',
    ],
)
def test_every_way_to_read_an_id_is_found(code: str):
    assert reads_of_ids(ast.parse(code))


@pytest.mark.parametrize(
    "code",
    [
        "flow.mode is Mode.FX",
        'flow.takes("quantizer")',
        "flow.method in (Method.STATIC, Method.QAT)",
        'target.startswith("pt2e_quant.")',
        'DEFAULT = "fx-static"',
        "plan.flow == other.flow",
        "flow_ids[1:]",
        '"aten." in name',
    ],
)
def test_what_reads_no_id_is_left_alone(code: str):
    assert reads_of_ids(ast.parse(code)) == []

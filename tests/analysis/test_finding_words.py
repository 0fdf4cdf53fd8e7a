"""Every finding that the program makes has its words, whole."""

from __future__ import annotations

import ast
import functools

import pytest

from qviz.analysis.findings.catalog import CATALOG, known_rules
from qviz.words.language import ENGLISH
from tests.program import sources
from tests.words.rendering import fields

SOURCES = [each.text for each in sources() if not each.is_in("qviz/words")]
ENTRIES = {code: entry for code, entry in ENGLISH.statements.items() if {"message", "reason", "hint"} <= set(entry)}


@functools.cache
def calls() -> tuple[ast.Call, ...]:
    parsed = (ast.parse(text) for text in SOURCES if "Finding(" in text)
    found = (node for tree in parsed for node in ast.walk(tree) if isinstance(node, ast.Call))
    return tuple(call for call in found if isinstance(call.func, ast.Name) and call.func.id == "Finding")


def given(call: ast.Call, place: int, name: str) -> ast.expr | None:
    return next((each.value for each in call.keywords if each.arg == name), None) or next(
        iter(call.args[place : place + 1]), None
    )


def literals(place: int, name: str) -> set[str]:
    """Return the constants that stand in an argument of the calls: whole codes, and the beginnings of others."""
    found = (node for call in calls() if (at := given(call, place, name)) is not None for node in ast.walk(at))
    return {node.value for node in found if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_every_rule_that_the_program_finds_is_in_the_catalog_once():
    rules = literals(0, "rule")
    assert len(rules) > 30
    assert rules - set(CATALOG) == set()
    assert len(set(CATALOG)) == len(CATALOG)
    for rule in CATALOG:
        assert sum(f'"{rule}"' in text for text in SOURCES) > 1, f"nothing makes a finding of {rule}"


def test_every_rule_says_what_it_looks_for():
    for rule in known_rules(()):
        assert set(ENGLISH.statements[f"rule.{rule.id}"]) == {"text", "what", "advice"}
        assert rule.what.endswith(".")
        assert rule.advice.endswith(".")


@pytest.mark.parametrize("rule", CATALOG)
def test_every_rule_has_words_for_its_findings(rule: str):
    own = [code for code in ENTRIES if code.partition(".")[0] == rule]
    assert own, f"no entry has message, reason and hint for {rule}"
    for code in own:
        kind = code.partition(".")[2]
        endings = [kind, *(kind.removesuffix(end) for end in ("_near", "_fresh", "_and_fusible", ".other_form"))]
        assert any(f'{end}"' in text for text in SOURCES for end in endings if end or code == rule), (
            f"{code} is not made"
        )


def test_whole_codes_have_entries():
    codes = {each for each in literals(4, "code") if each.partition(".")[0] in CATALOG and not each.endswith(".")}
    assert len(codes) > 20
    assert codes - set(ENTRIES) == set()


def test_what_a_call_writes_out_fills_its_words():
    """Where code, roles and arguments stand in the call as literals, each field has its value."""
    seen = 0
    for call in calls():
        code, roles, args = (given(call, *each) for each in ((4, "code"), (5, "roles"), (6, "args")))
        if not isinstance(code, ast.Constant) or not all(isinstance(each, ast.Dict | None) for each in (roles, args)):
            continue
        names = [key for each in (roles, args) if isinstance(each, ast.Dict) for key in each.keys]
        if all(isinstance(name, ast.Constant) for name in names):
            seen += 1
            known = {str(name.value) for name in names if isinstance(name, ast.Constant)}
            assert fields(str(code.value)) <= known, code.value
    assert seen > 15

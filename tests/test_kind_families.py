"""The families of kinds are written once, beside `Kind`; everything else asks them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from qviz.document.graph import CASTING, COMPUTING, WATCHING, Kind
from tests.program import sources

FAMILIES = [{kind.name for kind in family} for family in (WATCHING, CASTING, COMPUTING)]
DISPLAY_ORDER = {"qviz/analysis/views/folding.py", "qviz/ui/panels/legend.py"}
"""Badges, and the counts of the legend, stand beside each other in an order of their own, which no family has."""


def families_written(text: str) -> Iterator[int]:
    """Yield the lines at which a collection, or a pattern, names all kinds of a family."""
    for part in ast.walk(ast.parse(text)):
        if isinstance(part, (ast.Tuple, ast.List, ast.Set)):
            members: list[ast.expr] = part.elts
        elif isinstance(part, ast.MatchOr):
            members = [each.value for each in part.patterns if isinstance(each, ast.MatchValue)]
        else:
            continue
        names = {each.attr for each in members if isinstance(each, ast.Attribute) and ast.unparse(each.value) == "Kind"}
        if any(family <= names for family in FAMILIES):
            yield part.lineno


def test_a_family_is_written_in_one_place():
    found = {each.path: list(families_written(each.text)) for each in sources() if "Kind." in each.text}
    written = {name for name, lines in found.items() if lines}
    assert written - DISPLAY_ORDER == {"qviz/document/graph.py"}
    assert len(found["qviz/document/graph.py"]) == len(FAMILIES)


@pytest.mark.parametrize(
    "text", ["x in (Kind.FAKE_QUANT, 1, Kind.OBSERVER)", "{Kind.OP, Kind.FUSED_OP, Kind.QUANTIZED_OP}"]
)
def test_the_search_finds_one(text):
    assert list(families_written(text)) == [1]


def test_every_kind_answers_for_itself():
    assert {kind for kind in Kind if kind.watches} == WATCHING
    assert {kind for kind in Kind if kind.casts} == CASTING
    assert {kind for kind in Kind if kind.computes} == COMPUTING
    assert not (WATCHING & CASTING) | (WATCHING & COMPUTING) | (CASTING & COMPUTING)

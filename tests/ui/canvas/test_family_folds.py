"""What is open belongs to the pair: whichever pane carries it, both ask for the same layout."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qviz.analysis.views.view import Folds
from qviz.document.snapshot import Stage
from qviz.ui.canvas.family import Family
from tests.two_stages import AFTER, BEFORE, LINKS, stages


def _nodes(family: Family) -> list[str]:
    assert family.union is not None
    return [node.id for node in family.union.graph.nodes]


@given(stages(), st.data())
def test_folds_pass_through_either_stage_unchanged(made, data: st.DataObject):
    before, after, links = made
    family = Family((before, after), links, {})
    if family.union is None:
        return
    some = st.frozensets(st.sampled_from(_nodes(family)))
    folds = Folds(frozenset({"m"}), data.draw(some), data.draw(some), data.draw(st.booleans()), frozenset({"m.n"}))
    for stage in (before, after):
        assert family.to_union(stage, family.of_union(stage, folds)) == folds


@pytest.mark.parametrize("stage", [BEFORE, AFTER])
def test_all_is_open_in_both(stage: Stage):
    family = Family((BEFORE, AFTER), LINKS, {})
    wanted = family.to_union(stage, family.all_open(stage))
    assert wanted == family.to_union(AFTER, family.all_open(AFTER))
    views = [part.view for part in family.folded(wanted).stages]
    for stage_shown, view in zip((BEFORE, AFTER), views, strict=True):
        assert {box.id for box in view.boxes if box.kind is not None} >= {each.id for each in stage_shown.graph.nodes}

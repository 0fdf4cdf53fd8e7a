"""What is opened so that one node is seen, and nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qviz.analysis.views.expansion import alone, groups_at, one_level_more, uncovered
from qviz.analysis.views.folding import fold, unfold_all
from qviz.analysis.views.groups import Hierarchy
from qviz.analysis.views.view import Folds
from tests.factories import graph, node

NET = graph(
    node("x", kind="input"),
    node("a", "x", target="conv", path="net.stem"),
    node("b", "a", target="relu", path="net.stem"),
    node("weight", kind="constant", path="net.block.fc"),
    node("dq", "weight", kind="dequantize", path="net.block.fc"),
    node("c", "b", "dq", target="linear", path="net.block.fc"),
    node("d", "c", target="relu", path="net.block.act"),
    node("e", "d", target="add", path="net"),
    node("output", "e", kind="output"),
)
IDS = [each.id for each in NET.nodes]


def test_the_groups_around_a_node_open_and_no_others():
    folds = uncovered(Hierarchy(NET), Folds(), "d")
    assert folds == Folds(frozenset({"net", "net.block"}))
    assert fold(NET, folds, {}).box_of["a"] == "group:net.stem"


def test_plumbing_opens_at_the_operator_that_it_feeds():
    folds = uncovered(Hierarchy(NET), Folds(), "weight")
    assert folds.plumbing == {"c"}
    assert fold(NET, folds, {}).box_of["weight"] == "weight"


def test_what_is_seen_needs_nothing():
    everything = unfold_all(NET)
    assert uncovered(Hierarchy(NET), everything, "weight") is everything
    assert uncovered(Hierarchy(NET), Folds(), "x") == Folds()


@given(st.sampled_from(IDS), st.sets(st.sampled_from(["net", "net.stem", "net.block"])), st.sets(st.just("c")))
def test_every_node_gets_a_box_of_its_own(node_id: str, groups: set[str], plumbing: set[str]):
    before = Folds(frozenset(groups), frozenset(plumbing))
    after = uncovered(Hierarchy(NET), before, node_id)
    assert fold(NET, after, {}).box_of[node_id] == node_id
    assert before.groups <= after.groups
    assert before.plumbing <= after.plumbing


def test_each_step_opens_the_groups_that_are_boxes_now():
    tree = Hierarchy(NET)
    first = one_level_more(tree, Folds())
    assert first.groups == {"net"}
    second = one_level_more(tree, first)
    assert second.groups == {"net", "net.stem", "net.block"}
    assert one_level_more(tree, second) == second


def test_a_group_opens_only_as_far_as_one_node_wants():
    tree = Hierarchy(NET)
    everything = Folds(frozenset({"net", "net.stem", "net.block"}))
    assert alone(tree, everything, "net", "a").groups == {"net", "net.stem"}
    assert alone(tree, everything, "net.block", "d").groups == {"net", "net.stem", "net.block"}


def test_a_group_is_opened_with_all_groups_inside():
    assert groups_at(Hierarchy(NET), "net") == {"net", "net.stem", "net.block"}
    assert groups_at(Hierarchy(NET), "net.block") == {"net.block"}
    assert groups_at(Hierarchy(NET), "net.bl") == frozenset()

"""What a picture shows of stages: all, around a node, what changed."""

from __future__ import annotations

import pytest

from qviz.errors import QvizError
from qviz.session.scopes import Scope, ScopedStage, parts
from tests.factories import small_links, small_stages, snapshot, stage

PAIR = ("captured", "converted")
RUN = snapshot(*small_stages(), links=small_links())


def ids(part: ScopedStage) -> set[str]:
    return {node.id for node in part.stage.graph.nodes}


def test_without_a_scope_stages_are_whole() -> None:
    captured, converted = parts(RUN, PAIR)
    assert (captured.stage, converted.stage) == RUN.stages
    assert (captured.nodes, converted.nodes) == (8, 9)


def test_around_a_node_is_what_is_so_many_edges_away() -> None:
    assert [ids(part) for part in parts(RUN, ("captured",), Scope(("view",), 1))] == [{"relu", "view", "conv"}]
    assert [ids(part) for part in parts(RUN, ("captured",), Scope(("view",), 0))] == [{"view"}]


def test_around_a_module_are_all_its_nodes() -> None:
    (captured,) = parts(RUN, ("captured",), Scope(("block",), 1))
    assert ids(captured) == {"view", "conv", "bn", "relu_1", "output"}


def test_the_other_stage_shows_what_the_node_is_there() -> None:
    captured, converted = parts(RUN, PAIR, Scope(("bn",), 1))
    assert ids(captured) == {"conv", "bn", "relu_1"}
    assert ids(converted) == {"view", "conv", "dequantize"}


def test_an_unknown_node_is_an_error_that_names_one_like_it() -> None:
    with pytest.raises(QvizError, match=r"Captured, Converted has no node block\.cnov") as raised:
        parts(RUN, PAIR, Scope(("block.cnov",)))
    assert raised.value.hint == "Did you mean block.conv?"


def test_changes_are_shown_with_their_neighbours() -> None:
    captured, converted = parts(RUN, PAIR, Scope(is_changes=True))
    assert ids(captured) == {"x", "fc", "relu", "view", "conv", "bn", "relu_1", "output"}
    (before,), (after,) = captured.overlays, converted.overlays
    assert dict(before.nodes) == dict.fromkeys(("fc", "relu", "conv", "bn", "relu_1"), "replaced")
    assert {each for each, how in after.nodes.items() if how == "added"} >= {"quantize_per_tensor", "dequantize"}
    assert after.nodes["conv"] == "replaced"
    assert set(captured.fused) == {("fc", "relu"), ("conv", "relu_1", "bn")}
    assert converted.fused == ()


def test_one_stage_is_compared_with_the_first_or_the_last() -> None:
    for name, how in (("converted", "added"), ("captured", "replaced")):
        (only,) = parts(RUN, (name,), Scope(is_changes=True))
        assert how in set(only.overlays[0].nodes.values())


def test_changes_against_the_order_of_the_flow_are_told_in_its_order() -> None:
    converted, _ = parts(RUN, PAIR[::-1], Scope(is_changes=True))
    assert converted.overlays[0].nodes["dequantize"] == "added"


def test_changes_need_two_stages_that_differ() -> None:
    captured, _ = small_stages()
    with pytest.raises(QvizError, match="there is only one"):
        parts(snapshot(captured), ("captured",), Scope(is_changes=True))
    same = [link for link in small_links() if link.relation == "same" and link.from_ids == ("x",)]
    x = captured.graph.nodes[0]
    with pytest.raises(QvizError, match="Nothing changed from Captured to Converted"):
        parts(snapshot(stage("captured", x), stage("converted", x), links=same), PAIR, Scope(is_changes=True))


def test_an_unknown_stage_is_told() -> None:
    with pytest.raises(QvizError, match="captured, converted"):
        parts(RUN, ("lowered",))

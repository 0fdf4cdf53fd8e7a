"""All stages as one graph, and each stage's part of its view."""

from __future__ import annotations

from itertools import pairwise

import pytest

from qviz.analysis.views.folding import fold, unfold_all
from qviz.analysis.views.hierarchies import Hierarchies
from qviz.analysis.views.projection import project
from qviz.analysis.views.union import unite
from qviz.analysis.views.view import Folds
from qviz.document.snapshot import Stage
from tests.factories import graph, node
from tests.two_stages import AFTER, BEFORE, LINKS, link


def test_what_survives_is_one_node_and_a_way_through_what_is_new_replaces_an_edge():
    union = unite((BEFORE, AFTER), LINKS)
    assert union is not None
    assert [each.id for each in union.graph.nodes] == ["x", "q", "dq", "conv", "bn", "relu", "q2", "dq2", "output"]
    edges = {(edge.from_id, edge.to_id) for edge in union.graph.edges}
    chain = ("x", "q", "dq", "conv", "bn", "relu", "q2", "dq2", "output")
    assert edges == set(pairwise(chain)), "what follows the fused node follows its last part"
    assert union.ids["b"]["conv"] == union.ids["a"]["conv"] == "conv"


@pytest.mark.parametrize("is_open", [False, True])
def test_a_stage_has_its_own_boxes_and_its_lines_run_through_the_gaps(is_open: bool):
    union = unite((BEFORE, AFTER), LINKS)
    assert union is not None
    folds = unfold_all(union.graph) if is_open else Folds(has_seams=False)
    whole = project(union, folds, (BEFORE, AFTER), {}, Hierarchies())
    for stage, part in zip((BEFORE, AFTER), whole.stages, strict=True):
        alone = fold(stage.graph, folds, {})
        assert {box.members for box in part.view.boxes} == {box.members for box in alone.boxes}
        assert {line.pairs for line in part.view.lines} == {line.pairs for line in alone.lines}
        for line, along in zip(part.view.lines, part.lines, strict=True):
            ways = [whole.view.lines[each] for each in along]
            assert ways[0].from_box == line.from_box
            assert ways[-1].to_box == line.to_box
            assert all(one.to_box == other.from_box for one, other in pairwise(ways))


def test_links_that_turn_the_order_around_make_no_union():
    first = Stage("a", graph(node("x", kind="input"), node("p", "x"), node("r", "p")), "")
    second = Stage("b", graph(node("x", kind="input"), node("p", "x"), node("r", "p")), "")
    crossed = (link("same", ("p",), ("r",)), link("same", ("r",), ("p",)))
    assert unite((first, second), crossed) is None


@pytest.mark.parametrize("is_open", [False, True])
def test_a_node_with_another_name_than_before_is_in_a_box_of_its_stage(is_open: bool):
    before = Stage("a", graph(node("x", kind="input"), node("add", "x", path="m"), node("mul", "add", path="m")), "")
    after = Stage("b", graph(node("x", kind="input"), node("sum", "x", path="m"), node("mul", "sum", path="m")), "")
    links = (link("same", ("x",), ("x",)), link("replaced", ("add",), ("sum",)), link("same", ("mul",), ("mul",)))
    union = unite((before, after), links)
    assert union is not None
    folds = unfold_all(union.graph) if is_open else Folds()
    for stage, part in zip(
        (before, after), project(union, folds, (before, after), {}, Hierarchies()).stages, strict=True
    ):
        boxes = {box.id: box for box in part.view.boxes}
        assert set(part.view.box_of) == {each.id for each in stage.graph.nodes}
        for node_id, box_id in part.view.box_of.items():
            assert node_id in boxes[box_id].members


def test_equal_names_without_a_link_are_two_nodes():
    first = Stage("a", graph(node("x", kind="input"), node("p", "x")), "")
    second = Stage("b", graph(node("x", kind="input"), node("p", "x", kind="quantize")), "")
    union = unite((first, second), (link("same", ("x",), ("x",)),))
    assert union is not None
    assert [each.id for each in union.graph.nodes] == ["x", "p", "p@b"]

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
from qviz.ui.canvas.family import Family
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


def layers(count: int, *, is_quantized: bool, in_float: int | None = None) -> Stage:
    """Return a stage of linear layers that are equal, but for one that may stay in float."""
    nodes, last = [node("x", kind="input"), node("embed", "x")], "embed"
    for at in range(count):
        path, weight = f"layers.{at}", f"w{at}"
        fc = f"{path}.fc"
        is_low = is_quantized and at != in_float
        if is_low:
            nodes += [node(f"q{at}", last, kind="quantize", path=fc, target="quantize")]
            nodes += [node(f"dq{at}", f"q{at}", kind="dequantize", path=fc, target="dequantize")]
        nodes += [node(weight, kind="constant", path=fc, target=f"{fc}.weight")]
        if is_low:
            nodes += [node(f"dw{at}", weight, kind="dequantize", path=fc, target="dequantize")]
        nodes += [node(f"b{at}", kind="constant", path=fc, target=f"{fc}.bias")]
        given = (f"dq{at}", f"dw{at}") if is_low else (last, weight)
        nodes += [node(f"fc{at}", *given, f"b{at}", path=fc, target="linear")]
        nodes += [node(f"relu{at}", f"fc{at}", path=path, target="relu")]
        nodes += [node(f"add{at}", f"relu{at}", last, path=path, target="add")]
        last = f"add{at}"
    groups = {"layers": "ModuleList", **{f"layers.{at}": "Layer" for at in range(count)}}
    name = "b" if is_quantized else "a"
    return Stage(name, graph(*nodes, node("output", last, kind="output"), groups=groups), "")


@pytest.mark.parametrize("in_float", [None, 3])
def test_equal_layers_are_equal_wherever_in_the_model_they_stand(in_float: int | None):
    stages = layers(9, is_quantized=False), layers(9, is_quantized=True, in_float=in_float)
    there = {each.id for each in stages[1].graph.nodes}
    links = [link("same", (each.id,), (each.id,)) for each in stages[0].graph.nodes if each.id in there]
    known = {each.id for each in stages[0].graph.nodes}
    links += [link("inserted", (), (each.id,)) for each in stages[1].graph.nodes if each.id not in known]
    family = Family(stages, links, {})
    repeat = family.repeat_at(stages[0], "layers")
    assert repeat is not None
    assert repeat.different == (() if in_float is None else (f"layers.{in_float}",))
    order = [each.id for each in family.tree.graph.nodes]
    for at in (each for each in range(9) if each != in_float):
        mine = [each.rstrip("0123456789") for each in order if each.lstrip("abcdefklqruw") == str(at)]
        assert mine == [each.rstrip("0123456789") for each in order if each.lstrip("abcdefklqruw") == "8"]

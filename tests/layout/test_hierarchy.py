"""Views placed group by group."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings

from qviz.analysis.views.folding import fold, unfold_all
from qviz.analysis.views.view import Folds, View
from qviz.layout.frame import framed
from qviz.layout.graphlay_engine import GraphlayEngine, place_level
from tests.factories import graph, node, small_stages
from tests.layout.geometry import faults, sizes_of, views


@settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(views())
def test_any_view_is_placed_without_faults(view: View) -> None:
    sizes = sizes_of(view)
    assert faults(view, sizes, GraphlayEngine().place(view, sizes)) == []


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(views())
def test_left_to_right_flows_right(view: View) -> None:
    sizes = sizes_of(view)
    places = GraphlayEngine().place(view, sizes, "right")
    assert {each: (rect.width, rect.height) for each, rect in places.boxes.items() if each in sizes} == sizes
    assert all(places.boxes[line.from_box].right <= places.boxes[line.to_box].x + 0.6 for line in view.lines)


def place(view: View):
    return GraphlayEngine().place(view, sizes_of(view))


def middle(rect) -> float:
    return rect.x + rect.width / 2


def test_chain_is_a_straight_column_through_frames() -> None:
    captured, converted = small_stages()
    for stage in (captured, converted):
        view = fold(stage.graph, unfold_all(stage.graph, plumbing=False), {})
        places = place(view)
        assert "group:block" in places.boxes
        middles = {round(middle(rect), 1) for each, rect in places.boxes.items() if each != "group:block"}
        assert len(middles) == 1
        assert all(len(route) == 2 for route in places.routes)
        assert all(places.labels)


def test_skip_leaves_the_spine_straight() -> None:
    view = fold(
        graph(
            node("x", kind="input"),
            node("conv", "x", path="block.conv", type="Conv2d"),
            node("relu", "conv", path="block.relu", type="ReLU"),
            node("add", "relu", "x", path="block"),
            node("output", "add", kind="output"),
        ),
        Folds(groups=frozenset({"block"})),
        {},
    )
    places = place(view)
    spine = ("x", "conv", "relu", "add", "output")
    assert len({round(middle(places.boxes[each]), 1) for each in spine}) == 1
    assert [len(route) for route in places.routes if len(route) > 2], "the skip goes round"


def test_stub_and_weights_stand_beside_the_spine() -> None:
    nodes = [node("x", kind="input"), node("w", kind="constant", path="op"), node("op", "w", "x", path="op")]
    view = fold(graph(*nodes, node("output", "op", kind="output")), Folds(plumbing=frozenset({"op"})), {})
    places = place(view)
    assert "w" in places.boxes
    assert middle(places.boxes["x"]) == pytest.approx(middle(places.boxes["op"]))
    assert middle(places.boxes["w"]) != pytest.approx(middle(places.boxes["op"]))


def test_labels_keep_clear_of_boxes_and_each_other() -> None:
    from qviz.layout.labels import HEIGHT, LETTER
    from qviz.layout.place import Rect

    captured, _ = small_stages()
    view = fold(captured.graph, unfold_all(captured.graph), {})
    places = place(view)
    texts = [
        Rect(at.x, at.y - HEIGHT / 2, LETTER * len(line.label), HEIGHT)
        for line, at in zip(view.lines, places.labels, strict=True)
        if at is not None
    ]
    solid = [places.boxes[box.id] for box in view.boxes if not box.is_open]
    for index, text in enumerate(texts):
        for other in [*solid, *texts[:index]]:
            apart = text.x >= other.right or other.x >= text.right or text.y >= other.bottom or other.y >= text.bottom
            assert apart


def test_equal_groups_are_placed_once() -> None:
    nodes = [node("x", kind="input")]
    for number in range(6):
        nodes.append(node(f"a{number}", nodes[-1].id, path=f"layers.{number}", target="aten.add.Tensor"))
        nodes.append(node(f"b{number}", nodes[-1].id, path=f"layers.{number}", target="aten.mul.Tensor"))
    each = graph(*nodes, node("output", nodes[-1].id, kind="output"))
    place_level.cache_clear()
    framed.cache_clear()
    place(fold(each, unfold_all(each), {}))
    assert place_level.cache_info().misses <= 3, "the six layers, the list of them, the whole"


def test_empty_view() -> None:
    places = place(View(boxes=(), lines=(), box_of={}))
    assert places.boxes == {}
    assert len(places.routes) == len(places.labels) == 0


SCRIPT = """
from qviz.analysis.views.folding import fold, unfold_all
from qviz.layout.frame import framed
from qviz.layout.graphlay_engine import GraphlayEngine
from tests.factories import small_stages
from tests.layout.geometry import sizes_of
graph = small_stages()[1].graph
view = fold(graph, unfold_all(graph), {})
print(GraphlayEngine().place(view, sizes_of(view)))
"""


def test_same_places_in_every_process() -> None:
    def run(seed: str) -> bytes:
        environment = {"PYTHONHASHSEED": seed, "PATH": ""}
        return subprocess.run([sys.executable, "-c", SCRIPT], check=True, capture_output=True, env=environment).stdout

    assert len({run(seed) for seed in ("1", "2")}) == 1


@settings(max_examples=20, deadline=None, derandomize=True)
@given(views())
def test_same_places_again(view: View) -> None:
    first = place(view)
    place_level.cache_clear()
    framed.cache_clear()
    assert place(view) == first


def test_box_without_lines_stands_aside() -> None:
    nodes = [node("x", kind="input"), node("alone"), node("op", "x"), node("output", "op", kind="output")]
    view = fold(graph(*nodes), Folds(), {})
    places = place(view)
    assert faults(view, sizes_of(view), places) == []
    assert places.boxes["alone"].x > max(places.boxes[each].right for each in ("x", "op", "output"))

from __future__ import annotations

import random

import pytest
from PySide6.QtCore import QPointF, QRectF

from qviz.analysis.views.folding import fold, unfold_all
from qviz.layout.graphlay_engine import GraphlayEngine
from qviz.layout.near import OVER
from qviz.ui.canvas.metrics import measure
from qviz.ui.canvas.scene import Scene, SeamBand
from tests.factories import graph, node, small_stages


def scene_of(made):
    view = fold(made, unfold_all(made), {})
    return Scene(view, GraphlayEngine().place(view, measure(view)))


@pytest.fixture
def small(qapp):
    return scene_of(small_stages()[0].graph)


@pytest.fixture(scope="module")
def large(qapp):
    nodes = [node("x", kind="input")]
    chooser = random.Random(0)
    for index in range(300):
        nodes.append(node(f"n{index}", nodes[max(0, index - chooser.randrange(3))].id))
    return scene_of(graph(*nodes))


def test_the_index_finds_what_a_search_finds(large):
    chooser = random.Random(1)
    bounds = large.bounds
    for _ in range(40):
        area = QRectF(
            bounds.left() + chooser.random() * bounds.width(),
            bounds.top() + chooser.random() * bounds.height(),
            300,
            200,
        )
        found = [box.id for box in large.visible(area).boxes]
        grown = area.adjusted(-OVER - 1, -OVER - 1, OVER + 1, OVER + 1)  # for what stands over a box's corner
        assert {box.id for box in large.view.boxes if large.rect(box.id).intersects(area)} <= set(found)
        assert all(large.rect(each).intersects(grown) for each in found)
        assert found == [box.id for box in large.view.boxes if box.id in set(found)]


def test_every_line_that_crosses_an_area_is_in_sight(large):
    for index, route in enumerate(large.places.routes):
        for point in route:
            assert index in large.visible(QRectF(point.x - 1, point.y - 1, 2, 2)).lines


def test_the_innermost_box_is_at_a_point(small):
    for box in small.view.boxes:
        if not box.is_open:
            assert small.box_at(small.rect(box.id).center()) is box


def test_an_open_group_is_hit_by_its_title_only(small):
    frame = small.rect("group:block")
    assert small.box_at(frame.topLeft() + QPointF(8, 8)).id == "group:block"
    assert small.box_at(frame.bottomLeft() + QPointF(3, -3)) is None


def test_beside_are_producers_consumers_and_the_row():
    made = scene_of(graph(node("x", kind="input"), node("a", "x"), node("b", "x"), node("c", "a", "b")))
    assert made.beside("a", "up") == "x"
    assert made.beside("a", "down") == "c"
    assert {made.beside("a", "left"), made.beside("a", "right")} == {"b", None}
    assert made.beside("x", "up") is None


def test_the_bands_at_a_height_are_found_in_their_order(small):
    chooser = random.Random(2)
    rects = [QRectF(0, 90 * at, 50, chooser.choice((10, 70, 400))) for at in range(60)]
    chooser.shuffle(rects)
    bands = tuple(SeamBand(str(at), rect, "", is_open=True) for at, rect in enumerate(rects))
    scene = Scene(small.view, small.places, bands=bands)
    for top in range(-200, 6000, 37):
        area = QRectF(-9000, top, 10, chooser.choice((0, 30, 900)))
        found = [each for each in bands if each.rect.bottom() >= area.top() and each.rect.top() <= area.bottom()]
        assert scene.bands_in(area) == found

"""Which first views are tried: wide boxes while there is room beside them, narrow ones for branches only."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSizeF
from pytestqt.qtbot import QtBot

from qviz.document.snapshot import Stage
from qviz.layout.place import Rect, Size
from qviz.ui.canvas.box_text import writing
from qviz.ui.canvas.metrics import LEAST_NARROW
from qviz.ui.canvas.openings import FEW, LAST, OPENINGS, alike_before, fits, kept, next_after
from qviz.ui.canvas.view import GraphCanvas
from tests.factories import graph, node

ROOM = Size(836.0, 662.0)
"""Inside of its margins 800 × 600."""
PLAIN, SMALL, NARROW, FEWER = (OPENINGS[at] for at in range(1, 5))


def bounds(wide: float, high: float) -> Rect:
    return Rect(0.0, 0.0, wide, high)


def test_the_forms_of_a_limit_follow_each_other():
    assert [each.limit for each in (PLAIN, SMALL, NARROW)] == [60] * 3
    assert (PLAIN.is_small, PLAIN.is_narrow) == (False, False)
    assert (SMALL.is_small, NARROW.is_narrow) == (True, True)
    assert FEWER.limit < 60


@pytest.mark.parametrize(
    ("wide", "high", "found"),
    [
        (500, 750, SMALL),  # 600 at 0.8
        (1000, 500, SMALL),
        (1500, 500, NARROW),  # too wide at any scale
        (500, 1500, FEWER),  # too tall at any scale
        (1500, 1500, FEWER),
    ],
)
def test_what_does_not_fit_is_tried_in_the_form_that_may_help(wide: float, high: float, found: object):
    assert not fits(1, PLAIN.form(False), bounds(wide, high), ROOM)
    assert OPENINGS[next_after(1, bounds(wide, high), ROOM)] is found


def test_what_is_a_little_too_large_fits_where_it_may_be_small():
    assert fits(2, SMALL.form(False), bounds(500, 790), ROOM)
    assert not fits(2, SMALL.form(False), bounds(500, 870), ROOM)
    assert fits(LAST, OPENINGS[LAST].form(False), bounds(5000, 5000), ROOM)


def test_what_can_show_no_less_and_is_too_tall_keeps_its_wide_boxes():
    plain, small = LAST - 2, LAST - 1
    assert OPENINGS[small].is_small
    assert fits(plain, OPENINGS[plain].form(False), bounds(500, 2000), ROOM)
    assert not fits(plain, OPENINGS[plain].form(False), bounds(900, 2000), ROOM)
    assert fits(small, OPENINGS[small].form(False), bounds(900, 810), ROOM)
    assert not fits(small, OPENINGS[small].form(False), bounds(1200, 500), ROOM)


def test_an_opening_that_shows_the_same_is_passed_over_but_the_last():
    assert alike_before(1) is None
    assert alike_before(4) is PLAIN
    assert [alike_before(at) for at in range(LAST - 2, LAST + 1)] == [None] * 3


def test_what_is_kept_is_small_or_narrow_where_it_is_too_wide():
    for at in (4, 5):
        assert kept(at, bounds(1000, 5000), ROOM) == (5, True)
        assert kept(at, bounds(1500, 5000), ROOM) == (6, False)
    assert kept(6, bounds(1000, 5000), ROOM) == (6, True)
    assert kept(6, bounds(1500, 5000), ROOM) == (7, False)
    assert (OPENINGS[5].is_small, OPENINGS[6].is_narrow) == (True, True)


@pytest.mark.parametrize("branches", [False, True])
@pytest.mark.parametrize("height", [700, 4000])
def test_a_list_in_a_wrapper_opens_though_it_is_too_tall(qtbot: QtBot, height: int, branches: bool):
    canvas = GraphCanvas()
    qtbot.addWidget(canvas.surface)
    canvas.surface.resize(420, height)
    made, last = [node("x", kind="input")], "x"
    for at in range(40):
        reads = [last, *([f"b{at - 9}"] if branches and at % 10 == 9 else [])]
        made.append(node(f"a{at}", *reads, path=f"model.{at}", type=f"Block{at}", target=f"first{at}"))
        made.append(node(f"b{at}", f"a{at}", path=f"model.{at}", type=f"Block{at}", target=f"second{at}"))
        last = f"b{at}"
    made.append(node("output", last, kind="output"))
    canvas.show_stage(Stage("converted", graph(*made), ""), {})
    qtbot.waitUntil(lambda: canvas.scene is not None, timeout=10_000)
    assert canvas.scene is not None
    assert len(canvas.scene.view.boxes) > 40 > FEW


def test_columns_of_numbers_have_one_form():
    assert PLAIN.form(True) == SMALL.form(True) == NARROW.form(True)


def test_a_tall_graph_keeps_types_and_sizes_at_a_smaller_scale(qtbot: QtBot):
    canvas = GraphCanvas()
    qtbot.addWidget(canvas.surface)
    canvas.surface.resize(500, 700)
    chain, last = [node("x", kind="input")], "x"
    for at in range(19):
        chain.append(node(f"fc{at}", last, path=f"fc{at}", type="Linear", attributes=SIZES))
        last = f"fc{at}"
    tall = Stage("captured", graph(*chain, node("output", last, kind="output")), "")
    with qtbot.waitSignal(canvas.laid_out):
        canvas.show_stage(tall, {})
    scene, scale = canvas.scene, canvas.viewport.camera.scale
    assert scene is not None
    assert scene.is_small
    assert not scene.is_narrow
    assert LEAST_NARROW <= scale < 0.85
    assert canvas.viewport.sight.contains(scene.bounds)
    for box in scene.view.boxes[1:-1]:
        rect = scene.rect(box.id)
        said = writing(box, QSizeF(rect.width() * scale, rect.height() * scale))
        assert [row.text for row in said.rows] == [box.title, "Linear 64 → 256"]


SIZES = {"in_features": 64, "out_features": 256}

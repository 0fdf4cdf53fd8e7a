"""Zooming gives boxes a second row of text, or takes it, once the zoom rests; what was seen stays as large."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from qviz.ui.canvas.readable import FEWER_FROM, MORE_FROM
from qviz.ui.canvas.view import GraphCanvas


def zoom(canvas: GraphCanvas, scale: float) -> None:
    canvas.viewport.move(canvas.viewport.camera._replace(scale=scale))


def rested(canvas: GraphCanvas, qtbot: QtBot) -> int:
    qtbot.waitUntil(lambda: not canvas.readable.is_waiting and not canvas.is_busy)
    assert canvas.scene is not None
    return canvas.scene.rows


def height(canvas: GraphCanvas) -> float:
    assert canvas.scene is not None
    return canvas.scene.bounds.height() * canvas.viewport.camera.scale


@pytest.fixture
def one_row(canvas: GraphCanvas, qtbot: QtBot) -> GraphCanvas:
    zoom(canvas, FEWER_FROM / 2)
    assert rested(canvas, qtbot) == 1
    return canvas


def test_boxes_get_a_second_row_only_once_the_zoom_rests(one_row: GraphCanvas, qtbot: QtBot):
    asked: list[int] = []
    one_row.readable.rows_wanted.connect(asked.append)
    for scale in (MORE_FROM * 1.1, MORE_FROM * 1.3, MORE_FROM * 1.6):
        zoom(one_row, scale)
        assert one_row.readable.is_waiting
        assert not asked, "nothing is placed anew between the frames of a zoom"
    assert rested(one_row, qtbot) == 2
    assert asked == [2]


def test_boxes_are_about_as_high_with_two_rows_as_with_one_wherever_the_zoom_ended(one_row: GraphCanvas, qtbot: QtBot):
    zoom(one_row, MORE_FROM * 2)
    before = height(one_row)
    assert rested(one_row, qtbot) == 2
    assert height(one_row) == pytest.approx(before, rel=0.25)
    assert one_row.viewport.camera.scale > MORE_FROM, "a long zoom is not taken back"


def test_a_zoom_that_comes_back_changes_nothing(one_row: GraphCanvas, qtbot: QtBot):
    zoom(one_row, MORE_FROM * 1.1)
    zoom(one_row, 1.0)
    assert not one_row.readable.is_waiting
    assert rested(one_row, qtbot) == 1
    assert one_row.viewport.camera.scale == 1.0

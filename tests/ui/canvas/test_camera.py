from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, QRectF

from qviz.ui.canvas.camera import LARGEST, SMALLEST, Camera, fitting


def test_screen_and_canvas_are_inverse():
    camera = Camera(0.5, 10, -20)
    assert camera.to_screen(camera.to_canvas(QPointF(123, 45))) == QPointF(123, 45)


@pytest.mark.parametrize("factor", [0.001, 0.8, 1.25, 1000])
def test_zoom_keeps_the_place_under_the_pointer(factor):
    at = QPointF(300, 40)
    camera = Camera(1.0, 7, 9)
    zoomed = camera.zoomed(factor, at)
    assert (zoomed.to_canvas(at) - camera.to_canvas(at)).manhattanLength() < 1e-6
    assert SMALLEST <= zoomed.scale <= LARGEST


def test_a_fitted_area_is_seen_in_the_middle():
    area = QRectF(-50, 20, 4000, 300)
    camera = fitting(area, 800, 600)
    sight = camera.sight(800, 600)
    assert sight.contains(area)
    assert (sight.center() - area.center()).manhattanLength() < 1e-6


def test_a_small_area_is_not_blown_up():
    assert fitting(QRectF(0, 0, 10, 10), 800, 600).scale == 1.0


def test_revealing_moves_only_where_it_must():
    camera = Camera(1.0, 0, 0)
    assert camera.revealing(QRectF(100, 100, 50, 50), 800, 600) is camera
    moved = camera.revealing(QRectF(5000, 100, 50, 50), 800, 600)
    assert moved.sight(800, 600).contains(QRectF(5000, 100, 50, 50))

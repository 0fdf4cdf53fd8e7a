from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, QRectF

from qviz.ui.canvas.camera import FOOT, LARGEST, MARGIN, READABLE, SMALLEST, Camera, fitting, opening


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


def test_a_fitted_area_is_seen_in_the_middle_above_the_foot():
    area = QRectF(-50, 20, 4000, 300)
    camera = fitting(area, 800, 600)
    sight = camera.sight(800, 600 - (FOOT - MARGIN))
    assert sight.contains(area)
    assert (sight.center() - area.center()).manhattanLength() < 1e-6


@pytest.mark.parametrize("area", [QRectF(0, 0, 300, 5000), QRectF(0, 0, 300, 538), QRectF(0, 0, 4000, 90)])
def test_nothing_fitted_or_opened_stands_where_toasts_do(area: QRectF):
    camera = fitting(area, 800, 600)
    assert camera.to_screen(area.bottomLeft()).y() <= 600 - FOOT + 1e-6
    opened = opening(area, area, 800, 600)
    if opened.scale == camera.scale:
        assert opened.to_screen(area.bottomLeft()).y() <= 600 - FOOT + 1e-6
    assert Camera().revealing(QRectF(0, 560, 10, 10), 800, 600) != Camera()


def test_a_small_area_is_not_blown_up():
    assert fitting(QRectF(0, 0, 10, 10), 800, 600).scale == 1.0


def test_revealing_moves_only_where_it_must():
    camera = Camera(1.0, 0, 0)
    assert camera.revealing(QRectF(100, 100, 50, 50), 800, 600) is camera
    moved = camera.revealing(QRectF(5000, 100, 50, 50), 800, 600)
    assert moved.sight(800, 600).contains(QRectF(5000, 100, 50, 50))


def test_along_pushes_and_zooms_as_another_camera_did():
    before = Camera(0.8, 5, 6)
    after = before.moved(30, -10).zoomed(1.5, QPointF(200, 100))
    other = Camera(0.4, 900, 50)
    assert before.along(before, after) == pytest.approx(after)
    assert other.along(before, after) == pytest.approx(other.moved(30, -10).zoomed(1.5, QPointF(200, 100)))


def test_a_tall_graph_opens_readable_at_its_upper_end():
    area = QRectF(0, 0, 500, 9000)
    camera = opening(area, QRectF(200, 0, 100, 30), 800, 600)
    assert camera.scale == 1.0
    assert camera.sight(800, 600).contains(QRectF(0, 0, 500, 300))


def test_a_wide_graph_opens_with_its_first_box_in_the_middle():
    first = QRectF(7000, 0, 100, 30)
    camera = opening(QRectF(0, 0, 9000, 9000), first, 800, 600)
    assert camera.scale == READABLE
    assert camera.sight(800, 600).center().x() == pytest.approx(first.center().x())


@pytest.mark.parametrize("first", [0, 570, 700])
def test_what_fits_the_width_at_the_least_scale_is_never_cut_for_its_first_box(first: float):
    area = QRectF(0, 0, 742, 819)
    camera = opening(area, QRectF(first, 0, 40, 30), 457, 500)
    assert camera.scale == READABLE
    sight = camera.sight(457, 500)
    assert sight.left() <= area.left()
    assert area.right() <= sight.right()


def test_a_wide_graph_that_begins_at_its_end_shows_no_more_emptiness_than_a_margin():
    area = QRectF(0, 0, 2000, 9000)
    for first, end in ((0.0, "left"), (1980.0, "right")):
        sight = opening(area, QRectF(first, 0, 20, 30), 800, 600).sight(800, 600)
        away = area.left() - sight.left() if end == "left" else sight.right() - area.right()
        assert 0 <= away <= MARGIN / READABLE + 1e-6


def test_of_what_is_too_tall_closer_rows_show_more_of_the_beginning():
    area = QRectF(0, 0, 300, 5000)
    assert opening(area, area, 800, 600).scale == 1.0
    assert opening(area, area, 800, 600, beginning=0.85).scale == 0.85
    assert opening(QRectF(0, 0, 300, 400), area, 800, 600, beginning=0.85).scale == 1.0, "what is whole keeps its size"

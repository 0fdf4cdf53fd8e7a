"""What the picture does by itself: gliding on, moving boxes, zooming under two fingers, the rubber band."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QNativeGestureEvent, QPainter, QPointingDevice
from PySide6.QtWidgets import QApplication

from qviz.document.snapshot import Stage
from qviz.ui.canvas import motion
from qviz.ui.canvas.exposure import Exposure, Moving
from qviz.ui.canvas.glide import Glide
from qviz.ui.canvas.painters import GRAPH, paint_all
from qviz.ui.theme import theme
from tests.factories import graph, node, small_stages

CAPTURED, _ = small_stages()


def test_a_push_glides_on_ever_slower_and_stands(qtbot):
    parent = QObject()  # kept: it owns the timer
    glide = Glide(parent)
    ways: list[QPointF] = []
    glide.moved.connect(ways.append)
    for at in (0, 10, 20):
        glide.push(QPointF(0, 20), at)
    glide.let_go(25)
    qtbot.waitUntil(lambda: not glide.is_moving, timeout=5000)
    lengths = [way.y() for way in ways]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] > 10


def test_a_hand_that_rested_leaves_the_picture_where_it_is():
    parent = QObject()  # kept: it owns the timer
    glide = Glide(parent)
    for at in (0, 10, 20):
        glide.push(QPointF(0, 20), at)
    glide.let_go(500)
    assert not glide.is_moving


def test_a_press_stops_the_glide(canvas, qtbot):
    for at in (0, 10, 20):
        canvas.surface.pointing.glide.push(QPointF(0, 20), at)
    canvas.surface.pointing.glide.let_go(22)
    assert canvas.surface.pointing.glide.is_moving
    qtbot.mousePress(canvas.surface, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert not canvas.surface.pointing.glide.is_moving


def test_two_fingers_zoom_at_their_place(canvas):
    at = QPointF(120, 200)
    fixed, scale = canvas.viewport.camera.to_canvas(at), canvas.viewport.camera.scale
    event = QNativeGestureEvent(
        Qt.NativeGestureType.ZoomNativeGesture, QPointingDevice.primaryPointingDevice(), 2, at, at, at, 0.25, QPointF()
    )
    QApplication.sendEvent(canvas.surface, event)
    assert canvas.viewport.camera.scale == pytest.approx(scale * 1.25)
    assert canvas.viewport.camera.to_canvas(at).x() == pytest.approx(fixed.x())


def test_shift_and_drag_draws_a_rubber_band(canvas, qtbot):
    rect = canvas.scene.rect("conv")
    start = canvas.viewport.camera.to_screen(rect.topLeft() - QPointF(6, 6)).toPoint()
    end = canvas.viewport.camera.to_screen(rect.bottomRight() + QPointF(6, 6)).toPoint()
    before = canvas.viewport.camera
    with qtbot.waitSignal(canvas.surface.pointing.banded) as told:
        qtbot.mousePress(canvas.surface, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, start)
        qtbot.mouseMove(canvas.surface, end)
        canvas.surface.pointing.band.setBottomRight(QPointF(end))
        qtbot.mouseRelease(canvas.surface, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, end)
    assert "conv" in canvas.scene.members_in(told.args[0])
    assert canvas.viewport.camera == before


def test_boxes_move_after_folding_and_arrive(canvas, qtbot, monkeypatch):
    monkeypatch.setattr(motion, "wants_less_motion", lambda: False)
    with qtbot.waitSignal(canvas.laid_out):
        canvas.folding.fold_all()
    assert canvas.surface.motion.is_running
    moving = canvas.surface.motion.now()
    assert moving.ways or moving.fresh
    qtbot.waitUntil(lambda: not canvas.surface.motion.is_running, timeout=2000)


def test_what_was_on_its_way_in_another_stage_is_on_no_way_in_this_one(canvas, qtbot, monkeypatch):
    monkeypatch.setattr(motion, "wants_less_motion", lambda: False)
    with qtbot.waitSignal(canvas.laid_out):
        canvas.folding.fold_all()
    assert canvas.surface.motion.is_running
    other = Stage("other", graph(node("a", kind="input"), node("b", "a")), "")
    with qtbot.waitSignal(canvas.laid_out):
        canvas.show_stage(other, {})
    assert not canvas.surface.motion.is_running
    assert not canvas.surface.grab().isNull()
    elsewhere = Moving({"nowhere": QPointF(40, 0)}, frozenset({"nowhere"}), 0.5)
    area = canvas.scene.bounds
    drawn = Exposure(canvas.scene, area, 1.0, theme("light"), moving=elsewhere).in_sight
    assert drawn == canvas.scene.visible(area)


def test_nothing_moves_where_less_motion_is_wanted(canvas, qtbot, monkeypatch):
    monkeypatch.setattr(motion, "wants_less_motion", lambda: True)
    with qtbot.waitSignal(canvas.laid_out):
        canvas.folding.fold_all()
    assert not canvas.surface.motion.is_running


def test_a_moving_box_is_painted_where_it_is_now(canvas):
    def ink(moving: Moving | None) -> int:
        image = QImage(600, 900, QImage.Format.Format_RGB32)
        image.fill(Qt.GlobalColor.white)
        painter = QPainter(image)
        area = QRectF(-1e4, -1e4, 3e4, 3e4)
        paint_all(GRAPH, painter, Exposure(canvas.scene, area, 1.0, theme("light"), moving=moving))
        painter.end()
        return hash(bytes(image.constBits()))

    arrived = Moving({}, frozenset(), 1.0)
    assert ink(arrived) == ink(None)
    assert ink(Moving({"conv": QPointF(40, 0)}, frozenset(), 0.5)) != ink(None)


def test_brackets_stand_around_boxes_that_became_one(canvas):
    before = canvas.surface.grab().toImage()
    canvas.emphasis.set_brackets([("x", "conv"), ("conv", "nowhere")])
    assert canvas.emphasis.marks(canvas.scene, None).brackets == (frozenset({"x", "conv"}),)
    assert canvas.surface.grab().toImage() != before
    canvas.emphasis.set_brackets(())
    assert canvas.surface.grab().toImage() == before


def test_only_boxes_that_pass_through_what_is_seen_are_painted_on_their_way(canvas):
    scene = canvas.scene
    seen = scene.rect("conv").adjusted(-60, -2, 60, 2)
    there = [box.id for box in scene.visible(seen).boxes]
    away = next(box.id for box in scene.view.boxes if box.id not in there and not box.is_open)
    to_here = scene.rect("conv").topLeft() - scene.rect(away).topLeft()

    def drawn(way: QPointF, area: QRectF = seen) -> Exposure:
        return Exposure(scene, area, 1.0, theme("light"), moving=Moving({away: way}, frozenset(), 0.5))

    assert [box.id for box in drawn(QPointF(3000, 0)).in_sight.boxes] == there
    passing = [box.id for box in drawn(to_here).in_sight.boxes]
    assert set(passing) == {*there, away}
    assert passing == [box.id for box in scene.view.boxes if box.id in passing]

    def picture(exposure: Exposure) -> QImage:
        image = QImage(seen.size().toSize(), QImage.Format.Format_RGB32)
        image.fill(Qt.GlobalColor.white)
        painter = QPainter(image)
        painter.translate(-seen.topLeft())
        paint_all(GRAPH, painter, exposure)
        painter.end()
        return image

    assert picture(drawn(to_here)) == picture(drawn(to_here, scene.bounds.adjusted(-900, -900, 900, 900)))

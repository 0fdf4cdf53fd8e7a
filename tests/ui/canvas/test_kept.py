"""A picture that only moved is moved: what comes into sight is painted, and nothing for what changes over the graph."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, QRect, QRectF
from PySide6.QtGui import QImage, QRegion

from qviz.analysis.overlays.overlay import Overlay
from qviz.analysis.overlays.scale import Look, range_of
from qviz.document.snapshot import Stage
from qviz.ui.canvas import exposure as exposures
from qviz.ui.canvas.camera import Camera
from qviz.ui.canvas.edges import frame_pen, pen_of
from qviz.ui.canvas.exposure import Exposure
from qviz.ui.canvas.painters import boxes, chips, kept
from qviz.ui.canvas.scene import Scene
from qviz.ui.canvas.view import GraphCanvas
from qviz.ui.theme import theme
from tests.factories import graph, node


@pytest.fixture
def canvas(qtbot) -> GraphCanvas:
    nodes = [node("x", kind="input")]
    for number in range(60):
        nodes.append(node(f"n{number}", nodes[-1].id, kind=("op", "quantize", "dequantize")[number % 3]))
    made = GraphCanvas()
    qtbot.addWidget(made.surface)
    made.surface.resize(500, 600)
    made.surface.show()
    made.show_stage(Stage("captured", graph(*nodes, node("output", nodes[-1].id, kind="output")), ""), {})
    qtbot.waitUntil(lambda: not made.is_busy)
    assert made.scene is not None
    made.folding.unfold_all()
    qtbot.waitUntil(lambda: not made.is_busy)
    look_at(made, 1.0, qtbot)
    return made


@pytest.fixture
def drawn(monkeypatch) -> list[str]:
    found: list[str] = []
    draw_box = boxes.draw_box

    def noted(painter, exposure, box, path) -> None:
        found.append(box.id)
        draw_box(painter, exposure, box, path)

    monkeypatch.setattr(boxes, "draw_box", noted)
    return found


def look_at(canvas: GraphCanvas, scale: float, qtbot) -> None:
    assert canvas.scene is not None
    x, y = Camera(scale).centred(canvas.scene.bounds, 500, 600)[1:]
    canvas.viewport.set_camera(Camera(scale, round(x), round(y)))
    finished(canvas, qtbot)


def finished(canvas: GraphCanvas, qtbot) -> QImage:
    canvas.surface.grab()
    qtbot.waitUntil(lambda: canvas.surface.is_finished)
    return shown(canvas)


def shown(canvas: GraphCanvas) -> QImage:
    return canvas.surface.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)


def pushed(canvas: GraphCanvas, right: float, down: float) -> None:
    canvas.viewport.set_camera(canvas.viewport.camera.moved(right, down))


def shades(one: QImage, other: QImage) -> int:
    """The most that a color of a pixel differs by."""
    first, second = (np.frombuffer(each.constBits(), np.uint8).astype(int) for each in (one, other))
    return int(abs(first - second).max())


def test_nothing_is_painted_anew_for_what_stands_over_the_graph(canvas, drawn):
    before = shown(canvas)
    drawn.clear()
    canvas.emphasis.set_partners({"n30"})
    assert shown(canvas) != before
    canvas.emphasis.set_partners(())
    assert shown(canvas) == before
    assert drawn == []


@pytest.mark.parametrize(("scale", "phase"), [(1.0, 0.0), (1.0, 0.5), (0.6, 0.3)])
def test_a_pan_paints_what_comes_into_sight_and_shows_the_same(canvas, drawn, qtbot, scale, phase):
    look_at(canvas, scale, qtbot)
    pushed(canvas, phase, phase)
    finished(canvas, qtbot)
    for right, down in ((0, -39), (0, 26), (-30, 0), (60, 61)):
        whole = len(canvas.scene.visible(canvas.viewport.sight).boxes)
        drawn.clear()
        pushed(canvas, right, down)
        panned = shown(canvas)
        if not right:
            assert len(drawn) < whole / 2
        canvas.surface._kept.on_settled()
        drawn.clear()
        assert shades(shown(canvas), panned) < 8
        assert len(drawn) >= whole - 2


def test_a_zoom_keeps_no_picture_and_the_first_pan_after_it_does(canvas, qtbot, monkeypatch):
    painted: list[bool] = []
    paint = canvas.surface._kept._paint

    def noted(seen, part, rects=()) -> None:
        painted.append(bool(rects))
        paint(seen, part, rects)

    monkeypatch.setattr(canvas.surface._kept, "_paint", noted)
    for _ in range(3):
        canvas.viewport.move(canvas.viewport.camera._replace(scale=canvas.viewport.camera.scale * 1.03))
        shown(canvas)
    assert not painted
    zoomed = shown(canvas)
    assert painted == [False], "what is shown again is kept"
    assert shades(shown(canvas), zoomed) == 0
    pushed(canvas, 0, -20)
    shown(canvas)
    assert painted == [False, True], "a pan paints parts"


@pytest.mark.parametrize("way", [(0, 0), (30, 0), (-30, 0), (0, 20), (0, -20), (30, 20), (-30, 20), (-30, -20)])
def test_what_a_push_uncovers_is_what_it_does_not_cover(way):
    whole = QRect(0, 0, 100, 80)
    parts = [each for each in kept._uncovered(whole, *way) if not each.isEmpty()]
    assert QRegion(whole) - QRegion(whole.translated(*way)) == sum(map(QRegion, parts), QRegion())
    assert sum(each.width() * each.height() for each in parts) == 8000 - (100 - abs(way[0])) * (80 - abs(way[1]))


def test_tiles_that_were_finished_meanwhile_are_one_part(canvas, monkeypatch):
    painter = canvas.surface._kept
    middle = canvas.viewport.sight.center()
    tiles = [QRectF(middle.x() + 20 * at, middle.y(), 20, 20) for at in range(4)]
    monkeypatch.setattr(painter._tiled, "look", lambda *_: tiles)
    painted: list[list[QRect]] = []
    paint = painter._paint

    def noted(seen, part, rects=()) -> None:
        painted.append([*rects])
        paint(seen, part, rects)

    monkeypatch.setattr(painter, "_paint", noted)
    before = shown(canvas)
    pushed(canvas, 0, -10)
    assert shown(canvas) != before
    assert [len(each) for each in painted] == [1, 2]


def test_once_a_pan_is_over_all_is_one_picture(canvas, qtbot):
    pushed(canvas, 0, -40)
    shown(canvas)
    assert not canvas.surface.is_finished
    settled = finished(canvas, qtbot)
    canvas.surface._kept.on_settled()
    assert shown(canvas) == settled


@pytest.mark.parametrize("change", ["part of a pixel", "zoom", "dimmed", "size", "chips"])
def test_what_looks_different_is_painted_whole(canvas, drawn, change):
    whole = len(canvas.scene.visible(canvas.viewport.sight).boxes)
    drawn.clear()
    if change == "part of a pixel":
        pushed(canvas, 0.3, -40)
    elif change == "zoom":
        canvas.viewport.set_camera(canvas.viewport.camera.scaled(0.9, QPoint(0, 0).toPointF()))
    elif change == "dimmed":
        canvas.highlight({"n30"})
    elif change == "size":
        canvas.surface.resize(510, 600)
    else:
        canvas.show_overlays((), (Overlay("chips", "Chips", range_of((1.0,)), {"n30": 1.0}, mark="chip"),))
        shown(canvas)
        drawn.clear()
        pushed(canvas, 0, -20)
    shown(canvas)
    assert len(drawn) >= whole - 2


def test_a_chip_without_room_beside_its_box_is_whole(canvas, monkeypatch):
    asked: list[float] = []
    edge_of = chips._edge_of

    def noted(exposure: Exposure) -> float:
        found = edge_of(exposure)
        asked.append(found - exposure.on_screen(exposure.rect("n30")).right())
        return found

    monkeypatch.setattr(chips, "_edge_of", noted)
    canvas.show_overlays((), (Overlay("chips", "Chips", range_of((1.0,)), {"n30": 1.0}, mark="chip"),))
    box, accent = canvas.scene.rect("n30"), theme("light").color("accent").rgb()
    canvas.viewport.set_camera(Camera(1.0, round(box.right()) - 480, round(box.top()) - 300))
    seen = canvas.surface.grab().toImage()
    at = [x for x in range(seen.width()) for y in range(300, 360) if seen.pixel(x, y) == accent]
    assert asked, "it stands beside the box"
    assert asked[-1] == pytest.approx(20 - 3, abs=1.5)
    assert at, "its outline is seen"
    assert max(at) < 498, "its right end, too"


def test_a_frame_is_drawn_only_where_its_border_is(canvas):
    frame = canvas.scene.rect("n30").adjusted(-200, -3000, 200, 3000)
    inside = Exposure(canvas.scene, canvas.viewport.sight, 1.0, theme("light"))
    assert inside.area.intersects(frame)
    assert inside.has_border(frame) == (not frame.adjusted(8, 8, -8, -8).contains(inside.area))
    assert not inside.has_border(inside.area.adjusted(-20, -20, 20, 20))
    middle = inside.area.center()
    strip = inside.parts([QRectF(middle.x() - 5, middle.y() - 5, 10, 10)], 0.0)
    assert not strip.has_border(frame), "it is on both sides of what is painted"
    assert strip.has_border(QRectF(middle.x(), middle.y() - 300, 500, 600))
    assert strip.touches(frame)
    assert not strip.touches(frame.translated(1000, 0))


def test_lines_come_into_sight_in_colors_that_hide_what_is_below():
    look, light = Look("edge.float"), theme("light")
    whole, half, none = (pen_of(look, light, shown=each).color() for each in (1.0, 0.5, 0.0))
    assert whole == light.color("edge.float")
    assert none == light.color("canvas")
    assert half.alpha() == 255
    assert min(whole.red(), none.red()) <= half.red() <= max(whole.red(), none.red())


@pytest.mark.parametrize("scale", [0.3, 0.7, 1.0, 1.6, 4.0])
def test_the_line_of_a_frame_is_at_most_a_pixel_wide_and_its_dashes_stay(scale):
    pen = frame_pen(theme("light"), scale)
    assert 0.7 - 1e-9 <= pen.widthF() * scale <= 1.0 + 1e-9
    assert sum(pen.dashPattern()) * pen.widthF() == pytest.approx(9.0 * max(pen.widthF(), 1.0))


def test_tiles_at_two_edges_of_the_screen_are_two_parts():
    right, below = (
        [QRect(480, 100 * at, 20, 100) for at in range(5)],
        [QRect(100 * at, 570, 100, 30) for at in range(4)],
    )
    assert kept._together([right[0], below[0], right[1], *right[2:], QRect(), *below[1:]]) == [
        QRect(480, 0, 20, 500),
        QRect(0, 570, 400, 30),
    ]


@pytest.mark.parametrize("few", [0, 40])
def test_the_name_of_a_list_reaches_into_a_part(canvas, monkeypatch, few):
    monkeypatch.setattr(exposures, "FEW_BRACKETS", few)
    scene, sight = canvas.scene, canvas.viewport.sight
    box = next(each for each in scene.visible(sight).boxes if each.id == "n30")
    listed = replace(box, is_open=True, is_bracket=True)
    boxes = [listed if each is box else each for each in scene.view.boxes]
    scene = Scene(replace(scene.view, boxes=type(scene.view.boxes)(boxes)), scene.places, rows=scene.rows)
    rect = scene.rect("n30")
    beside = QRectF(rect.right() + 100, rect.top(), 20, rect.height())
    whole = Exposure(scene, sight, 1.0, theme("light"))
    assert listed in whole.parts([beside], 220.0).in_sight.boxes
    assert listed not in whole.parts([beside], 50.0).in_sight.boxes
    assert listed not in whole.parts([beside.translated(0, 300)], 220.0).in_sight.boxes

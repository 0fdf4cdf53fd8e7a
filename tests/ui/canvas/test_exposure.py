"""Crowded scenes come from tiles, and look as if they were painted."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QImage, QPainter, QPicture

from qviz.document.snapshot import Stage
from qviz.layout.place import Rect
from qviz.layout.places import Stand
from qviz.ui.canvas import tiles
from qviz.ui.canvas.blocks import Blocks
from qviz.ui.canvas.camera import Camera
from qviz.ui.canvas.exposure import Exposure
from qviz.ui.canvas.painters import GRAPH, paint_all
from qviz.ui.canvas.painters.tiled import FEW, SETTLED
from qviz.ui.canvas.tiles import Tiles
from qviz.ui.canvas.view import GraphCanvas
from qviz.ui.theme import theme
from tests.factories import graph, node


@pytest.fixture
def canvas(qtbot) -> GraphCanvas:
    return chain(qtbot, 400)


def chain(qtbot, count: int) -> GraphCanvas:
    nodes = [node("x", kind="input")]
    for number in range(count):
        kind = ("op", "quantize", "dequantize")[number % 3]
        nodes.append(node(f"n{number}", nodes[-1].id, kind=kind))
    made = GraphCanvas()
    qtbot.addWidget(made.surface)
    made.surface.resize(700, 500)
    made.surface.show()
    made.show_stage(Stage("captured", graph(*nodes, node("output", nodes[-1].id, kind="output")), ""), {})
    qtbot.waitUntil(lambda: not made.is_busy)
    return made


def finished(canvas: GraphCanvas, qtbot) -> QImage:
    canvas.surface.grab()
    qtbot.waitUntil(lambda: canvas.surface.is_finished)
    return canvas.surface.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)


def painted(canvas: GraphCanvas) -> QImage:
    image = QImage(canvas.surface.size(), QImage.Format.Format_RGB32)
    image.fill(canvas.surface.theme().color("canvas"))
    painter = QPainter(image)
    scale, x, y = canvas.viewport.camera
    painter.scale(scale * canvas.viewport.unit, scale * canvas.viewport.unit)
    painter.translate(-x, -y)
    assert canvas.scene is not None
    paint_all(
        GRAPH, painter, Exposure(canvas.scene, canvas.viewport.camera.sight(700, 500), scale, canvas.surface.theme())
    )
    painter.end()
    return image


def difference(one: QImage, other: QImage) -> float:
    """The share of pixels that differ by more than a shade."""
    apart = abs(_colors(one) - _colors(other)).sum(axis=2)
    return float((apart > 90).mean())


def _colors(image: QImage) -> np.ndarray:
    """Blue, green and red of each pixel, a row of them for each line."""
    plain = image.convertToFormat(QImage.Format.Format_RGB32)
    bytes_ = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), plain.width(), 4)
    return bytes_[:, :, :3].astype(int)


@pytest.mark.parametrize(("scale", "unit"), [(0.25, 1.0), (0.0625, 1.0), (0.0625, 1.3), (0.0625, 0.9)])
def test_tiles_show_what_would_be_painted(canvas: GraphCanvas, qtbot, scale: float, unit: float) -> None:
    assert canvas.scene is not None
    canvas.viewport.enlarge(unit)
    middle = canvas.scene.bounds.center()
    # On whole pixels at any of these units, as tiles are.
    left, top = 10 * round(middle.x() * scale / 10 - 35), 10 * round(middle.y() * scale / 10 - 25)
    canvas.viewport.set_camera(Camera(scale, left / scale, top / scale))
    if scale == 0.0625:
        assert not canvas.scene.are_few(canvas.viewport.camera.sight(700, 500), FEW)
    shown, expected = finished(canvas, qtbot), painted(canvas)
    blank = QImage(expected.size(), expected.format())
    blank.fill(canvas.surface.theme().color("canvas"))
    assert difference(expected, blank) > 0.004
    assert difference(shown, expected) < difference(expected, blank) / 10


@pytest.mark.parametrize("scale", [0.25, 0.0625, 0.013])
def test_a_tile_that_takes_long_is_painted_in_strips_and_looks_the_same(
    canvas: GraphCanvas, qtbot, scale: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert canvas.scene is not None
    canvas.viewport.set_camera(Camera(scale).centred(canvas.scene.bounds, 700, 500))
    strips: list[int] = []
    paint_strip = Tiles._paint_strip

    def noted(self: Tiles, begun: tiles._Begun, until: int) -> None:
        strips.append(until)
        paint_strip(self, begun, until)

    monkeypatch.setattr(Tiles, "_paint_strip", noted)
    pictures = []
    for seconds in (0.0, 60.0):
        monkeypatch.setattr(tiles, "LONG", seconds)
        canvas.highlight({"n3"})
        finished(canvas, qtbot)
        strips.clear()
        canvas.highlight(None)
        pictures.append(finished(canvas, qtbot))
        assert (tiles.SIDE // tiles.MOST_STRIPS in strips) == (seconds == 0.0)
    assert pictures[0] == pictures[1]


def test_a_zoom_shows_something_at_once(canvas: GraphCanvas, qtbot) -> None:
    canvas.viewport.fit()
    finished(canvas, qtbot)
    canvas.viewport.zoom_by(1.6)
    blank = QImage(canvas.surface.size(), QImage.Format.Format_RGB32)
    blank.fill(canvas.surface.theme().color("canvas"))
    assert difference(canvas.surface.grab().toImage(), blank) > 0.0005


def test_what_is_looked_for_changes_the_tiles(canvas: GraphCanvas, qtbot) -> None:
    canvas.viewport.fit()
    before = finished(canvas, qtbot)
    canvas.highlight({"n3", "n200"})
    assert finished(canvas, qtbot) != before
    canvas.highlight(None)
    assert finished(canvas, qtbot) == before


def test_what_is_behind_all_is_painted_once_nothing_else_is(canvas: GraphCanvas, qtbot) -> None:
    canvas.viewport.set_camera(Camera(1.0))
    finished(canvas, qtbot)
    canvas.surface.set_theme(theme("dark"))
    canvas.surface.grab()
    tiled = canvas.surface._kept._tiled
    assert tiled.is_direct
    assert not tiled.is_finished
    assert tiled._timer.interval() == SETTLED
    canvas.viewport.set_camera(Camera(0.0625))
    finished(canvas, qtbot)
    canvas.viewport.pan(QPointF(0, -300))
    canvas.surface.grab()
    assert not tiled.is_direct
    assert tiled.is_finished or tiled._timer.interval() == 0


def test_what_blocks_are_made_of_is_made_in_slices(canvas: GraphCanvas, monkeypatch: pytest.MonkeyPatch) -> None:
    assert canvas.scene is not None
    made: list[Stand] = []
    make = Blocks._picture

    def noted(self: Blocks, stand: Stand, has_lines: bool) -> QPicture:
        made.append(stand)
        return make(self, stand, has_lines)

    monkeypatch.setattr(Blocks, "_picture", noted)
    blocks, bounds = canvas.scene.blocks(theme("dark")), canvas.scene.bounds
    stands = canvas.scene.places.groups(Rect(bounds.x(), bounds.y(), bounds.width(), bounds.height()))
    for count in range(len(stands)):
        assert not blocks.prepare(bounds, 0.05, 0.0)
        assert made == stands[: count + 1], "one at a time where there is no time left"
    assert blocks.prepare(bounds, 0.05, 0.0)
    assert made == stands, "and none twice"


def test_a_tile_waits_for_what_it_is_made_of(qapp) -> None:
    painted: list[QRectF] = []
    answers = iter((False, True))
    bounds = QRectF(0, 0, 100, 100)
    made = Tiles(
        lambda _painter, area, _scale: painted.append(area),
        bounds,
        theme("light").color("canvas"),
        1.0,
        prepare=lambda _area, _scale, _end: next(answers, True),
    )
    assert made.work(None, QSizeF(100, 100), 1.0)
    assert painted == []
    assert not made.work(None, QSizeF(100, 100), 1.0)
    assert painted

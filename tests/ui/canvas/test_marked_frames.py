"""The frame of an open group that is selected: in the accent, on its own edge, under its title."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from qviz.analysis.views.folding import fold
from qviz.analysis.views.view import Folds
from qviz.layout.graphlay_engine import GraphlayEngine
from qviz.layout.spacing import TIGHT
from qviz.ui.canvas.exposure import Exposure, Marks
from qviz.ui.canvas.metrics import BoxForm, size_of
from qviz.ui.canvas.painters import GRAPH, SELECTION, paint_all
from qviz.ui.canvas.scene import Scene
from qviz.ui.theme import theme
from tests.factories import graph, node

NET = frozenset({"group:net"})


def scene(folds: Folds) -> Scene:
    view = fold(graph(node("a", path="net"), node("b", "a", path="net"), groups={"net": "Net"}), folds, {})
    sizes = {each.id: size_of(each, BoxForm(1)) for each in view.boxes if not each.is_open}
    return Scene(view, GraphlayEngine(TIGHT).place(view, sizes))


def painted(shown: Scene, marks: Marks, look: str = "light", scale: float = 1.0) -> QImage:
    area = shown.bounds.adjusted(-20, -20, 20, 20)
    image = QImage(round(area.width() * scale), round(area.height() * scale), QImage.Format.Format_RGB32)
    image.fill(theme(look).color("canvas"))
    painter = QPainter(image)
    painter.scale(scale, scale)
    painter.translate(-area.topLeft())
    paint_all((*GRAPH, *SELECTION), painter, Exposure(shown, area, scale, theme(look), marks))
    painter.end()
    return image


def inked(image: QImage, shown: Scene, rect: QRectF, look: str, scale: float = 1.0) -> float:
    """Return how much of the left side of a rectangle is in the color of the selection."""
    ink, corner = theme(look).color("selection").rgb(), shown.bounds.topLeft()
    x = round((rect.left() - corner.x() + 20) * scale)
    rows = range(round((rect.top() - corner.y() + 30) * scale), round((rect.bottom() - corner.y() + 10) * scale))
    return sum(any(image.pixel(x + by, y) == ink for by in (-1, 0)) for y in rows) / len(rows)


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("scale", [0.75, 1.0])
def test_the_frame_of_a_selected_group_is_a_line_of_the_accent(qapp, look: str, scale: float):
    shown = scene(Folds(frozenset({"net"})))
    frame = shown.rect("group:net")
    assert inked(painted(shown, Marks(selected=NET), look, scale), shown, frame, look, scale) == 1.0
    assert inked(painted(shown, Marks(), look, scale), shown, frame, look, scale) == 0.0


def test_a_ring_goes_around_a_folded_group(qapp):
    shown = scene(Folds())
    rect = shown.rect("group:net")
    image = painted(shown, Marks(selected=NET))
    assert inked(image, shown, rect, "light") == 0.0
    assert image != painted(shown, Marks())


def test_a_selected_group_stays_selected_open_and_closed(canvas, qtbot):
    canvas.selection.choose(canvas.scene.box["group:block"])
    for _ in range(2):
        with qtbot.waitSignal(canvas.laid_out):
            canvas.folding.toggle("group:block")
        assert canvas.emphasis.selected_box == "group:block"


def test_a_node_in_a_closed_group_is_selected_once_that_is_open(canvas, qtbot):
    with qtbot.waitSignal(canvas.laid_out):
        canvas.folding.toggle("group:block")
    canvas.selection.select("conv")
    assert canvas.emphasis.selected_box == "group:block"
    with qtbot.waitSignal(canvas.laid_out):
        canvas.folding.toggle("group:block")
    assert canvas.emphasis.selected_box == "conv"

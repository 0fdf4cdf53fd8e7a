"""Draws lines: their color and stroke say what an overlay knows of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from qviz.analysis.overlays.scale import Look, Stroke
from qviz.layout.place import Point
from qviz.ui.theme import Theme

BEND = 8.0
ARROW = 6.0
WIDTH, HEAVY = 1.5, 2.6
SHADES = 16
"""In which lines come into sight, so that few pens are needed."""
DASH_UNIT = 1.4
FRAME_LEAST = 0.7
"""Pixels of the frame of an open group, however small it is."""
DASHES: dict[Stroke, list[float]] = {"dashed": [5.0, 3.0], "dotted": [1.0, 2.5]}


def pen_of(look: Look, theme: Theme, least: float = 0.0, shown: float = 1.0) -> QPen:
    """Return the pen of a line; all lines that look so share it.

    Args:
        look: How it looks.
        theme: The colors.
        least: How wide it is at least.
        shown: How much of it shows. It takes the color of the ground for the rest: to draw half transparent lines takes
            twice as long.
    """
    width = max(look.width or (HEAVY if look.stroke == "heavy" else WIDTH), least)
    return _pen_of(look, theme, width, round(shown * SHADES))


@lru_cache(maxsize=256)
def _pen_of(look: Look, theme: Theme, width: float, shade: int) -> QPen:
    color = theme.color(look.token)
    if shade < SHADES:
        color = _mixed(theme.color("canvas"), color, shade / SHADES)
    pen = QPen(color, width)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    if look.stroke in DASHES:
        pen.setDashPattern(DASHES[look.stroke])
    return pen


@lru_cache(maxsize=256)
def frame_pen(theme: Theme, scale: float = 1.0) -> QPen:
    """Return the pen of an open group's frame.

    On the screen it is never wider than a pixel: Qt draws dashes of a wider pen one by one, which takes ten times as
    long as all the rest of a frame.
    """
    width = min(max(1.0, FRAME_LEAST / scale), 1.0 / scale)
    pen = QPen(theme.color("group.frame"), width)
    dash = max(width, 1.0)
    pen.setDashPattern([5.0 * dash / width, 4.0 * dash / width])
    return pen


def _mixed(ground: QColor, color: QColor, shown: float) -> QColor:
    pairs = ((ground.red(), color.red()), (ground.green(), color.green()), (ground.blue(), color.blue()))
    return QColor(*(round(below + (above - below) * shown) for below, above in pairs))


@lru_cache(maxsize=256)
def dashed_pen(theme: Theme, scale: float) -> QPen:
    """Return the pen of what is gone: a pixel wide on the screen, as that of a frame is."""
    unit = max(DASH_UNIT, 1.0 / scale)
    pen = QPen(theme.color("change.removed"), 1.0 / scale)
    pen.setDashPattern([3.0 * unit * scale, 2.0 * unit * scale])
    return pen


def hairline(color: QColor) -> QPen:
    """Return a pen of one pixel at every scale, which Qt draws fastest."""
    pen = QPen(color, 0.0)
    pen.setCosmetic(True)
    return pen


def rounded(route: Sequence[Point]) -> QPainterPath:
    """Return a route with round bends that ends where its arrow begins."""
    points = [QPointF(*point) for point in route]
    if len(points) < 2:
        return QPainterPath()
    last = QLineF(points[-2], points[-1])
    points[-1] = last.pointAt(max(1 - (ARROW - 1) / last.length(), 0.0)) if last.length() else points[-1]
    path = QPainterPath(points[0])
    for before, bend, after in zip(points, points[1:], points[2:], strict=False):
        inward, outward = QLineF(bend, before), QLineF(bend, after)
        path.lineTo(_along(inward))
        path.quadTo(bend, _along(outward))
    path.lineTo(points[-1])
    return path


def _along(leg: QLineF) -> QPointF:
    """Return the point of a leg where its bend begins; two bends share a short leg."""
    length = leg.length()
    return leg.pointAt(min(BEND, length / 2) / length) if length else leg.p1()


class Wire:
    """A line as it is drawn in every frame: its path, and the head of its arrow."""

    def __init__(self, route: Sequence[Point]) -> None:
        self._path = rounded(route)
        end = QPointF(*route[-1]) if route else QPointF()
        self._gap = QLineF(self._path.currentPosition(), end)  # where the head would be
        self._ends = tuple(route[-2:])
        self._head: tuple[float, QPolygonF] | None = None

    def draw(self, painter: QPainter, pen: QPen, has_head: bool = True) -> None:
        """Stroke the path, and fill the head; leaves no brush."""
        painter.setPen(pen)
        painter.drawPath(self._path)
        if not has_head:
            painter.drawLine(self._gap)
            return
        width = pen.widthF()
        if self._head is None or self._head[0] != width:
            self._head = width, _head(self._ends, width)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(pen.brush())
        painter.drawPolygon(self._head[1])
        painter.setBrush(Qt.BrushStyle.NoBrush)


def _head(ends: Sequence[Point], width: float) -> QPolygonF:
    """Return the small head at the end of a route as wide as its line needs; empty where it has no direction."""
    if len(ends) < 2:
        return QPolygonF()
    tip = QPointF(*ends[-1])
    leg = QLineF(tip, QPointF(*ends[-2]))
    if not leg.length():
        return QPolygonF()
    back = leg.pointAt(ARROW / leg.length())
    normal = leg.normalVector().unitVector()
    side = QPointF(normal.dx(), normal.dy()) * (2.4 + width / 2)
    return QPolygonF([tip, back + side, back - side])

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
DASHES: dict[Stroke, list[float]] = {"dashed": [5.0, 3.0], "dotted": [1.0, 2.5]}


def pen_of(look: Look, theme: Theme, least: float = 0.0) -> QPen:
    """Return the pen of a line, at least `least` wide; all lines that look so share it."""
    return _pen_of(look, theme, max(look.width or (HEAVY if look.stroke == "heavy" else WIDTH), least))


@lru_cache(maxsize=256)
def _pen_of(look: Look, theme: Theme, width: float) -> QPen:
    pen = QPen(theme.color(look.token), width)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    if look.stroke in DASHES:
        pen.setDashPattern(DASHES[look.stroke])
    return pen


def frame_pen(theme: Theme, least: float = 0.0) -> QPen:
    """Return the pen of an open group's frame, at least `least` wide."""
    pen = QPen(theme.color("group.frame"), max(1.0, least))
    pen.setDashPattern([5.0, 4.0])
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

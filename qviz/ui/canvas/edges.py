"""Draws lines: their color and stroke say what an overlay knows of them."""

from __future__ import annotations

from collections.abc import Sequence

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
    """Return the pen of a line, at least `least` wide."""
    pen = QPen(theme.color(look.token), max(HEAVY if look.stroke == "heavy" else WIDTH, least))
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


def draw_arrow(painter: QPainter, route: Sequence[Point], pen: QPen) -> None:
    """Fill the small head at the end of a route."""
    if len(route) < 2:
        return
    tip = QPointF(*route[-1])
    leg = QLineF(tip, QPointF(*route[-2]))
    if not leg.length():
        return
    back = leg.pointAt(ARROW / leg.length())
    half = 2.4 + pen.widthF() / 2
    normal = leg.normalVector().unitVector()
    side = QPointF(normal.dx(), normal.dy()) * half
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(pen.color())
    painter.drawPolygon(QPolygonF([tip, back + side, back - side]))
    painter.setBrush(Qt.BrushStyle.NoBrush)

"""Which line is under the pointer."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF

from qviz.analysis.views.view import Line
from qviz.layout.place import Point
from qviz.ui.canvas.scene import Scene

REACH = 5.0
"""Pixels of the screen beside a line that still hit it."""


def line_at(scene: Scene, point: QPointF, reach: float) -> Line | None:
    """Return the line nearest to a point of the canvas, if it is within reach."""
    area = QRectF(point.x() - reach, point.y() - reach, 2 * reach, 2 * reach)
    near = [
        (min((_away(point, one, other) for one, other in pairwise(scene.places.route(number))), default=reach), number)
        for number in scene.visible(area).lines
    ]
    away, number = min(near, default=(reach, -1))
    return scene.view.lines[number] if away < reach else None


def _away(point: QPointF, one: Point, other: Point) -> float:
    """Return how far a point is from a leg."""
    x, y = other.x - one.x, other.y - one.y
    long = x * x + y * y
    along = ((point.x() - one.x) * x + (point.y() - one.y) * y) / long if long else 0.0
    along = min(1.0, max(0.0, along))
    return float(((one.x + along * x - point.x()) ** 2 + (one.y + along * y - point.y()) ** 2) ** 0.5)

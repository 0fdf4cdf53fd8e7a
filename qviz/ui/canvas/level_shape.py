"""The shape of a level: an octagon for errors, a triangle for warnings, a circle for the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF

if TYPE_CHECKING:
    from PySide6.QtGui import QColor, QPainter

SIDE = 14
"""Pixels."""
_OCTAGON = tuple(QPointF(x, y) for x, y in ((4, 0), (10, 0), (14, 4), (14, 10), (10, 14), (4, 14), (0, 10), (0, 4)))
_TRIANGLE = (QPointF(7, 0.5), QPointF(14, 13.5), QPointF(0, 13.5))


def draw_level(painter: QPainter, level: str, color: QColor) -> None:
    """Draw the sign of a level into 14 × 14 pixels: the shape in its color, the letter in white."""
    from PySide6.QtGui import QBrush, QColor, QPen

    painter.setPen(QPen(QColor(0, 0, 0, 0)))
    painter.setBrush(QBrush(color))
    if level == "error":
        painter.drawPolygon(_OCTAGON)
    elif level == "warning":
        painter.drawPolygon(_TRIANGLE)
    else:
        painter.drawEllipse(QRectF(0.5, 0.5, 13, 13))
    pen = QPen(QColor(255, 255, 255))
    pen.setWidthF(1.6)
    painter.setPen(pen)
    if level == "error":
        painter.drawLine(QPointF(4.5, 4.5), QPointF(9.5, 9.5))
        painter.drawLine(QPointF(9.5, 4.5), QPointF(4.5, 9.5))
        return
    dot, start, end = (11.6, 5.0, 9.0) if level == "warning" else (3.6, 6.2, 10.4)
    painter.drawLine(QPointF(7, start), QPointF(7, end))
    painter.drawPoint(QPointF(7, dot))

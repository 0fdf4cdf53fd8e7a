"""Paints the lines between boxes, and their labels."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter

from qviz.ui.canvas.edges import draw_arrow, pen_of, rounded
from qviz.ui.canvas.exposure import Detail, Exposure
from qviz.ui.canvas.fonts import label_font


class EdgePainter:
    """Lines, as the overlays want them to look."""

    def paint(self, painter: QPainter, exposure: Exposure) -> None:
        """Paint the lines in sight."""
        if exposure.detail is Detail.BLOCKS:
            return
        scene, looks, least = exposure.scene, exposure.overlays.looks, 0.8 / exposure.scale
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for index in exposure.in_sight.lines:
            line, route = scene.view.lines[index], scene.places.routes[index]
            exposure.dim(painter, line.from_box, line.to_box)
            pen = pen_of(looks[index], exposure.theme, least)
            painter.setPen(pen)
            path = scene.routes.get(index)
            if path is None:
                path = scene.routes[index] = rounded(route)
            painter.drawPath(path)
            draw_arrow(painter, route, pen)
        painter.setOpacity(1.0)


class LabelPainter:
    """Labels of lines: shapes and dtypes."""

    def paint(self, painter: QPainter, exposure: Exposure) -> None:
        """Paint the labels in sight, where they can be read."""
        if exposure.detail is not Detail.ALL:
            return
        scene = exposure.scene
        for index in exposure.in_sight.lines:
            line, place = scene.view.lines[index], scene.places.labels[index]
            if place is None or not line.label:
                continue
            exposure.dim(painter, line.from_box, line.to_box)
            painter.setFont(label_font())
            painter.setPen(exposure.theme.color("edge.label"))
            painter.drawText(QPointF(place.x, place.y + 3.5), line.label)
        painter.setOpacity(1.0)

"""Paints the lines between boxes, and their labels."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter

from qviz.layout.hierarchy import SEAM_SPINE
from qviz.ui.canvas.edges import Wire, pen_of
from qviz.ui.canvas.exposure import Detail, Exposure
from qviz.ui.canvas.fonts import label_font


class EdgePainter:
    """Lines, as the overlays want them to look."""

    def paint(self, painter: QPainter, exposure: Exposure) -> None:
        """Paint the lines in sight."""
        if exposure.detail is Detail.BLOCKS:
            return
        scene, looks, least = exposure.scene, exposure.overlays.looks, 0.8 / exposure.scale
        lines, wires, theme = scene.view.lines, scene.wires, exposure.theme
        painter.setBrush(Qt.BrushStyle.NoBrush)
        shown = 1.0 if exposure.moving is None else exposure.moving.shown
        for index in exposure.in_sight.lines:
            line, wire = lines[index], wires.get(index)
            if wire is None:
                wire = wires[index] = Wire(scene.places.routes[index])
            exposure.dim(painter, line.from_box, line.to_box, is_fading=False)
            wire.draw(painter, pen_of(looks[index], theme, least, shown), has_head=line.to_box not in scene.seams)
        for box in exposure.in_sight.boxes:
            if box.is_seam and (entering := scene.seams[box.id]) is not None:
                exposure.dim(painter, box.id)
                rect = exposure.rect(box.id)
                painter.setPen(pen_of(looks[entering], theme, least))
                x = rect.left() + SEAM_SPINE
                painter.drawLine(QPointF(x, rect.top()), QPointF(x, rect.bottom()))
        painter.setOpacity(1.0)


class LabelPainter:
    """Labels of lines: shapes and dtypes."""

    def paint(self, painter: QPainter, exposure: Exposure) -> None:
        """Paint the labels in sight, where they can be read."""
        if exposure.detail is not Detail.ALL:
            return
        scene, scale = exposure.scene, exposure.scale
        font, ink = label_font(), exposure.theme.color("edge.label")
        with exposure.in_pixels(painter) as pencil:
            for index in exposure.labelled:
                line, place = scene.view.lines[index], scene.places.labels[index]
                if place is None or not line.label:
                    continue
                exposure.dim(painter, line.from_box, line.to_box)
                pencil.write_at(line.label, font, ink, QPointF(place.x * scale, place.y * scale + 3.5))

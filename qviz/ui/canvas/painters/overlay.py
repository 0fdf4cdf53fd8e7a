"""Paints the values of overlays at boxes: flags at their corners, bars under them."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from qviz.analysis.overlays.on_view import OverlayOnView
from qviz.ui.canvas.exposure import Detail, Exposure
from qviz.ui.canvas.painters.boxes import draw_disc

BAR = 5.0
"""The height of a bar."""


class OverlayPainter:
    """Values of nodes; those of edges are the lines' own look."""

    def paint(self, painter: QPainter, exposure: Exposure) -> None:
        """Paint each overlay that marks nodes."""
        for each in exposure.overlays.shown:
            if not each.boxes:
                continue
            if each.overlay.mark == "bar":
                _draw_bars(painter, exposure, each)
            elif exposure.detail is not Detail.BLOCKS:
                _draw_flags(painter, exposure, each)


def _draw_flags(painter: QPainter, exposure: Exposure, shown: OverlayOnView) -> None:
    with exposure.in_pixels(painter):
        for box in exposure.in_sight.boxes:
            value = shown.boxes.get(box.id)
            if value is not None:
                rect = exposure.on_screen(exposure.rect(box.id))
                corner = rect.topRight() + QPointF(-1, 2) if box.ring is None else rect.topLeft() + QPointF(6, 1)
                color = exposure.theme.color(shown.overlay.scale.look(value).token)
                draw_disc(painter, exposure.theme, corner, "!", color, is_ring=False)


def _draw_bars(painter: QPainter, exposure: Exposure, shown: OverlayOnView) -> None:
    """Draw a bar under each box with a value; from far away, where a bar is too small to see, the whole box."""
    is_far = exposure.detail is Detail.BLOCKS
    painter.setPen(Qt.PenStyle.NoPen if is_far else QPen(exposure.theme.color("border.strong"), 0.8))
    for box in exposure.in_sight.boxes:
        value = shown.boxes.get(box.id)
        if value is not None and not box.is_open:
            rect = exposure.rect(box.id)
            exposure.dim(painter, box.id)
            painter.setBrush(exposure.theme.color(shown.overlay.scale.look(value).token))
            painter.drawRect(rect if is_far else QRectF(rect.left() + 8, rect.bottom() + 2, rect.width() - 16, BAR))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setOpacity(1.0)

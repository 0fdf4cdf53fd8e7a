"""Chips in boxes: what would be left in float."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from qviz.analysis.overlays.on_view import OverlayOnView
from qviz.analysis.views.view import Box
from qviz.ui.canvas import metrics, shapes
from qviz.ui.canvas.exposure import Detail, Exposure
from qviz.ui.canvas.fonts import label_font, title_font, width
from qviz.words import tr
from qviz.words.formats import number

_HIGH, _PAD, _DOT, _OVER = 17.0, 7.0, 5.0, 3.0


def draw_chips(painter: QPainter, exposure: Exposure, shown: OverlayOnView) -> None:
    """Draw a chip in each box that has a count, left of its numbers; from far away a dot."""
    with exposure.in_pixels(painter):
        painter.setFont(label_font())
        for box in exposure.in_sight.boxes:
            value = shown.boxes.get(box.id)
            if value is None or box.is_open or box.is_seam:
                continue
            exposure.dim(painter, box.id)
            rect = exposure.on_screen(exposure.rect(box.id))
            if exposure.detail < Detail.TITLES:
                _draw_dot(painter, exposure, rect)
            else:
                _draw_chip(painter, exposure, box, rect, _text(box, float(value)))
    painter.setOpacity(1.0)


def _text(box: Box, count: float) -> str:
    return tr("→ float") if box.kind is not None else tr("{count} → float", count=number(int(count)))


def _draw_dot(painter: QPainter, exposure: Exposure, rect: QRectF) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(exposure.theme.color("accent"))
    painter.drawEllipse(QRectF(rect.right() - _DOT - 1, rect.top() + 1, _DOT, _DOT))


def _draw_chip(painter: QPainter, exposure: Exposure, box: Box, rect: QRectF, text: str) -> None:
    """Draw a chip in the row where it has room beside the name, else on the upper edge."""
    front = shapes.card(rect) if box.kind is None else rect
    columns = metrics.COLUMN * len(exposure.scene.columns)
    lead = metrics.GROUP_LEAD if box.kind is None else metrics.lead(box) + metrics.pad_in_row(box)
    room = front.width() - lead - metrics.pad_in_row(box) - metrics.AFTER_SIDE
    has_columns = bool(columns) and room >= columns + metrics.COLUMN
    wide = width(text, label_font()) + 2 * _PAD
    right = front.right() - 8 - (columns if has_columns else 0.0)
    name = front.left() + lead + metrics.AFTER_SIDE + width(metrics.heading(box), title_font())
    theme = exposure.theme
    if has_columns and name + 6 <= right - wide:
        chip = QRectF(right - wide, front.center().y() - _HIGH / 2, wide, _HIGH)
        plate = QRectF(name + 4, front.top() + 2, right - name - 2, front.height() - 4)
        painter.fillRect(plate, theme.color("panel") if exposure.overlays.is_plain else theme.fill(box.role))
    else:
        chip = QRectF(
            (right if has_columns else front.right()) - wide + 4, front.top() - _HIGH / 2 - _OVER, wide, _HIGH
        )
    painter.setPen(QPen(theme.color("accent"), 1.2))
    painter.setBrush(theme.color("accent.soft"))
    painter.drawRoundedRect(chip, _HIGH / 2, _HIGH / 2)
    painter.setPen(theme.color("text"))
    painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, text)

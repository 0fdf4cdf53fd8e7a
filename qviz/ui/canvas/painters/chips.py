"""Chips in boxes: what would be left in float."""

from __future__ import annotations

from math import inf

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from qviz.analysis.overlays.on_view import OverlayOnView
from qviz.analysis.views.view import Box
from qviz.ui.canvas import shapes
from qviz.ui.canvas.box_text import TextRow
from qviz.ui.canvas.exposure import Detail, Exposure
from qviz.ui.canvas.fonts import label_font, width
from qviz.ui.canvas.pencil import RIGHT
from qviz.words import tr
from qviz.words.formats import number

_HIGH, _PAD, _TIGHT, _DOT, _OVER = 17.0, 7.0, 5.0, 5.0, 3.0
_CELL = 44.0
"""The least room of a number, so that chips stand in one column."""


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


def _right_of(row: TextRow) -> float:
    """Return where a text ends, in pixels from the left end of its box."""
    used = width(row.text, row.font)
    is_left = bool(row.align & Qt.AlignmentFlag.AlignLeft)
    return row.area.left() + used if is_left else row.area.center().x() + used / 2


def _edge_of(exposure: Exposure) -> float:
    """Return where what is seen ends at its right, in pixels of the painter; nowhere in a picture."""
    screen = exposure.screen
    return screen.camera.x * exposure.scale + screen.size.width() - _OVER if screen is not None else inf


def _left_of(row: TextRow) -> float:
    """Return where a text at the right end of its room begins."""
    return row.area.right() - max(width(row.text, row.font), _CELL)


def _text(box: Box, count: float) -> str:
    return tr("→ float") if box.kind is not None else tr("{count} → float", count=number(int(count)))


def _draw_dot(painter: QPainter, exposure: Exposure, rect: QRectF) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(exposure.theme.color("accent"))
    painter.drawEllipse(QRectF(rect.right() - _DOT - 1, rect.top() + 1, _DOT, _DOT))


def _draw_chip(painter: QPainter, exposure: Exposure, box: Box, rect: QRectF, text: str) -> None:
    """Draw a chip in the row, in place of what else stands beside the name; without room there beside the box."""
    front = shapes.card(rect) if box.kind is None else rect
    rows = exposure.writing(box, rect.size()).rows
    cells = [each for each in rows[1:] if each.align == RIGHT] if exposure.scene.columns else []
    wide = width(text, label_font()) + 2 * _PAD
    right = rect.left() + _left_of(cells[0]) - 4 if cells else front.right() - 8
    name, theme = rect.left() + _right_of(rows[0]), exposure.theme
    has_two = not cells and len(rows) > 1 and rows[1].area.top() > rows[0].area.top()
    if name + 6 <= right - wide and not has_two:
        chip = QRectF(right - wide, front.center().y() - _HIGH / 2, wide, _HIGH)
        plate = QRectF(name + 4, front.top() + 2, right - name - 2, front.height() - 4)
        painter.fillRect(plate, theme.color("panel") if exposure.overlays.is_plain else theme.fill(box.role))
    else:
        wide -= 2 * (_PAD - _TIGHT)
        left = min(rect.right() + _OVER, _edge_of(exposure) - wide)  # else a narrow pane would cut it
        chip = QRectF(left, front.center().y() - _HIGH / 2, wide, _HIGH)
    painter.setPen(QPen(theme.color("accent"), 1.2))
    painter.setBrush(theme.color("accent.soft"))
    painter.drawRoundedRect(chip, _HIGH / 2, _HIGH / 2)
    painter.setPen(theme.color("text"))
    painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, text)

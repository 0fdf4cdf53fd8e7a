"""Paints what stands out: rings around what is highlighted, selected or hovered, brackets around what became one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from qviz.ui.canvas import shapes
from qviz.ui.canvas.beside import free_room
from qviz.ui.canvas.exposure import Detail, Exposure
from qviz.ui.canvas.fonts import elided, group_font, subtitle_font, width
from qviz.ui.canvas.pencil import LEFT, RIGHT
from qviz.words import tr

ROW_LIGHT, ROW_DARK = 0.08, 0.12
"""How much of the selection's color its rows show."""
AROUND = 5.0
INTO_ROOM, INTO_MOST = 76.0, 168.0
"""Pixels for what the boxes in brackets are fused into: at least, and where there is room."""


class HighlightPainter:
    """Rings around what is highlighted, where no stronger ring is."""

    def paint(self, painter: QPainter, exposure: Exposure) -> None:
        """Paint the rings in sight."""
        highlighted = exposure.marks.highlighted
        has_outlines = any(each.overlay.mark == "outline" for each in exposure.overlays.shown)
        if highlighted is None or exposure.detail is Detail.BLOCKS or has_outlines:
            return
        color, rings = exposure.theme.color("highlight"), exposure.marks.rings
        for box in exposure.in_sight.boxes:
            if box.id in highlighted and not box.is_open and box.id not in rings:
                _ring(painter, exposure.rect(box.id), color, 1.6, exposure.scale)


class MarkedFramePainter:
    """Frames of open groups that are selected or hovered: under all texts, one of which stands on the frame."""

    def paint(self, painter: QPainter, exposure: Exposure) -> None:
        """Paint those in sight."""
        for box_id, ink, wide in _marked(exposure):
            if exposure.scene.box[box_id].is_open:
                painter.setPen(QPen(ink, wide / exposure.scale))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawPath(shapes.frame(exposure.rect(box_id)))


class SelectionPainter:
    """Rings around what is selected, its partners and what is hovered; brackets. Never part of a tile."""

    def paint(self, painter: QPainter, exposure: Exposure) -> None:
        """Paint each box the strongest ring that it has."""
        marks, scene = exposure.marks, exposure.scene
        if not marks.rings and not marks.brackets:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _draw_brackets(painter, exposure)
        if not scene.is_turned:
            _draw_rows(painter, exposure, marks.selected | marks.partners)
        for box_id, ink, wide in _marked(exposure):
            if not scene.box[box_id].is_open:
                fused = exposure.ghosts.fused.get(box_id)
                rect = exposure.rect(box_id) if fused is None else fused.rect
                _ring(painter, rect, ink, wide, exposure.scale)


def _marked(exposure: Exposure) -> Iterator[tuple[str, QColor, float]]:
    """Yield the boxes in sight that have a ring, each with the strongest: its color and its width."""
    marks, scene, color = exposure.marks, exposure.scene, exposure.theme.color("selection")
    soft = QColor(color)
    soft.setAlphaF(0.45)
    done: set[str] = set()
    for ids, ink, wide in ((marks.selected, color, 2.4), (marks.partners, color, 1.6), (marks.hovered, soft, 1.4)):
        for box_id in sorted(ids - done):
            if box_id in scene.box and exposure.rect(box_id).intersects(exposure.area):
                yield box_id, ink, wide
        done |= ids


def _draw_rows(painter: QPainter, exposure: Exposure, box_ids: frozenset[str]) -> None:
    """Draw a pale band along the rows of boxes: the other pane's, which stand at the same height, are found by it."""
    color = QColor(exposure.theme.color("selection"))
    color.setAlphaF(ROW_DARK if exposure.theme.is_dark else ROW_LIGHT)
    area, scene = exposure.area, exposure.scene
    rects = [scene.rect(each) for each in box_ids if each in scene.box and not scene.box[each].is_open]
    for top, bottom in _merged([(rect.top() - AROUND, rect.bottom() + AROUND) for rect in rects]):
        if bottom > area.top() and top < area.bottom():
            painter.fillRect(QRectF(area.left(), top, area.width(), bottom - top), color)


def _merged(spans: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return spans of which none meets another."""
    found: list[tuple[float, float]] = []
    for top, bottom in sorted(spans):
        if found and top <= found[-1][1]:
            found[-1] = found[-1][0], max(bottom, found[-1][1])
        else:
            found.append((top, bottom))
    return found


def _draw_brackets(painter: QPainter, exposure: Exposure) -> None:
    """Draw pairs of brackets around boxes that became one, with what they became."""
    shown: list[tuple[QRectF, str]] = []
    for box_ids in exposure.marks.brackets:
        rects = [exposure.rect(each) for each in box_ids if each in exposure.scene.box]
        around = reduce(QRectF.united, rects, QRectF()).adjusted(-9, -4, 9, 4)
        if not around.intersects(exposure.area):
            continue
        painter.setPen(QPen(exposure.theme.color("text"), max(2.2, 1.4 / exposure.scale)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for x, hook in ((around.left(), 8.0), (around.right(), -8.0)):
            corners = ((x + hook, around.top()), (x, around.top()), (x, around.bottom()), (x + hook, around.bottom()))
            painter.drawPolyline(QPolygonF([QPointF(*each) for each in corners]))
        into = next((name for each in box_ids if (name := exposure.ghosts.fused_into.get(each))), None)
        if into is not None:
            shown.append((around, into))
    if exposure.detail >= Detail.TITLES:
        taken = [exposure.on_screen(around) for around, _ in shown]
        for around, into in sorted(shown, key=lambda each: each[0].top()):
            _write_into(painter, exposure, around, into, taken)


def _write_into(painter: QPainter, exposure: Exposure, around: QRectF, into: str, taken: list[QRectF]) -> None:
    """Write what the boxes in brackets are fused into, beside them or below."""
    wide = min(max(width(into, group_font()) + 2.0, INTO_ROOM), INTO_MOST)
    free = free_room(exposure, around, QSizeF(wide, 30.0), taken, is_below=True)
    if free is None and wide > INTO_ROOM:
        free = free_room(exposure, around, QSizeF(INTO_ROOM, 30.0), taken, is_below=True)
    if free is None:
        return
    align = RIGHT if free.side == "left" else LEFT
    room = QRectF(free.rect.left(), free.rect.top(), free.rect.width(), 15.0)
    with exposure.in_pixels(painter):
        painter.setFont(subtitle_font())
        painter.setPen(exposure.theme.color("text.muted"))
        painter.drawText(room, align, tr("fused into"))
        painter.setFont(group_font())
        painter.setPen(exposure.theme.color("text"))
        painter.drawText(room.translated(0.0, 15.0), align, elided(into, group_font(), room.width()))


def _ring(painter: QPainter, rect: QRectF, color: QColor, width: float, scale: float) -> None:
    away = 5.0
    painter.setPen(QPen(color, max(width, width * 0.7 / scale)))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(rect.adjusted(-away, -away, away, away), 9.0, 9.0)

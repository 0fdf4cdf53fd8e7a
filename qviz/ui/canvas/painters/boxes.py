"""Paints frames and boxes; what is written on them stands in layers of its own."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from qviz.analysis.views.view import Box
from qviz.document.graph import Kind
from qviz.ui.canvas import box_text, frame_title, shapes
from qviz.ui.canvas.edges import frame_pen
from qviz.ui.canvas.exposure import Detail, Exposure
from qviz.ui.canvas.fonts import badge_font
from qviz.ui.canvas.metrics import STACK
from qviz.ui.canvas.pencil import CENTRE, Pencil
from qviz.ui.theme import Theme

HEAVY = 2.2
AROUND_TITLE = (-40.0, -8.0, 40.0, 8.0)
"""Pixels that the title of a frame may take beside its bar; of most frames it is out of sight."""


class FramePainter:
    """Frames of open groups, under everything."""

    def paint(self, painter: QPainter, exposure: Exposure) -> None:
        """Paint the frames in sight."""
        if exposure.detail is Detail.BLOCKS:
            return
        painter.setOpacity(1.0)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(frame_pen(exposure.theme, exposure.scale))
        for box in exposure.in_sight.boxes:
            if box.is_open and not box.is_bracket and exposure.has_border(exposure.rect(box.id)):
                exposure.shift(painter, box.id)
                painter.drawPath(shapes.frame(exposure.scene.rect(box.id)))
                exposure.shift(painter, box.id, forth=False)


class BoxPainter:
    """Boxes, without their texts."""

    def paint(self, painter: QPainter, exposure: Exposure) -> None:
        """Paint the boxes in sight."""
        if exposure.detail is Detail.BLOCKS:
            return
        for box in exposure.in_sight.boxes:
            if not box.is_open and not box.is_seam and box.id not in exposure.ghosts.fused:
                exposure.shift(painter, box.id)
                draw_box(painter, exposure, box, exposure.outline(box, exposure.scene.rect(box.id)))
                exposure.shift(painter, box.id, forth=False)
        painter.setOpacity(1.0)


class TextPainter:
    """What stands in boxes, and the titles of frames, which lines may come in under; in one size at every zoom."""

    def paint(self, painter: QPainter, exposure: Exposure) -> None:
        """Paint the texts in sight, where there is room for any."""
        if exposure.detail < Detail.TITLES:
            return
        theme, seen = exposure.theme, exposure.on_screen(exposure.area)
        with exposure.in_pixels(painter) as pencil:
            for box in exposure.in_sight.boxes:
                rect = exposure.on_screen(exposure.rect(box.id))
                if box.is_open:
                    painter.setOpacity(1.0)
                    if box.is_bracket:
                        box_text.draw_bracket(pencil, box, rect, exposure.scale, theme)
                    elif frame_title.frame_bar(rect, exposure.scale).adjusted(*AROUND_TITLE).intersects(seen):
                        frame_title.draw_frame_title(pencil, box, rect, exposure.scale, theme)
                    continue
                if box.is_seam and box.seam in exposure.scene.banded:
                    continue  # its words keep to what is seen
                exposure.dim(painter, box.id)
                box_text.draw_signs(painter, box, rect, theme)
                painter.translate(rect.topLeft())
                box_text.draw(pencil, box, exposure.writing(box, rect.size()), theme)
                painter.translate(-rect.topLeft())


class ObserverNumberPainter:
    """The number of an observer that several nodes share, on the border of each."""

    def paint(self, painter: QPainter, exposure: Exposure) -> None:
        """Paint the numbers in sight."""
        if exposure.detail is Detail.BLOCKS:
            return
        with exposure.in_pixels(painter):
            for box in exposure.in_sight.boxes:
                if box.ring is not None:
                    exposure.dim(painter, box.id)
                    corner = exposure.on_screen(exposure.rect(box.id)).topRight() + QPointF(-7, 0)
                    color = exposure.theme.line(box.kind)
                    draw_disc(painter, exposure.theme, corner, str(box.ring), color, is_ring=True)


def draw_disc(painter: QPainter, theme: Theme, middle: QPointF, text: str, color: QColor, is_ring: bool) -> None:
    """Draw a small disc, or a ring, with a text in it."""
    painter.setPen(QPen(color, 1.4))
    painter.setBrush(theme.color("canvas") if is_ring else color)
    painter.drawEllipse(middle, 7.5, 7.5)
    ink, room = theme.color("text" if is_ring else "text.on_accent"), QRectF(middle.x() - 8, middle.y() - 8, 16, 16)
    Pencil(painter).write(text, badge_font(), ink, room, CENTRE)


def draw_box(painter: QPainter, exposure: Exposure, box: Box, path: QPainterPath) -> None:
    """Draw a box with this outline."""
    rect, theme = exposure.scene.rect(box.id), exposure.theme
    exposure.dim(painter, box.id)
    is_low_group = box.kind is None and box.low is not None and box.low[0] == box.low[1]
    ink = Kind.QUANTIZED_OP if is_low_group else box.role
    painter.setPen(_pen(ink, box.stub_of is not None, theme, 1.0 / exposure.scale))
    fill = theme.color("panel") if exposure.overlays.is_plain else theme.fill(box.role)
    painter.setBrush(theme.color("canvas") if box.stub_of is not None else fill)
    if box.kind is None:
        painter.drawPath(shapes.card_behind(rect))
    if box.alike:
        painter.drawPath(shapes.card_behind(rect, STACK / 2))
    painter.drawPath(path)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if box.kind is Kind.FUSED_OP:
        painter.drawPath(shapes.second_edge(path.boundingRect()))


@lru_cache(maxsize=256)
def _pen(kind: Kind | None, is_stub: bool, theme: Theme, least: float) -> QPen:
    pen = QPen(theme.line(kind), max(HEAVY if kind is Kind.QUANTIZED_OP else 1.4, least))
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if is_stub:
        pen.setWidthF(1.0)
        pen.setDashPattern([3.0, 2.0])
    return pen

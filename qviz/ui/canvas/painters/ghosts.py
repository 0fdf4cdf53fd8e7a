"""Paints what only the stage beside has, while changes are shown: at its old place, or where it will come."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from qviz.ui.canvas.beside import free_room
from qviz.ui.canvas.edges import dashed_pen
from qviz.ui.canvas.exposure import Detail, Exposure
from qviz.ui.canvas.fonts import elided, subtitle_font, width
from qviz.ui.canvas.ghosts import FusedBox, Ghost
from qviz.ui.canvas.metrics import TWO_ROWS
from qviz.ui.canvas.painters.boxes import draw_box
from qviz.ui.canvas.pencil import CENTRE, LEFT, RIGHT, Pencil
from qviz.ui.theme import Theme
from qviz.words import tr

DASH = 9.0
"""Half of the stroke where something comes."""
COMING_ROOM = 126.0
"""Pixels for the name of what comes, where its place is narrow, and before it."""
INSET = 4.0
COUNT_ROOM = 44.0


class GhostPainter:
    """Dashed outlines of what is gone, and boxes over the rows of what they took in."""

    def paint(self, painter: QPainter, exposure: Exposure) -> None:
        """Paint those in sight."""
        ghosts = exposure.ghosts
        if exposure.detail is Detail.BLOCKS or not ghosts.is_later:
            return
        for fused in filter(lambda each: exposure.touches(each.rect), ghosts.fused_in(exposure.area)):
            box = exposure.scene.box[fused.box_id]
            draw_box(painter, exposure, box, exposure.body(box))
            exposure.dim(painter, box.id)
            _outline(painter, exposure, [_inner(each) for each in fused.parts if exposure.touches(each.rect)])
        painter.setOpacity(1.0)
        alone = [each.rect for each in ghosts.alone_in(exposure.area) if exposure.touches(each.rect)]
        _outline(painter, exposure, alone, exposure.theme.color("canvas"))


class GhostTextPainter:
    """What is written on them, in one size at every zoom."""

    def paint(self, painter: QPainter, exposure: Exposure) -> None:
        """Paint the words in sight, where they can be read."""
        ghosts, theme = exposure.ghosts, exposure.theme
        if exposure.detail < Detail.TITLES:
            return
        with exposure.in_pixels(painter) as pencil:
            # What is gone is named where it was, what comes right of its place.
            write, right = (_write, 0.0) if ghosts.is_later else (_write_coming, (DASH + COMING_ROOM) / exposure.scale)
            for ghost in ghosts.alone_in(exposure.area):
                if exposure.touches(ghost.rect.adjusted(0.0, 0.0, right, 0.0)):
                    write(pencil, ghost, exposure.on_screen(ghost.rect), theme)
            for fused in filter(lambda each: exposure.touches(each.rect), ghosts.fused_in(exposure.area)):
                exposure.dim(painter, fused.box_id)
                for ghost in filter(lambda each: exposure.touches(each.rect), fused.parts):
                    _write(pencil, ghost, exposure.on_screen(_inner(ghost)), theme)
                painter.setOpacity(1.0)


class GhostCountPainter:
    """How many became one, where there is room for it in what is seen."""

    def paint(self, painter: QPainter, exposure: Exposure) -> None:
        """Write the counts in sight, where they can be read."""
        ghosts = exposure.ghosts
        if exposure.detail < Detail.TITLES or not ghosts.fused:
            return
        with exposure.in_pixels(painter) as pencil:
            taken: list[QRectF] = []
            for fused in ghosts.fused_in(exposure.area):
                _write_count(pencil, exposure, fused, taken)


def _inner(ghost: Ghost) -> QRectF:
    return ghost.rect.adjusted(INSET, 0.0, -INSET, 0.0)


def _outline(painter: QPainter, exposure: Exposure, rects: list[QRectF], ground: QColor | None = None) -> None:
    """Draw outlines; a ground hides the line that runs where the box was."""
    painter.setPen(dashed_pen(exposure.theme, exposure.scale))
    painter.setBrush(ground if ground is not None else Qt.BrushStyle.NoBrush)
    for rect in rects:
        painter.drawRoundedRect(rect, 5.0, 5.0)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _write(pencil: Pencil, ghost: Ghost, rect: QRectF, theme: Theme) -> None:
    """Write the name of what is gone, and where it went below or beside it."""
    room = rect.adjusted(6.0, 0.0, -6.0, 0.0)
    title = elided(ghost.title, subtitle_font(), room.width())
    has_two = bool(ghost.detail) and room.height() >= TWO_ROWS
    used, wide = width(title, subtitle_font()), width(f" {ghost.detail}", subtitle_font())
    is_beside = bool(ghost.detail) and not has_two and used + wide + 4.0 <= room.width()
    middle, font = room.center(), subtitle_font()
    ink, soft = theme.color("change.removed"), theme.color("text.muted")
    if has_two:
        pencil.write(title, font, ink, QRectF(room.left(), middle.y() - 15.0, room.width(), 15.0), CENTRE)
        pencil.write(ghost.detail, font, soft, QRectF(room.left(), middle.y(), room.width(), 15.0), CENTRE)
    elif is_beside:
        left = middle.x() - (used + wide + 4.0) / 2
        pencil.write(title, font, ink, QRectF(left, room.top(), used + 4.0, room.height()), LEFT)
        beside = QRectF(left + used + 4.0, room.top(), wide + 8.0, room.height())
        pencil.write(ghost.detail, font, soft, beside, LEFT)
    else:
        pencil.write(title, font, ink, room, CENTRE)


def _write_coming(pencil: Pencil, ghost: Ghost, rect: QRectF, theme: Theme) -> None:
    """Write what the stage beside has there, with a stroke across the line that runs through."""
    middle, painter, ink = rect.center(), pencil.painter, theme.color("change.added")
    painter.setPen(QPen(ink, 2.0))
    painter.drawLine(QPointF(middle.x() - DASH, middle.y()), QPointF(middle.x() + DASH, middle.y()))
    room = QRectF(middle.x() + DASH + 6.0, middle.y() - 9.0, max(rect.width() / 2, COMING_ROOM - 6.0), 18.0)
    text = elided(tr("+ {title}", title=ghost.title), subtitle_font(), room.width())
    ground = QRectF(room.left() - 2.0, room.top() + 2.0, width(text, subtitle_font()) + 4.0, room.height() - 4.0)
    painter.fillRect(ground, theme.color("canvas"))  # a line may turn off here
    pencil.write(text, subtitle_font(), ink, room, LEFT)


def _write_count(pencil: Pencil, exposure: Exposure, fused: FusedBox, taken: list[QRectF]) -> None:
    """Write how many became one beside the box, where nothing else stands."""
    free = free_room(exposure, fused.rect, QSizeF(COUNT_ROOM, 18.0), taken)
    if free is not None:
        ink, text = exposure.theme.color("text.muted"), tr("{count} → 1", count=len(fused.parts) + 1)
        pencil.write(text, subtitle_font(), ink, free.rect, RIGHT if free.side == "left" else LEFT)

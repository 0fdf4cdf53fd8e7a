"""Writes the title of an open group: its name, its type, and how the groups inside compare."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF

from qviz.analysis.views.view import Box
from qviz.layout import spacing
from qviz.ui.canvas import shapes
from qviz.ui.canvas.box_text import draw_caret
from qviz.ui.canvas.fonts import elided, group_font, label_font, width
from qviz.ui.canvas.pencil import LEFT, RIGHT, Pencil
from qviz.ui.theme import Theme

LEAD = 20.0
"""From the left edge of a frame to its title; the sign that closes it stands before."""


class FrameTitle(NamedTuple):
    """What has room in the bar of a frame, and where.

    Attributes:
        bar: Where the title stands.
        title: The name, shortened to its room.
        subtitle: The type; empty without room.
        note: How the groups inside compare, at the right end; empty without room.
        odd: Which differ.
        plates: What lines go under.
    """

    bar: QRectF
    title: str
    subtitle: str
    note: str
    odd: str
    plates: tuple[QRectF, ...]


def frame_bar(rect: QRectF, scale: float) -> QRectF:
    """Return where the title of an open group stands: in its frame, and from afar on its upper edge, over no box."""
    bar = QRectF(rect.left() + LEAD, rect.top() + 2, max(rect.width() - LEAD - 6, 0.0), shapes.FRAME_BAR - 2)
    first_box = rect.top() + spacing.TIGHT.head * scale
    bar.moveTop(min(bar.top(), first_box - bar.height() + 1.0))  # its plate ends 2 pixels above its foot
    return bar


def frame_title(box: Box, rect: QRectF, scale: float) -> FrameTitle:
    """Return what the bar of a group's frame says; which of the groups inside differ is said aloud."""
    bar, plates = frame_bar(rect, scale), []
    title = elided(box.title, group_font(), bar.width())
    used = width(title, group_font()) + 8
    note, odd = f"{box.note}, " if box.odd else box.note, box.odd
    noted = width(note, label_font()) + (width(odd, group_font()) if odd else 0.0) + 10
    right = bar.right()
    if box.note and used + noted <= bar.width():
        plates.append(QRectF(right - noted + 6, bar.top() + 3, noted - 8, bar.height() - 5))
        right -= noted
    else:
        note = odd = ""
    room = right - bar.left() - used
    subtitle = box.subtitle if width(box.subtitle, label_font()) <= room else ""  # the tooltip has it
    wide = used - 6 + (width(subtitle, label_font()) + 6 if subtitle else 0.0)
    plates.append(QRectF(bar.left() - 3, bar.top() + 3, wide + 3, bar.height() - 5))
    return FrameTitle(bar, title, subtitle, note, odd, tuple(plates))


def draw_frame_title(pencil: Pencil, box: Box, rect: QRectF, scale: float, theme: Theme) -> None:
    """Write an open group's title with the sign that closes it, then its type, on a plate that lines go under."""
    bar, title, subtitle, note, odd, plates = frame_title(box, rect, scale)
    for plate in plates:
        pencil.painter.fillRect(plate, theme.color("canvas"))
    ink, soft, end = theme.color("text"), theme.color("text.muted"), bar.adjusted(0, 0, -4, 0)
    if odd:
        pencil.write(odd, group_font(), ink, end, RIGHT)
        end = end.adjusted(0, 0, -width(odd, group_font()), 0)
    if note:
        pencil.write(note, label_font(), soft, end, RIGHT)
    draw_caret(pencil.painter, QPointF(rect.left() + 11, bar.center().y()), theme, is_open=True)
    pencil.write(title, group_font(), ink, bar, LEFT)
    if subtitle:
        beside = bar.adjusted(width(title, group_font()) + 8, 0, 0, 0)
        pencil.write(subtitle, label_font(), soft, beside, LEFT)

"""Writes into the boxes: titles, second rows, badges and small signs. All lengths are pixels, at every zoom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFont, QPainter, QPen, QPolygonF

from qviz.analysis.views.view import Box
from qviz.document.graph import WATCHING, Kind
from qviz.layout.labels import bracket_width
from qviz.ui.canvas import metrics, shapes
from qviz.ui.canvas.fonts import elided, label_font, subtitle_font, title_font, width
from qviz.ui.canvas.pencil import CENTRE, LEFT, RIGHT, Pencil
from qviz.ui.theme import Theme
from qviz.words import trn

TIGHT = 8.0
"""How much of the room beside a name may go before the name is cut."""
TIGHT_LEAD = 5.0
"""The same between the triangle of a folded group and its name."""


class TextRow(NamedTuple):
    """A line of text in a box, shortened to its room; `token` names its color."""

    text: str
    font: QFont
    area: QRectF
    align: Qt.AlignmentFlag
    token: str


class Writing(NamedTuple):
    """What is written in a box, from its upper left corner; `badges_at` is the left middle of its badges."""

    rows: tuple[TextRow, ...]
    badges_at: QPointF | None = None


def writing(box: Box, size: QSizeF, numbers: Sequence[str] = (), findings: int = 0) -> Writing:
    """Return what a box of this size on the screen says: two rows where they have room, else one.

    Args:
        box: The box.
        size: In pixels.
        numbers: What stands in columns at the right end of a box with one row.
        findings: How many there are in a folded group.
    """
    rect = QRectF(QPointF(0.0, 0.0), size)
    if box.is_seam:
        area = rect.adjusted(metrics.SEAM_TEXT, -5, metrics.SEAM_AIR, 5)
        text = f"{metrics.SEAM_SIGN} {box.title}"
        if box.note and width(text, subtitle_font()) > area.width():
            text = f"{metrics.SEAM_SIGN} {box.note}"
        return Writing((_row(text, subtitle_font(), area, LEFT, "text.muted"),))
    if box.stub_of is not None:
        return Writing((_row(box.title, subtitle_font(), rect.adjusted(14, 0, -10, 0), CENTRE, "text.muted"),))
    has_two = metrics.has_two_rows(box, size.height()) and not any(numbers)
    return _in_two(box, rect) if has_two else _in_one(box, rect, numbers, findings)


def _in_one(box: Box, rect: QRectF, numbers: Sequence[str], findings: int) -> Writing:
    """Return the title, and the second text, numbers, precision and badges beside it where they have room."""
    front = shapes.card(rect) if box.kind is None else rect
    before = metrics.GROUP_LEAD if box.kind is None else metrics.lead(box) + metrics.pad_in_row(box)
    area = front.adjusted(before, 0, -metrics.pad_in_row(box), 0)
    if numbers and (box.kind is None or box.kind.computes):  # names line up, whether a bar stands before them or not
        area.adjust(metrics.AFTER_SIDE, 0, 0, 0)
    if area.width() < metrics.COLUMN_LEAST * len(numbers) + metrics.NAME_LEAST:
        numbers = numbers[-1:]  # rather one than none
    column = metrics.COLUMN if area.width() >= metrics.COLUMN * (len(numbers) + 1) else metrics.COLUMN_LEAST
    if any(numbers) and area.width() >= column * len(numbers) + metrics.NAME_LEAST:
        texts = _in_one_row(box, area.adjusted(0, 0, -column * len(numbers) + 4, 0), is_left=True)
        cells = []
        for place, text in enumerate(numbers):
            right = area.right() - column * (len(numbers) - 1 - place)
            cell = QRectF(right - column, area.top(), column, area.height())
            cells.append(TextRow(text, subtitle_font(), cell, RIGHT, "text"))
        return Writing((*texts.rows, *cells))
    is_left = box.kind is None or (bool(numbers) and box.kind.computes)
    ends = () if any(numbers) else tuple(_ends(box, findings))
    return _in_one_row(box, area, is_left, ends)


def _ends(box: Box, findings: int) -> Iterator[str]:
    """Yield what may stand at the right end of a row, the fullest first."""
    if findings:
        yield ", ".join(filter(None, (box.precision, trn(findings, "{count} finding", "{count} findings"))))
    if box.precision:
        yield box.precision


def _in_one_row(box: Box, area: QRectF, is_left: bool, ends: Sequence[str] = ()) -> Writing:
    title, font = metrics.heading(box), subtitle_font() if box.kind is Kind.CONSTANT else title_font()
    used, least = width(title, font) + metrics.BESIDE, box.subtitle.partition(metrics.CLAUSE)[0]
    beside = _shortened(box, area.width() - used)
    taken = used + width(least, subtitle_font()) if least else used - metrics.BESIDE
    end = None if any(each in beside.split() for each in ends) else _end(box, area, taken, ends)
    if end is None:
        return _beside_name(box, area, is_left, beside)
    inner = area.adjusted(0, 0, -width(end.text, end.font) - metrics.AT_END, 0)
    made = _beside_name(box, inner, True, _shortened(box, inner.width() - used))
    # It says what badges would: those are of the casts inside.
    return Writing((*made.rows, end), None if box.precision else made.badges_at)


def _end(box: Box, area: QRectF, taken: float, ends: Sequence[str]) -> TextRow | None:
    """Return the fullest of some texts that the right end of a row has room for; it cuts nothing."""
    font, room = metrics.end_font(box), area.width() - taken - metrics.AT_END
    text = next((each for each in ends if width(each, font) <= room), None)
    return None if text is None else TextRow(text, font, area, RIGHT, "text" if font.bold() else "text.muted")


def _beside_name(box: Box, area: QRectF, is_left: bool, beside: str) -> Writing:
    """Return the title with a second text and badges beside it."""
    title, font = metrics.heading(box), subtitle_font() if box.kind is Kind.CONSTANT else title_font()
    used = width(title, font) + metrics.BESIDE
    if not beside:
        badges_at = _badges_in_row(box, area, used)
        is_left = is_left or badges_at is not None  # else they would stand over a name in the middle
        if width(title, font) > area.width():
            before = TIGHT_LEAD if box.kind is None else 0.0 if is_left else TIGHT
            area = area.adjusted(-before, 0, TIGHT, 0)
        align = LEFT if is_left else CENTRE
        return Writing((_row(title, font, area, align, "text"),), badges_at)
    rows = (
        _row(title, font, area, LEFT, "text"),
        TextRow(beside, subtitle_font(), area.adjusted(used, 0, 0, 0), LEFT, "text.muted"),
    )
    return Writing(rows, _badges_in_row(box, area, used + width(beside, subtitle_font()) + metrics.BESIDE))


def _shortened(box: Box, room: float) -> str:
    """Return as much of a box's second text as has room, from clause to word; "" for none. No word is cut."""
    if not box.subtitle:
        return ""
    return next((text for text in _shorter(box) if width(text, subtitle_font()) <= room), "")


def _shorter(box: Box) -> Iterator[str]:
    """Yield a box's second text, then less and less of it, down to the operator or the type that it begins with."""
    clauses = box.subtitle.split(metrics.CLAUSE)
    yield from (metrics.CLAUSE.join(clauses[:count]) for count in range(len(clauses), 0, -1))
    parts = clauses[0].split(", ")
    yield from (", ".join(parts[:count]) for count in range(len(parts) - 1, 0, -1))
    first = parts[0].partition(" ")[0]
    is_type = box.kind is not Kind.QUANTIZED_OP or "→" in parts[0]  # else it is the word before a scale
    if (box.kind is None or box.kind.computes) and is_type and not first[:1].isdigit():
        yield first


def _fitting(box: Box, font: QFont, room: float) -> str:
    """Return a second text, or where it has no room its numbers without their names, ``Conv2d · 0.0256``, or less."""
    if width(box.subtitle, font) <= room:
        return box.subtitle
    first, *rest = box.subtitle.split(metrics.CLAUSE)
    bare = metrics.CLAUSE.join((first, *(each.rpartition(" ")[2] for each in rest)))
    return bare if width(bare, font) <= room else _shortened(box, room) or box.subtitle


def _badges_in_row(box: Box, area: QRectF, used: float) -> QPointF | None:
    """Return where badges are at the right end of a row; None where they have no room."""
    wide = metrics.badges_width(box.badges)
    if not box.badges or used + wide > area.width():
        return None
    return QPointF(area.right() - wide, area.center().y())


def _in_two(box: Box, rect: QRectF) -> Writing:
    if box.kind is None:
        return _on_card(box, shapes.card(rect))
    left, wide = rect.left() + metrics.lead(box), rect.width() - metrics.lead(box)
    before, after = (10.0, 0.0) if box.kind is Kind.CONSTANT else (8.0, 8.0)
    has_badges = bool(box.badges) and rect.height() >= metrics.TWO_ROWS + metrics.BADGE_ROW
    top, found = _top(box, rect, has_badges), []
    for at, (text, font, height, token) in enumerate(_texts(box)):
        area = QRectF(left, top, wide, height).adjusted(before, 0, -after, 0)
        found.append(_row(_fitting(box, font, area.width()) if at else text, font, area, CENTRE, token))
        top += height
    if not has_badges:
        return Writing(tuple(found))
    start = rect.center().x() - metrics.badges_width(box.badges) / 2
    return Writing(tuple(found), QPointF(start, top + metrics.BADGE_ROW / 2 + 1))


def draw(pencil: Pencil, box: Box, writing: Writing, theme: Theme) -> None:
    """Write a box's rows and badges, from its upper left corner."""
    for text, font, area, align, token in writing.rows:
        pencil.write(text, font, theme.color(token), area, align)
    if writing.badges_at is not None:
        _draw_badges(pencil, box, writing.badges_at, theme)


def _on_card(box: Box, card: QRectF) -> Writing:
    """Return what a folded group's card says: the text at the left, what it holds at the right where there is room."""
    inner = card.adjusted(metrics.GROUP_LEAD, 0, -8, 0)
    least = max(width(metrics.heading(box), title_font()), width([*_shorter(box)][-1], subtitle_font()))
    badges = metrics.badges_width(box.badges) + metrics.GROUP_PAD if box.badges else 0.0
    end = None
    if least + badges > inner.width():  # the name is worth more than what is inside
        badges, end = 0.0, _end(box, inner, least, tuple(_ends(box, 0)))
    room = inner.width() - badges - (0.0 if end is None else width(end.text, end.font) + metrics.AT_END)
    top, found = _top(box, card, has_badges=False), [] if end is None else [end]
    for at, (text, font, height, token) in enumerate(_texts(box)):
        said = (_shortened(box, room) or text) if at else text
        found.append(_row(said, font, QRectF(inner.left(), top, room, height), LEFT, token))
        top += height
    return Writing(tuple(found), QPointF(card.right() - badges + 2, card.center().y()) if badges else None)


def _texts(box: Box) -> list[tuple[str, QFont, float, str]]:
    """Return for each row its text, font, height and color."""
    small = box.kind is Kind.CONSTANT
    return [
        (metrics.heading(box), subtitle_font() if small else title_font(), metrics.TITLE_ROW, "text"),
        (box.subtitle, label_font() if small else subtitle_font(), metrics.SUBTITLE_ROW, "text.muted"),
    ]


def _top(box: Box, rect: QRectF, has_badges: bool) -> float:
    """Return where the first row begins, so that all of them are in the middle."""
    used = metrics.TITLE_ROW + metrics.SUBTITLE_ROW + (metrics.BADGE_ROW if has_badges else 0.0)
    return rect.top() + (rect.height() - used) / 2 - (0.0 if box.kind is Kind.CONSTANT else 0.5)


def _row(text: str, font: QFont, area: QRectF, align: Qt.AlignmentFlag, token: str) -> TextRow:
    return TextRow(elided(text, font, area.width()), font, area, align, token)


def draw_bracket(pencil: Pencil, box: Box, rect: QRectF, scale: float, theme: Theme) -> None:
    """Draw the bracket beside a list of modules, with its name; `rect` is what the group takes up on the screen."""
    x, painter = rect.left() + bracket_width(box.title) * scale - 12.0, pencil.painter
    painter.setPen(QPen(theme.color("border.strong"), 1.2))
    corners = ((x + 5, rect.top()), (x, rect.top()), (x, rect.bottom()), (x + 5, rect.bottom()))
    painter.drawPolyline(QPolygonF([QPointF(*each) for each in corners]))
    room = QRectF(x - 208.0, rect.center().y() - 9.0, 200.0, 18.0)
    pencil.write(box.title, subtitle_font(), theme.color("text.muted"), room, RIGHT)


def draw_signs(painter: QPainter, box: Box, rect: QRectF, theme: Theme) -> None:
    """Draw the eye, the stair, and the triangle of what can be opened."""
    if box.kind in WATCHING:
        middle = QPointF(rect.left() + metrics.ICON, rect.center().y())
        painter.setPen(QPen(theme.line(box.kind), 1.4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(shapes.eye(middle) if box.kind is Kind.OBSERVER else shapes.stair(middle))
    if box.stub_of is None and (box.kind is not None or box.is_seam):
        return
    if box.stub_of is not None:
        draw_caret(painter, QPointF(rect.left() + 10, rect.center().y()), theme, is_open=True)
    else:
        front = shapes.card(rect)
        has_two = metrics.has_two_rows(box, rect.height())
        y = front.top() + metrics.PAD_Y + metrics.TITLE_ROW / 2 if has_two else front.center().y()
        draw_caret(painter, QPointF(rect.left() + 14, y), theme, is_open=False)


def draw_caret(painter: QPainter, middle: QPointF, theme: Theme, is_open: bool) -> None:
    """Draw the triangle of what can be opened or closed."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("text.muted"))
    painter.translate(middle)
    painter.drawPath(shapes.caret(is_open))
    painter.translate(-middle)


def _draw_badges(pencil: Pencil, box: Box, start: QPointF, theme: Theme) -> None:
    """Draw a row of badges from its left middle on."""
    left, top, painter = start.x(), start.y() - metrics.BADGE_HEIGHT / 2, pencil.painter
    for badge in box.badges:
        pill = QRectF(left, top, metrics.badge_width(badge), metrics.BADGE_HEIGHT)
        painter.setPen(QPen(theme.line(badge.kind), 1.0))
        painter.setBrush(theme.fill(badge.kind))
        painter.drawRoundedRect(pill, pill.height() / 2, pill.height() / 2)
        pencil.write(metrics.badge_text(badge), label_font(), theme.color("text"), pill, CENTRE)
        left = pill.right() + metrics.BADGE_GAP

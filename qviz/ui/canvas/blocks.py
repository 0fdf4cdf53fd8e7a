"""Draws a scene from far away, as blocks of colour: one recorded picture for all groups that look the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from time import monotonic
from typing import NamedTuple, TypeAlias

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPicture, QPolygonF

from qviz.analysis.overlays.on_view import OverlayOnView
from qviz.analysis.overlays.scale import Amount, Look
from qviz.analysis.views.view import Box, View
from qviz.document.graph import Kind
from qviz.layout.frame import Frame
from qviz.layout.place import Rect
from qviz.layout.places import Places, Stand
from qviz.ui.canvas.edges import hairline
from qviz.ui.canvas.ghosts import Ghosts
from qviz.ui.canvas.shapes import qrect
from qviz.ui.theme import Theme

LINES_FROM = 0.02
"""The scale from which lines can be told apart."""

OUTLINE = 1.4
"""Pixels of the outline of a block."""

_OPEN, _ABSENT = "open", ""


class BlockLook(NamedTuple):
    """The colors of a block, by their tokens; empty where it has none."""

    fill: str
    outline: str = ""


_Pattern: TypeAlias = "tuple[Frame, tuple[BlockLook, ...], tuple[str, ...], bool]"
"""Groups with the same frame, the same blocks and the same colors of lines share a picture."""


class LaidOverBlocks(NamedTuple):
    """What is laid over blocks.

    Attributes:
        looks: Of the lines, by number.
        overlays: Those that mark boxes: with bars, which are blocks of another color from far away, or outlines.
        ghosts: What is fused says so by itself, and has no outline.
    """

    looks: Sequence[Look]
    overlays: tuple[OverlayOnView, ...]
    ghosts: Ghosts

    def is_same(self, other: LaidOverBlocks) -> bool:
        """Return whether what was recorded with another still holds."""
        mine, its = ((each.looks, each.ghosts, *each.overlays) for each in (self, other))
        return [*map(id, mine)] == [*map(id, its)]


class Blocks:
    """The pictures of one view in one theme; `tokens` are those of its boxes, by number."""

    def __init__(self, view: View, places: Places, tokens: Sequence[str], laid: LaidOverBlocks, theme: Theme) -> None:
        self._view, self._places, self._theme = view, places, theme
        self._tokens, self.laid = tokens, laid
        self._token_of: tuple[dict[Amount, str], ...] = tuple({} for _ in laid.overlays)
        self._pictures: dict[_Pattern, QPicture] = {}
        self._patterns: dict[tuple[int, bool], _Pattern] = {}

    def draw(self, painter: QPainter, area: QRectF, scale: float) -> None:
        """Draw what an area shows."""
        has_lines = scale >= LINES_FROM
        for stand in self._places.groups(Rect(area.x(), area.y(), area.width(), area.height())):
            painter.drawPicture(QPointF(stand.origin.x, stand.origin.y), self._picture(stand, has_lines))

    def prepare(self, area: QRectF, scale: float, end: float) -> bool:
        """Record pictures that an area needs, at least one, until a time of the clock; tell whether all are there."""
        has_lines = scale >= LINES_FROM
        for stand in self._places.groups(Rect(area.x(), area.y(), area.width(), area.height())):
            if (id(stand), has_lines) not in self._patterns:
                self._picture(stand, has_lines)
                if monotonic() >= end:
                    return False
        return True

    def draw_boxes(self, painter: QPainter, numbers: list[int]) -> None:
        """Draw some boxes alone, each with a bright border that shows where it is even when it is a dot."""
        fills: defaultdict[str, list[QRectF]] = defaultdict(list)
        borders: defaultdict[str, list[QRectF]] = defaultdict(list)
        for number in numbers:
            box = self._view.boxes[number]
            if not box.is_open:
                look, rect = self._look(number), qrect(self._places.rect(number))
                fills[look.fill or _token(box.role)].append(rect)
                borders[look.outline].append(rect)
        _fill(painter, fills, self._theme)
        painter.setPen(QPen(self._theme.color("highlight"), 0.0))
        painter.drawRects(borders.pop("", []))
        _outline(painter, borders, self._theme)

    def _picture(self, stand: Stand, has_lines: bool) -> QPicture:
        key = (id(stand), has_lines)
        pattern = self._patterns.get(key)
        if pattern is None:
            pattern = self._patterns[key] = self._pattern(stand, has_lines)
        found = self._pictures.get(pattern)
        if found is None:
            found = self._pictures[pattern] = self._recorded(stand.frame, pattern)
        return found

    def _pattern(self, stand: Stand, has_lines: bool) -> _Pattern:
        looks = self.laid.looks
        if self.laid.overlays:
            kinds = [_NOTHING if at < 0 else self._look(at) for at in stand.boxes]
        else:
            kinds = [_NOTHING if at < 0 else _plain(self._tokens[at]) for at in stand.boxes]
        tokens = [looks[of[0]].token if of else _ABSENT for of in stand.lines] if has_lines else []
        return stand.frame, tuple(kinds), tuple(tokens), has_lines

    def _look(self, number: int) -> BlockLook:
        """Return the colors of a box with what is laid over it."""
        box, fill, outline = self._view.boxes[number], self._tokens[number], ""
        if not box.is_open:
            for each, token_of in zip(self.laid.overlays, self._token_of, strict=True):
                value = each.boxes.get(box.id)
                if value is None:
                    continue
                token = token_of.get(value) or token_of.setdefault(value, each.overlay.scale.look(value).token)
                if each.overlay.mark != "outline":
                    fill = token
                elif box.id not in self.laid.ghosts.fused and box.id not in self.laid.ghosts.fused_into:
                    outline = token
        return BlockLook(fill, outline)

    def _recorded(self, frame: Frame, pattern: _Pattern) -> QPicture:
        _, kinds, tokens, _ = pattern
        picture = QPicture()
        painter = QPainter(picture)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(hairline(self._theme.color("group.frame")))
        rects: defaultdict[str, list[QRectF]] = defaultdict(list)
        outlines: defaultdict[str, list[QRectF]] = defaultdict(list)
        for (fill, outline), rect in zip(kinds, frame.rects, strict=False):  # ports follow the boxes
            if fill == _OPEN:
                painter.drawRect(qrect(rect))
            elif fill != _ABSENT:
                rects[fill].append(qrect(rect))
            if outline:
                outlines[outline].append(qrect(rect))
        for token, route in zip(tokens, frame.routes, strict=False):
            if token == _ABSENT:
                continue
            painter.setPen(hairline(self._theme.color(token)))
            painter.drawPolyline(QPolygonF([QPointF(*point) for point in route]))
        _fill(painter, rects, self._theme)
        _outline(painter, outlines, self._theme)
        painter.end()
        return picture


def _fill(painter: QPainter, rects: Mapping[str, list[QRectF]], theme: Theme) -> None:
    painter.setPen(QPen(Qt.PenStyle.NoPen))
    for token, each in rects.items():
        painter.setBrush(QColor(theme.color(token)))
        painter.drawRects(each)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _outline(painter: QPainter, rects: Mapping[str, list[QRectF]], theme: Theme) -> None:
    for token, each in rects.items():
        pen = QPen(theme.color(token), OUTLINE)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.drawRects(each)


def block_token(box: Box) -> str:
    """Return how a box looks from far away: the color of its block, or that it is a frame, or nothing."""
    if box.is_seam or box.is_bracket:
        return _ABSENT
    return _OPEN if box.is_open else _token(box.role)


@cache
def _plain(token: str) -> BlockLook:
    return BlockLook(token)


_NOTHING = _plain(_ABSENT)


@cache
def _token(kind: Kind | None) -> str:
    """Return the colour of a block: what quantization put there stands out."""
    stands_out = kind not in (None, Kind.OP, Kind.FUSED_OP, Kind.CONSTANT)
    return f"role.{kind.value}.line" if kind is not None and stands_out else "border.strong"

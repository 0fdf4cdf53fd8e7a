"""Draws a scene from far away, as blocks of colour: one recorded picture for all groups that look the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TypeAlias

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPicture, QPolygonF

from qviz.analysis.overlays.scale import Look
from qviz.analysis.views.view import Box, View
from qviz.document.graph import Kind
from qviz.layout.frame import Frame
from qviz.layout.place import Rect
from qviz.layout.places import Places, Stand
from qviz.ui.canvas.edges import hairline
from qviz.ui.canvas.shapes import qrect
from qviz.ui.theme import Theme

LINES_FROM = 0.02
"""The scale from which lines can be told apart."""

_OPEN, _ABSENT = "open", ""

_Pattern: TypeAlias = "tuple[Frame, tuple[str, ...], tuple[str, ...], bool]"
"""Groups with the same frame, the same kinds of boxes and the same colors of lines share a picture."""


class Blocks:
    """The pictures of one view in one theme; `tokens` are those of its boxes, `looks` those of its lines, by number."""

    def __init__(self, view: View, places: Places, tokens: Sequence[str], looks: Sequence[Look], theme: Theme) -> None:
        self._view, self._places, self._theme = view, places, theme
        self._tokens, self.looks = tokens, looks
        self._pictures: dict[_Pattern, QPicture] = {}
        self._patterns: dict[tuple[int, bool], _Pattern] = {}

    def draw(self, painter: QPainter, area: QRectF, scale: float) -> None:
        """Draw what an area shows."""
        has_lines = scale >= LINES_FROM
        for stand in self._places.groups(Rect(area.x(), area.y(), area.width(), area.height())):
            painter.drawPicture(QPointF(stand.origin.x, stand.origin.y), self._picture(stand, has_lines))

    def draw_boxes(self, painter: QPainter, numbers: list[int]) -> None:
        """Draw some boxes alone, each with a bright border that shows where it is even when it is a dot."""
        by_color: defaultdict[str, list[QRectF]] = defaultdict(list)
        for number in numbers:
            box = self._view.boxes[number]
            if not box.is_open:
                by_color[_token(box.role)].append(qrect(self._places.rect(number)))
        _fill(painter, by_color, self._theme)
        painter.setPen(QPen(self._theme.color("highlight"), 0.0))
        for rects in by_color.values():
            painter.drawRects(rects)

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
        of_boxes, looks = self._tokens, self.looks
        kinds = [_ABSENT if at < 0 else of_boxes[at] for at in stand.boxes]
        tokens = [looks[of[0]].token if of else _ABSENT for of in stand.lines] if has_lines else []
        return stand.frame, tuple(kinds), tuple(tokens), has_lines

    def _recorded(self, frame: Frame, pattern: _Pattern) -> QPicture:
        _, kinds, tokens, _ = pattern
        picture = QPicture()
        painter = QPainter(picture)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(hairline(self._theme.color("group.frame")))
        rects: defaultdict[str, list[QRectF]] = defaultdict(list)
        for kind, rect in zip(kinds, frame.rects, strict=False):  # ports follow the boxes
            if kind == _OPEN:
                painter.drawRect(qrect(rect))
            elif kind != _ABSENT:
                rects[kind].append(qrect(rect))
        for token, route in zip(tokens, frame.routes, strict=False):
            if token == _ABSENT:
                continue
            painter.setPen(hairline(self._theme.color(token)))
            painter.drawPolyline(QPolygonF([QPointF(*point) for point in route]))
        _fill(painter, rects, self._theme)
        painter.end()
        return picture


def _fill(painter: QPainter, rects: Mapping[str, list[QRectF]], theme: Theme) -> None:
    painter.setPen(QPen(Qt.PenStyle.NoPen))
    for token, each in rects.items():
        painter.setBrush(QColor(theme.color(token)))
        painter.drawRects(each)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def block_token(box: Box) -> str:
    """Return how a box looks from far away: the color of its block, or that it is a frame, or nothing."""
    if box.is_seam or box.is_bracket:
        return _ABSENT
    return _OPEN if box.is_open else _token(box.role)


@cache
def _token(kind: Kind | None) -> str:
    """Return the colour of a block: what quantization put there stands out."""
    stands_out = kind not in (None, Kind.OP, Kind.FUSED_OP, Kind.CONSTANT)
    return f"role.{kind.value}.line" if kind is not None and stands_out else "border.strong"

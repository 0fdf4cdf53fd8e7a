"""Draws a scene: on the screen and into pictures, with less detail the farther away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from functools import reduce
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from qviz.analysis.views.view import Box
from qviz.document.graph import Kind
from qviz.ui.canvas import box_text, shapes
from qviz.ui.canvas.edges import draw_arrow, frame_pen, pen_of, rounded
from qviz.ui.canvas.fonts import badge_font, label_font
from qviz.ui.canvas.scene import Scene
from qviz.ui.theme import Theme

DIMMED = 0.25
SHAPES_FROM = (0.12, 0.32, 0.55)
"""Scales from which shapes, titles, everything can be told."""
HEAVY = 2.2


class Marks(NamedTuple):
    """What is emphasised, by box id; `flags` are levels of findings. With `highlighted`, the rest is dimmed.

    Each of the `brackets` holds boxes that became one.
    """

    selected: frozenset[str] = frozenset()
    partners: frozenset[str] = frozenset()
    highlighted: frozenset[str] | None = None
    hovered: frozenset[str] = frozenset()
    flags: Mapping[str, str] = {}
    brackets: tuple[frozenset[str], ...] = ()


class Moving(NamedTuple):
    """How far boxes still are from their places, and how much of what is new shows.

    Attributes:
        ways: Units of the canvas by box id.
        fresh: Boxes that were not there before.
        shown: From 0 to 1: of fresh boxes and of all lines.
    """

    ways: Mapping[str, QPointF]
    fresh: frozenset[str]
    shown: float


class Detail(IntEnum):
    """How much is drawn: blocks of colour, shapes, shapes with titles, everything."""

    BLOCKS = 0
    SHAPES = 1
    TITLES = 2
    ALL = 3


def detail_at(scale: float) -> Detail:
    """Return what can still be read at a scale."""
    return Detail(sum(scale >= least for least in SHAPES_FROM))


class _Brush(NamedTuple):
    """What every drawing step needs."""

    painter: QPainter
    scene: Scene
    theme: Theme
    scale: float
    detail: Detail
    marks: Marks
    moving: Moving | None = None

    def dim(self, *box_ids: str) -> None:
        shown = self.marks.highlighted
        opacity = 1.0 if shown is None or shown.issuperset(box_ids) else DIMMED
        # A line ends at boxes that are on their way; it comes with what is new.
        if self.moving is not None and (len(box_ids) > 1 or box_ids[0] in self.moving.fresh):
            opacity *= self.moving.shown
        self.painter.setOpacity(opacity)

    def rect(self, box_id: str) -> QRectF:
        """Return where a box is at this moment."""
        rect = self.scene.rect(box_id)
        way = self.moving.ways.get(box_id) if self.moving is not None else None
        return rect if way is None else rect.translated(way)

    def shift(self, box: Box, forth: bool = True) -> None:
        """Go to where a box that moves is, and back."""
        way = self.moving.ways.get(box.id) if self.moving is not None else None
        if way is not None:
            self.painter.translate(way if forth else -way)

    def outline(self, box: Box, rect: QRectF) -> None:
        path = self.scene.outlines.get(box.id)
        if path is None:
            path = self.scene.outlines[box.id] = shapes.outline(box, rect)
        self.painter.drawPath(path)


def paint(
    painter: QPainter,
    scene: Scene,
    visible: QRectF,
    scale: float,
    theme: Theme,
    marks: Marks | None = None,
    moving: Moving | None = None,
) -> None:
    """Draw what an area of the canvas shows; the painter's units are those of the canvas."""
    brush = _Brush(painter, scene, theme, scale, detail_at(scale), marks or Marks(), moving)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, brush.detail is not Detail.BLOCKS)
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
    if brush.detail is Detail.BLOCKS:
        _draw_blocks(brush, visible)
    else:
        _draw_parts(brush, visible)
    _draw_rings(brush, visible)
    painter.restore()


def paint_rings(painter: QPainter, scene: Scene, visible: QRectF, scale: float, theme: Theme, marks: Marks) -> None:
    """Draw the rings of what is selected, its partners, and what the pointer is over: `paint` without the rest."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _draw_rings(_Brush(painter, scene, theme, scale, detail_at(scale), marks), visible)
    painter.restore()


def _draw_blocks(brush: _Brush, visible: QRectF) -> None:
    blocks, shown = brush.scene.blocks(brush.theme), brush.marks.highlighted
    brush.painter.setOpacity(1.0 if shown is None else DIMMED)
    blocks.draw(brush.painter, visible, brush.scale)
    brush.painter.setOpacity(1.0)
    if shown is not None:
        blocks.draw_boxes(brush.painter, brush.scene.numbers(shown, visible))


def _draw_parts(brush: _Brush, visible: QRectF) -> None:
    painter, scene = brush.painter, brush.scene
    boxes, lines = scene.visible(visible)
    for box in boxes:
        if box.is_open:
            brush.shift(box)
            _draw_frame(brush, box)
            brush.shift(box, forth=False)
    for index in lines:
        _draw_line(brush, index)
    for box in boxes:
        brush.shift(box)
        if not box.is_open:
            _draw_box(brush, box)
        elif brush.detail >= Detail.TITLES:
            # After the lines, which may come in under the title.
            painter.setOpacity(1.0)
            box_text.draw_frame_title(painter, box, scene.rect(box.id), brush.theme)
        brush.shift(box, forth=False)
    painter.setOpacity(1.0)
    if brush.detail is Detail.ALL:
        for index in lines:
            _draw_label(brush, index)
    rings = brush.marks.selected | brush.marks.partners | brush.marks.hovered
    for box in boxes:
        brush.shift(box)
        _draw_signs(brush, box, has_ring=box.id in rings)
        brush.shift(box, forth=False)


def _draw_frame(brush: _Brush, box: Box) -> None:
    painter, rect = brush.painter, brush.scene.rect(box.id)
    painter.setOpacity(1.0)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(frame_pen(brush.theme, least=0.7 / brush.scale))
    painter.drawPath(shapes.frame(rect))


def _draw_line(brush: _Brush, index: int) -> None:
    painter, line, route = brush.painter, brush.scene.view.lines[index], brush.scene.places.routes[index]
    brush.dim(line.from_box, line.to_box)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    pen = pen_of(line.flowing, brush.theme, least=0.8 / brush.scale)
    painter.setPen(pen)
    path = brush.scene.routes.get(index)
    if path is None:
        path = brush.scene.routes[index] = rounded(route)
    painter.drawPath(path)
    draw_arrow(painter, route, pen)


def _draw_label(brush: _Brush, index: int) -> None:
    line, place = brush.scene.view.lines[index], brush.scene.places.labels[index]
    if place is None or not line.label:
        return
    brush.dim(line.from_box, line.to_box)
    brush.painter.setFont(label_font())
    brush.painter.setPen(brush.theme.color("edge.label"))
    brush.painter.drawText(QPointF(place.x, place.y + 3.5), line.label)
    brush.painter.setOpacity(1.0)


def _draw_box(brush: _Brush, box: Box) -> None:
    painter, rect, theme = brush.painter, brush.scene.rect(box.id), brush.theme
    brush.dim(box.id)
    painter.setPen(_pen(box, theme, least=1.0 / brush.scale))
    painter.setBrush(theme.color("canvas") if box.stub_of is not None else theme.fill(box.kind))
    if box.kind is None:
        painter.drawPath(shapes.card_behind(rect))
    brush.outline(box, rect)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if box.kind is Kind.FUSED_OP:
        painter.drawPath(shapes.second_edge(rect))
    if brush.detail is Detail.ALL:
        box_text.draw_signs(painter, box, rect, theme)
    if brush.detail >= Detail.TITLES:
        box_text.draw(painter, box, rect, theme, in_full=brush.detail is Detail.ALL)


def _pen(box: Box, theme: Theme, least: float) -> QPen:
    pen = QPen(theme.line(box.kind), max(HEAVY if box.kind is Kind.QUANTIZED_OP else 1.4, least))
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if box.stub_of is not None:
        pen.setWidthF(1.0)
        pen.setDashPattern([3.0, 2.0])
    return pen


def _draw_rings(brush: _Brush, visible: QRectF) -> None:
    """Draw rings around what is marked, each box the strongest that it has."""
    marks, scene = brush.marks, brush.scene
    for box_ids in marks.brackets:
        _bracket(brush, [brush.rect(each) for each in box_ids if each in scene.box], visible)
    color = brush.theme.color("selection")
    soft = QColor(color)
    soft.setAlphaF(0.45)
    done: set[str] = set()
    for ids, ink, width in ((marks.selected, color, 2.4), (marks.partners, color, 1.6), (marks.hovered, soft, 1.4)):
        for box_id in sorted(ids - done):
            if box_id in scene.box and scene.rect(box_id).intersects(visible):
                _ring(brush, brush.rect(box_id), ink, width)
        done |= ids


def _bracket(brush: _Brush, rects: Sequence[QRectF], visible: QRectF) -> None:
    """Draw a pair of brackets around boxes that became one."""
    around = reduce(QRectF.united, rects, QRectF()).adjusted(-9, -4, 9, 4)
    if not around.intersects(visible):
        return
    width = max(2.2, 1.4 / brush.scale)
    brush.painter.setPen(QPen(brush.theme.color("text"), width))
    brush.painter.setBrush(Qt.BrushStyle.NoBrush)
    for x, hook in ((around.left(), 8.0), (around.right(), -8.0)):
        corners = ((x + hook, around.top()), (x, around.top()), (x, around.bottom()), (x + hook, around.bottom()))
        brush.painter.drawPolyline(QPolygonF([QPointF(*each) for each in corners]))


def _draw_signs(brush: _Brush, box: Box, has_ring: bool) -> None:
    """Draw what stands over a box's border: that it was looked for, its observer's number, its finding."""
    marks, rect = brush.marks, brush.scene.rect(box.id)
    if marks.highlighted is not None and box.id in marks.highlighted and not box.is_open and not has_ring:
        _ring(brush, rect, brush.theme.color("highlight"), 1.6)
    if box.ring is not None:
        brush.dim(box.id)
        _disc(brush, rect.topRight() + QPointF(-7, 0), str(box.ring), brush.theme.line(box.kind), is_ring=True)
        brush.painter.setOpacity(1.0)
    level = marks.flags.get(box.id)
    if level is not None:
        corner = rect.topRight() + QPointF(-1, 2) if box.ring is None else rect.topLeft() + QPointF(6, 1)
        _disc(brush, corner, "!", brush.theme.color(f"level.{level}"), is_ring=False)


def _ring(brush: _Brush, rect: QRectF, color: QColor, width: float) -> None:
    away = 5.0
    brush.painter.setPen(QPen(color, max(width, width * 0.7 / brush.scale)))
    brush.painter.setBrush(Qt.BrushStyle.NoBrush)
    brush.painter.drawRoundedRect(rect.adjusted(-away, -away, away, away), 9.0, 9.0)


def _disc(brush: _Brush, middle: QPointF, text: str, color: QColor, is_ring: bool) -> None:
    painter = brush.painter
    painter.setPen(QPen(color, 1.4))
    painter.setBrush(brush.theme.color("canvas") if is_ring else color)
    painter.drawEllipse(middle, 7.5, 7.5)
    painter.setFont(badge_font())
    painter.setPen(brush.theme.color("text" if is_ring else "text.on_accent"))
    painter.drawText(QRectF(middle.x() - 8, middle.y() - 8, 16, 16), Qt.AlignmentFlag.AlignCenter, text)

"""The legend of a picture: the roles that occur in it and the values of its overlays, drawn as they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from qviz.analysis.overlays.on_view import OverlayOnView, ViewOverlays, legend_of
from qviz.analysis.overlays.overlay import LegendEntry
from qviz.analysis.views.view import Box, View
from qviz.document.graph import Kind
from qviz.ui.canvas import shapes
from qviz.ui.canvas.edges import frame_pen, pen_of
from qviz.ui.canvas.fonts import subtitle_font, width
from qviz.ui.canvas.painters.overlay import BAR, draw_flag
from qviz.ui.canvas.pencil import LEFT
from qviz.ui.theme import Theme
from qviz.words import mark, names, tr

ROW = 26.0
SAMPLE = 38.0
GAP = 22.0
ABOVE = 14.0
_RANGES = {
    "line": mark("Line color: {meaning}"),
    "width": mark("Line width: {meaning}"),
    "side": mark("Left bar: {meaning}"),
}


class LegendRow(NamedTuple):
    """One sample with its words; what is neither a role nor of an overlay is a module, collapsed or expanded."""

    words: str
    is_open: bool = False
    kind: Kind | None = None
    overlay: LegendEntry | None = None

    @property
    def width(self) -> float:
        """The room of the sample and its words."""
        return SAMPLE + 8 + width(self.words, subtitle_font()) + GAP


def entries(views: Iterable[View], overlays: Iterable[ViewOverlays] = ()) -> tuple[LegendRow, ...]:
    """Return the entries of what occurs in some views, and of what is laid over them."""
    shown = tuple(views)
    boxes = [box for view in shown for box in view.boxes if box.stub_of is None]
    kinds = {box.role for box in boxes}
    groups = {box.is_open for box in boxes if box.kind is None}
    return (
        *(LegendRow(names.kind(kind.value), kind=kind) for kind in Kind if kind in kinds),
        *((LegendRow(tr("collapsed module")),) if False in groups else ()),
        *((LegendRow(tr("expanded module"), is_open=True),) if True in groups else ()),
        *(LegendRow(_said(each), overlay=each) for each in _of_overlays(overlays)),
    )


def _said(entry: LegendEntry) -> str:
    """Return the words of an entry; a range is drawn in several ways, which are told apart."""
    if len(entry.looks) < 2 or entry.shape not in _RANGES:
        return entry.text
    return tr(_RANGES[entry.shape], meaning=entry.text)


def height(shown: Sequence[LegendRow], room: float) -> float:
    """Return the height of a legend in a room of this width."""
    rows = {place.y() for _, place in _placed(shown, room)}
    return ABOVE + ROW * len(rows) if rows else 0.0


def draw(painter: QPainter, shown: Sequence[LegendRow], area: QRectF, theme: Theme) -> None:
    """Draw the legend."""
    if not shown:
        return
    painter.setPen(QPen(theme.color("border"), 1.0))
    painter.drawLine(area.topLeft(), area.topRight())
    for entry, place in _placed(shown, area.width()):
        spot = area.topLeft() + place + QPointF(0, ABOVE)
        _draw_sample(painter, entry, QRectF(spot.x(), spot.y() + 4, SAMPLE, ROW - 8), theme)
        painter.setFont(subtitle_font())
        painter.setPen(theme.color("text.muted"))
        words = QRectF(spot.x() + SAMPLE + 8, spot.y(), entry.width, ROW)
        painter.drawText(words, LEFT, entry.words)


def _placed(shown: Sequence[LegendRow], room: float) -> Iterator[tuple[LegendRow, QPointF]]:
    x = y = 0.0
    for entry in shown:
        if x and x + entry.width - GAP > room:
            x, y = 0.0, y + ROW
        yield entry, QPointF(x, y)
        x += entry.width


def _draw_sample(painter: QPainter, entry: LegendRow, rect: QRectF, theme: Theme) -> None:
    if entry.overlay is not None:
        _draw_values(painter, entry.overlay, rect, theme)
        return
    if entry.is_open:
        painter.setPen(frame_pen(theme))
        painter.drawPath(shapes.frame(rect))
        return
    box = Box(id="", title="", subtitle="", kind=entry.kind, members=())
    pen = QPen(theme.line(entry.kind), 2.2 if entry.kind is Kind.QUANTIZED_OP else 1.4)
    painter.setPen(pen)
    painter.setBrush(theme.fill(entry.kind))
    if entry.kind is None:
        painter.drawPath(shapes.card_behind(rect))
    painter.drawPath(shapes.outline(box, rect))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if entry.kind is Kind.FUSED_OP:
        painter.drawPath(shapes.second_edge(rect))
    sign = {Kind.OBSERVER: shapes.eye, Kind.FAKE_QUANT: shapes.stair}.get(entry.kind) if entry.kind else None
    if sign:
        painter.drawPath(sign(rect.center()))


def _of_overlays(all_overlays: Iterable[ViewOverlays]) -> list[LegendEntry]:
    """Return the entries of each overlay in the order of its scale, whichever view has which of its values."""
    by_name: dict[str, list[OverlayOnView]] = {}
    for overlays in all_overlays:
        for each in overlays.shown:
            by_name.setdefault(each.overlay.name, []).append(each)
    return [entry for shown in by_name.values() for entry in legend_of(shown)]


def _draw_values(painter: QPainter, entry: LegendEntry, rect: QRectF, theme: Theme) -> None:
    """Draw a line, a flag, an outline or a bar, in equal parts with the looks of its values."""
    wide, middle = rect.width() / len(entry.looks), rect.center().y()
    for place, look in enumerate(entry.looks):
        left = rect.left() + place * wide
        if entry.shape in ("line", "width"):
            painter.setPen(pen_of(look, theme))
            painter.drawLine(QPointF(left, middle), QPointF(left + wide, middle))
        elif entry.shape == "flag":
            draw_flag(painter, theme, QPointF(left + wide / 2, middle), look.token)
        elif entry.shape == "outline":
            pen = pen_of(look, theme)
            pen.setWidthF(2.0)
            painter.setPen(pen)
            painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), 5, 5)
        else:
            painter.setPen(QPen(theme.color("border.strong"), 0.8))
            painter.setBrush(theme.color(look.token))
            painter.drawRect(QRectF(left, middle - BAR / 2, wide, BAR))
    painter.setBrush(Qt.BrushStyle.NoBrush)

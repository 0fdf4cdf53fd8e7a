"""The chart of output SQNR against what a choice costs: predicted curve, measured runs, other choices."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from qviz.analysis.trying.chart import ChartPoint, TrialChart
from qviz.ui.theme import Theme
from qviz.words import tr
from qviz.words.formats import clauses

_RIGHT, _TOP, _BOTTOM, _BESIDE = 18.0, 16.0, 8.0, 12.0
_NEAR = 9.0
"""Pixels from a point within which the pointer means it."""
_APART = 15.0
_CLEAR = 22.0
_UNDER = 12.0
_SMALL = 11


class TradeOff(QWidget):
    """The chart; arrows go along the curve, a click takes a point.

    Signals:
        count_chosen: How many of the worst shall be chosen.
        change_chosen: The number of a change that alone shall be chosen.
        run_chosen: The number of a run to view.
    """

    count_chosen = Signal(int)
    change_chosen = Signal(int)
    run_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.chart: TrialChart | None = None
        self._theme: Theme | None = None
        self._title = self._label = ""
        self._count: int | None = None
        self._left = 16 + _BESIDE
        self._marked: frozenset[int] = frozenset()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)

    def sizeHint(self) -> QSize:
        """Return a size in which points can be told apart."""
        return QSize(330, 300)

    def minimumSizeHint(self) -> QSize:
        """Return the smallest such size."""
        return QSize(260, 200)

    def show_chart(self, chart: TrialChart, theme: Theme, title: str, label: str, count: int | None) -> None:
        """Show a chart.

        Args:
            chart: Its points.
            theme: The colors.
            title: Of the axis to the right.
            label: What the choice is, beside its point.
            count: How many of the worst that are; None of another choice.
        """
        self.chart, self._theme, self._title, self._label, self._count = chart, theme, title, label, count
        self._measure_levels()
        self.setAccessibleName(tr("Output SQNR in dB against cost"))
        told = [label, *(each.told for each in (*chart.measured, *chart.curve))]
        self.setAccessibleDescription(clauses(filter(None, told)))
        self.update()

    def mark(self, counts: frozenset[int]) -> None:
        """Ring the points of the curve at which some quantizers are left in float."""
        self._marked = counts
        self.update()

    def _area(self) -> QRectF:
        high = self.fontMetrics().height()
        return QRectF(self.rect()).adjusted(self._left, high + _TOP, -_RIGHT, -2 * high - _BOTTOM)

    def _measure_levels(self) -> None:
        """Find out how much room the levels take beside the axis."""
        ticks = self.chart.level.ticks if self.chart is not None else ()
        self._left = max((self.fontMetrics().horizontalAdvance(each.text) for each in ticks), default=16) + _BESIDE

    def place_of(self, point: ChartPoint) -> QPointF:
        """Return where a point is drawn."""
        area = self._area()
        return QPointF(self._x(point.x), area.bottom() - point.y * area.height())

    def _x(self, at: float) -> float:
        """Return where a cost lies; what costs nothing stands clear of the figures at the axis."""
        area = self._area()
        return area.left() + _CLEAR + at * (area.width() - _CLEAR)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw axes, band, points, and what they are called."""
        chart, theme = self.chart, self._theme
        if chart is None or theme is None:
            return
        self._measure_levels()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = painter.font()
        font.setPixelSize(max(_SMALL, self.fontInfo().pixelSize() - 1))
        painter.setFont(font)
        self._draw_key(painter, theme)
        self._draw_axes(painter, chart, theme)
        self._draw_others(painter, chart, theme)
        self._draw_curve(painter, chart, theme)
        self._draw_chosen(painter, chart, theme)
        self._draw_measured(painter, chart, theme)
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent"), 1.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.end()

    def _draw_key(self, painter: QPainter, theme: Theme) -> None:
        """Draw what each kind of point is, in a line at the top."""
        metrics = QFontMetricsF(painter.font())
        x, middle = 6.0, metrics.height() / 2 + 4
        for kind, text in (
            ("curve", tr("predicted, k worst")),
            ("run", tr("measured")),
            ("other", tr("other choices")),
        ):
            painter.setBrush(theme.color("panel"))
            if kind == "curve":
                painter.setPen(QPen(theme.color("accent"), 1.6))
                painter.drawLine(QPointF(x, middle), QPointF(x + 18, middle))
                painter.drawEllipse(QPointF(x + 9, middle), 3.2, 3.2)
                x += 24
            elif kind == "run":
                _diamond(painter, theme, QPointF(x + 5, middle))
                x += 16
            else:
                painter.setPen(QPen(theme.color("border.strong"), 1.2))
                painter.drawEllipse(QPointF(x + 4, middle), 2.6, 2.6)
                x += 13
            painter.setPen(theme.color("text.muted"))
            painter.drawText(QPointF(x, middle + metrics.ascent() / 2 - 1), text)
            x += metrics.horizontalAdvance(text) + 14

    def _draw_axes(self, painter: QPainter, chart: TrialChart, theme: Theme) -> None:
        area, metrics = self._area(), QFontMetricsF(painter.font())
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for tick in chart.level.ticks:
            y = area.bottom() - tick.at * area.height()
            painter.setPen(QPen(theme.color("border"), 1.0))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(theme.color("text.muted"))
            painter.drawText(QRectF(0, y - 12, self._left - 8, 24), right, tick.text)
        painter.setPen(QPen(theme.color("border.strong"), 1.0))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        last = -math.inf
        for tick in chart.cost.ticks:
            x, wide = self._x(tick.at), metrics.horizontalAdvance(tick.text)
            painter.setPen(QPen(theme.color("border.strong"), 1.0))
            painter.drawLine(QPointF(x, area.bottom()), QPointF(x, area.bottom() + 4))
            if x - wide / 2 < last + 5:
                continue
            painter.setPen(theme.color("text.muted"))
            left = min(x - wide / 2, self.width() - wide - 2)
            painter.drawText(QPointF(left, area.bottom() + 5 + metrics.ascent()), tick.text)
            last = left + wide
        painter.setPen(theme.color("text.muted"))
        below = QRectF(area.left(), self.height() - metrics.height() - 2, area.width(), metrics.height() + 2)
        painter.drawText(below, right, self._title)

    def _draw_others(self, painter: QPainter, chart: TrialChart, theme: Theme) -> None:
        painter.setPen(QPen(theme.color("border.strong"), 1.2))
        painter.setBrush(theme.color("panel"))
        for each in chart.others:
            painter.drawEllipse(self.place_of(each), 2.6, 2.6)

    def _draw_curve(self, painter: QPainter, chart: TrialChart, theme: Theme) -> None:
        places, accent = [self.place_of(each) for each in chart.curve], theme.color("accent")
        if chart.band > 0:
            off = QPointF(0, chart.band * self._area().height())
            color = QColor(accent)
            color.setAlphaF(0.13)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color)
            painter.drawPolygon(
                QPolygonF([*(each - off for each in places), *(each + off for each in reversed(places))])
            )
        painter.setPen(QPen(accent, 1.6))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(places))
        last: QPointF | None = None
        for point, place in zip(chart.curve, places, strict=True):
            painter.setPen(QPen(accent, 1.6))
            painter.setBrush(accent if point.number in self._marked else theme.color("panel"))
            painter.drawEllipse(place, 3.4, 3.4)
            is_free = last is None or math.dist(place.toTuple(), last.toTuple()) >= _APART
            if point.number and is_free and point.number != self._count:
                painter.setPen(theme.color("text.muted"))
                beside = QRectF(place.x() - 40, place.y() - 20, 36, 20)
                painter.drawText(beside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, str(point.number))
                last = place

    def _draw_chosen(self, painter: QPainter, chart: TrialChart, theme: Theme) -> None:
        if chart.chosen is None:
            return
        place, area, accent = self.place_of(chart.chosen), self._area(), theme.color("accent")
        pen = QPen(accent, 1.2)
        pen.setDashPattern([2.0, 3.0])
        painter.setPen(pen)
        painter.drawLine(QPointF(place.x(), area.top()), QPointF(place.x(), area.bottom()))
        painter.setPen(QPen(theme.color("panel"), 1.0))
        painter.setBrush(accent)
        painter.drawEllipse(place, 6.0, 6.0)
        font = painter.font()
        font.setBold(True)
        painter.save()
        painter.setFont(font)
        painter.setPen(accent)
        is_left = place.x() > area.left() + 0.45 * area.width()
        self._say(painter, place - QPointF(0, 11 if is_left else 0), self._label, is_left)
        painter.restore()

    def _say(self, painter: QPainter, place: QPointF, text: str, is_left: bool) -> None:
        """Write beside a point, on the side where it has room."""
        metrics, area = QFontMetricsF(painter.font()), QRectF(self.rect())
        wide = metrics.horizontalAdvance(text)
        left = place.x() - wide - 11 if is_left else place.x() + 11
        if left < area.left() + 2 or left + wide > area.right() - 2:
            left = min(max(left, area.left() + 2), area.right() - wide - 2)
            place = QPointF(place.x(), place.y() - 14)
        painter.drawText(QPointF(left, place.y() + metrics.ascent() / 2 - 1), text)

    def _draw_measured(self, painter: QPainter, chart: TrialChart, theme: Theme) -> None:
        font = painter.font()
        font.setBold(True)
        painter.setFont(font)
        named: list[QPointF] = []
        for each in reversed(chart.measured):
            place = self.place_of(each)
            _diamond(painter, theme, place)
            if all(math.dist(place.toTuple(), other.toTuple()) > _APART for other in named):
                painter.setPen(theme.color("text"))
                is_low = place.y() + _UNDER + 8 > self._area().bottom()
                below = place + QPointF(0, -_UNDER / 2 if is_low else _UNDER)
                self._say(painter, below, tr("Run {number}", number=each.number), is_left=False)
                named.append(place)

    def _points(self) -> Sequence[tuple[str, ChartPoint]]:
        """Return all points with what a click on one means; those that lie above first."""
        if self.chart is None:
            return ()
        runs = [("run", each) for each in self.chart.measured]
        curve = [("curve", each) for each in self.chart.curve]
        return [*runs, *curve, *(("other", each) for each in self.chart.others)]

    def point_at(self, place: QPointF) -> tuple[str, ChartPoint] | None:
        """Return the point at a place, and its kind: ``run``, ``curve`` or ``other``."""
        near = [
            (math.dist(place.toTuple(), self.place_of(point).toTuple()), kind, point) for kind, point in self._points()
        ]
        found = min((each for each in near if each[0] <= _NEAR), key=lambda each: each[0], default=None)
        return found[1:] if found is not None else None

    def event(self, event: QEvent) -> bool:
        """Say what the point under the pointer is."""
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            found = self.point_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), found[1].told if found is not None else "", self)
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show where a click does something."""
        found = self.point_at(event.position())
        shapes = Qt.CursorShape
        self.setCursor(shapes.PointingHandCursor if found is not None and found[1].number >= 0 else shapes.ArrowCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the point that is there."""
        found = self.point_at(event.position())
        if found is None or found[1].number < 0 or event.button() is not Qt.MouseButton.LeftButton:
            return
        signals = {"run": self.run_chosen, "curve": self.count_chosen, "other": self.change_chosen}
        signals[found[0]].emit(found[1].number)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go along the curve."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1}
        last = len(self.chart.curve) - 1 if self.chart is not None else 0
        ends = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: last}
        key = Qt.Key(event.key())
        if key in steps:
            self.count_chosen.emit(min(max((self._count or 0) + steps[key], 0), last))
        elif key in ends:
            self.count_chosen.emit(ends[key])
        else:
            super().keyPressEvent(event)


def _diamond(painter: QPainter, theme: Theme, middle: QPointF) -> None:
    painter.setPen(QPen(theme.color("panel"), 1.0))
    painter.setBrush(theme.color("text"))
    corners = ((0, -5.5), (5.5, 0), (0, 5.5), (-5.5, 0))
    painter.drawPolygon(QPolygonF([middle + QPointF(*each) for each in corners]))

"""The tensors of an operator side by side: what rounds each, its histogram, its range, its scale, what it costs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from qviz.analysis.inspecting.histogram_bars import BarChart
from qviz.analysis.inspecting.tensor_table import TensorTable
from qviz.analysis.inspecting.tensors import TensorColumn
from qviz.analysis.views.view import Box
from qviz.document.graph import Kind
from qviz.ui.canvas.shapes import outline
from qviz.ui.panels.widgets import label
from qviz.ui.theme import Theme
from qviz.words import mark, tr
from qviz.words.formats import every, number
from qviz.words.untrusted import plain_tip
from qviz.words.visible import one_line

ROLES = {"input": mark("input"), "weight": mark("weight"), "bias": mark("bias"), "output": mark("output")}
_HEAD, _PLOT, _FOOT, _ARROW = 22, 46, 15, 10
_ROW, _LABELS, _TIGHTEST = 17, 62, 70
"""The height of a row, the width of the names of the rows, and how far a text is squeezed, in percent."""
_SMALL, _USUAL = 11, 12
"""Pixels of a column's text, and of all other text, at 100 %."""


def _scale(widget: QWidget) -> float:
    """Return how much larger than usual the text of a widget is."""
    widget.ensurePolished()  # before that its font is not that of the style sheet
    return widget.fontInfo().pixelSize() / _USUAL


def _small_font(widget: QWidget) -> QFont:
    font = QFont(widget.font())
    font.setPixelSize(round(_SMALL * _scale(widget)))
    return font


class RoleHead(QWidget):
    """The head of a column, in the shape of what rounds the tensor; an arrow leads to it.

    Signals:
        clicked: It was pressed.
    """

    clicked = Signal()

    def __init__(self, column: TensorColumn, text: str, is_first: bool, theme: Theme) -> None:
        super().__init__()
        self._column, self._text, self._is_first, self._theme = column, text, is_first, theme
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(one_line(f"{text}: {column.name}" if text != column.name else text))
        self.setToolTip(plain_tip(column.name))
        if column.place is not None:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
            self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def sizeHint(self) -> QSize:
        """Return a size that leaves three of them room."""
        return QSize(80, round(_HEAD * _scale(self)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(_ARROW, 1.5, self.width() - _ARROW - 2, self.height() - 3)
        kind = self._column.kind
        is_active = self.hasFocus()
        painter.setPen(QPen(self._theme.color("accent") if is_active else self._theme.line(kind), 1.5))
        painter.setBrush(self._theme.fill(kind))
        painter.drawPath(outline(Box("", "", "", kind, ()), rect))
        if not self._is_first:
            painter.setPen(QPen(self._theme.color("text.muted"), 1.2))
            y = self.height() / 2
            painter.drawLine(QPointF(0, y), QPointF(_ARROW - 3, y))
            painter.drawLine(QPointF(_ARROW - 6, y - 3), QPointF(_ARROW - 3, y))
            painter.drawLine(QPointF(_ARROW - 6, y + 3), QPointF(_ARROW - 3, y))
        font = _small_font(self)
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(self._theme.color("text"))
        room = rect.adjusted(12, 0, -12, 0) if kind.casts else rect.adjusted(5, 0, -5, 0)
        told = painter.fontMetrics().elidedText(self._text, Qt.TextElideMode.ElideMiddle, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, told)
        painter.end()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Go there."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go there by key."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)


class TensorHistogram(QWidget):
    """Bars on a log scale; dashed lines at the smallest and the largest integer, what lies beyond them in red."""

    def __init__(self, chart: BarChart, kind: Kind, theme: Theme) -> None:
        super().__init__()
        self._chart, self._kind, self._theme = chart, kind, theme
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        low, high = number(chart.low), number(chart.high)
        clipped = sum(bar.is_clipped for bar in chart.bars)
        self.setToolTip(tr("Observed values from {low} to {high}, counts on a log scale.", low=low, high=high))
        self.setAccessibleName(
            tr("Histogram from {low} to {high}, {clipped} bins clipped", low=low, high=high, clipped=clipped)
        )

    def sizeHint(self) -> QSize:
        """Return a size that leaves three of them room."""
        return QSize(80, _PLOT + round(_FOOT * _scale(self)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw."""
        painter = QPainter(self)
        wide, left = self.width() - _ARROW - 2.0, float(_ARROW)
        painter.fillRect(QRectF(left, 0, wide, _PLOT), self._theme.color("panel.sunken"))
        good, bad = self._theme.line(self._kind), self._theme.color("level.error")
        for bar in self._chart.bars:
            tall = max(1.0, (_PLOT - 4) * bar.height)
            broad = max(1.0, (bar.right - bar.left) * wide - 0.6)
            area = QRectF(left + bar.left * wide, _PLOT - tall, broad, tall)
            painter.fillRect(area, bad if bar.is_clipped else good)
        if self._chart.ends is not None and self._chart.integers is not None:
            self._paint_ends(painter, left, wide, self._chart.ends, self._chart.integers)
        painter.end()

    def _paint_ends(
        self, painter: QPainter, left: float, wide: float, ends: tuple[float, float], integers: tuple[int, int]
    ) -> None:
        painter.setFont(_small_font(self))
        metrics = painter.fontMetrics()
        last = 0.0
        for end, integer, is_low in zip(ends, integers, (True, False), strict=True):
            x = left + min(max(end, 0.0), 1.0) * wide
            painter.setPen(QPen(self._theme.color("accent"), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(x, 0), QPointF(x, _PLOT))
            text = number(integer)
            room = metrics.horizontalAdvance(text)
            start = min(max(x - room / 2, left), left + wide - room)
            if not is_low and start < last + 4:
                continue  # two ends this near share one place
            last = start + room
            painter.setPen(self._theme.color("text.muted"))
            painter.drawText(QPointF(start, self.height() - 3), text)


class TensorCells(QWidget):
    """The rows below the heads, painted: a label for each cell would cost a page more than all else.

    Args:
        table: What is known.
        theme: The colors.
    """

    def __init__(self, table: TensorTable, theme: Theme) -> None:
        super().__init__()
        self._rows, self._count, self._theme = table.rows, len(table.columns), theme
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setAccessibleName(tr("Ranges and errors"))
        self.setAccessibleDescription("\n".join(f"{row.name}: {every(row.cells)}" for row in self._rows))

    def sizeHint(self) -> QSize:
        """Return a size that leaves three columns room."""
        return QSize(300, round(len(self._rows) * _ROW * _scale(self)))

    def cell_at(self, x: float, y: float) -> str:
        """Return the text of a cell; "" beside the cells."""
        row, left = int(y // (_ROW * _scale(self))), label_width(self)
        place = int((x - left) // max(1.0, (self.width() - left) / self._count))
        there = 0 <= row < len(self._rows) and x >= left and place < self._count
        return self._rows[row].cells[place] if there else ""

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell the text of the cell, which may be squeezed."""
        self.setToolTip(plain_tip(self.cell_at(event.position().x(), event.position().y())))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw."""
        painter = QPainter(self)
        font, left, tall = _small_font(self), label_width(self), _ROW * _scale(self)
        wide = (self.width() - left) / self._count
        for at, row in enumerate(self._rows):
            painter.setFont(font)
            painter.setPen(self._theme.color("text.muted"))
            name = QRectF(0, at * tall, left, tall)
            painter.drawText(name, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, row.name)
            painter.setPen(self._theme.color("text"))
            for place, cell in enumerate(row.cells):
                painter.setFont(_fitting(font, cell, wide - 4, row.is_strong))
                area = QRectF(left + place * wide + _ARROW / 2, at * tall, wide - _ARROW / 2, tall)
                painter.drawText(area, Qt.AlignmentFlag.AlignCenter, cell)
        painter.end()


def label_width(widget: QWidget) -> int:
    """Return how wide the names of the rows are."""
    return round(_LABELS * _scale(widget))


def _fitting(font: QFont, text: str, room: float, is_strong: bool) -> QFont:
    """Return a font in which a text fits into a column: squeezed rather than cut, for a range must not lose its end."""
    made = QFont(font)
    made.setBold(is_strong)
    wide = QFontMetricsF(made).horizontalAdvance(text)
    if wide > room > 0:
        made.setStretch(max(_TIGHTEST, int(100 * room / wide)))
    return made


class RowName(QLabel):
    """The name at the left of a row, as wide as those of the cells."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setProperty("role", "small")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.setAlignment(Qt.AlignmentFlag.AlignTop)

    def sizeHint(self) -> QSize:
        """Return the width that the cells leave."""
        return QSize(round(_LABELS * self.fontInfo().pixelSize() / _SMALL), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Return the same: it gives no way."""
        return self.sizeHint()


class TensorGrid(QWidget):
    """The table: heads, histograms, rows."""

    def __init__(self, table: TensorTable, theme: Theme, choose: Callable[[str, str], object]) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addLayout(self._heads(table, theme, choose))
        if any(each.bars is not None for each in table.columns):
            column.addLayout(self._histograms(table, theme))
        column.addWidget(TensorCells(table, theme))

    def _heads(self, table: TensorTable, theme: Theme, choose: Callable[[str, str], object]) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(RowName(""))
        several = sum(each.role == "input" for each in table.columns) > 1
        for place, column in enumerate(table.columns):
            is_named = len(table.columns) == 1 or (several and column.role == "input")
            text = column.name if is_named else tr(ROLES[column.role])
            head = RoleHead(column, text, place == 0, theme)
            if (at := column.place) is not None:
                head.clicked.connect(partial(choose, at.stage, at.node))
            row.addWidget(head, 1)
        return row

    def _histograms(self, table: TensorTable, theme: Theme) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(RowName(tr("count,\nlog scale")))
        for column in table.columns:
            if column.bars is not None:
                row.addWidget(TensorHistogram(column.bars, column.kind, theme), 1)
            else:
                missing = label(tr("no histogram"), "small")
                missing.setAlignment(Qt.AlignmentFlag.AlignCenter)
                missing.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
                row.addWidget(missing, 1)
        return row

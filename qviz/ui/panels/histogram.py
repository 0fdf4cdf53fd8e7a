"""Paints the values that an observer saw."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from qviz.document.graph import Kind
from qviz.document.snapshot import Histogram
from qviz.ui.theme import Theme
from qviz.words import tr
from qviz.words.formats import number

HEIGHT = 92
FOOT = 18.0


class HistogramPlot(QWidget):
    """Bars, with the ends of the range below."""

    def __init__(self, histogram: Histogram, theme: Theme) -> None:
        super().__init__()
        self._histogram = histogram
        self._theme = theme
        self.setFixedHeight(HEIGHT)
        low, high = self._ends()
        self.setAccessibleName(tr("Histogram of observed values, {low} to {high}", low=low, high=high))

    def _ends(self) -> tuple[str, str]:
        return number(self._histogram.min), number(self._histogram.max)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw."""
        painter = QPainter(self)
        counts = [0.0 if isinstance(each, str) else float(each) for each in self._histogram.counts]
        most, floor = max(counts, default=0.0) or 1.0, self.height() - FOOT
        step = self.width() / max(1, len(counts))
        for place, count in enumerate(counts):
            tall = (floor - 4) * count / most
            painter.fillRect(
                QRectF(place * step, floor - tall, max(1.0, step - 1), tall), self._theme.line(Kind.OBSERVER)
            )
        painter.setPen(QPen(self._theme.color("border.strong"), 1))
        painter.drawLine(QPointF(0, floor), QPointF(self.width(), floor))
        painter.setPen(self._theme.color("text.muted"))
        low, high = self._ends()
        foot = QRectF(0, floor, self.width(), FOOT)
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, low)
        painter.drawText(foot, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, high)
        painter.end()

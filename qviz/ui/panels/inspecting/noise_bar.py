"""A bar from 0 to 100 % with what each quantizer of a place adds to the noise."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from qviz.analysis.overlays.numbers import SCALE
from qviz.ui.theme import Theme
from qviz.words.formats import every, percent

_TALL = 7


class NoiseBar(QWidget):
    """One bar; the parts beside each other, what is more than all of it is cut.

    Args:
        shares: The parts, from 0 to 1.
        theme: The colors.
        token: The color; "" for that of noise.
        whole: The share that fills the bar, such as the largest of those beside which it stands.
    """

    def __init__(self, shares: Sequence[float], theme: Theme, token: str = "", whole: float = 1.0) -> None:
        super().__init__()
        self._shares, self._theme, self._token, self._whole = shares, theme, token, whole
        self.setFixedHeight(_TALL)
        self.setAccessibleName(every(percent(each) for each in shares))

    def sizeHint(self) -> QSize:
        """Return a size that stretches."""
        return QSize(100, _TALL)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw."""
        painter = QPainter(self)
        painter.fillRect(QRectF(0, 0, self.width(), _TALL), self._theme.color("panel.sunken"))
        at = 0.0
        for place, share in enumerate(self._shares):
            wide = min(max(share / self._whole, 0.0), 1.0) * self.width()
            color = self._theme.color(self._token) if self._token else part_color(self._theme, place)
            painter.fillRect(QRectF(at, 0, max(wide, 1.0) if share else 0.0, _TALL), color)
            at += max(wide, 1.0) + 1
        painter.end()


class Shade(QWidget):
    """A small square in the color of an error, as the numbers on the graph have it."""

    def __init__(self, level: float, theme: Theme) -> None:
        super().__init__()
        self._color = theme.color(SCALE.look(level).token)
        self.setFixedSize(_TALL, _TALL)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._color)
        painter.end()


def part_color(theme: Theme, place: int) -> QColor:
    """Return the color of a part: the largest is the loudest."""
    made = QColor(theme.color("error.3"))
    made.setAlphaF((1.0, 0.62, 0.38)[min(place, 2)])
    return made

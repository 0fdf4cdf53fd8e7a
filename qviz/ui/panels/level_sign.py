"""The sign of a level as a widget, beside a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QLabel

from qviz.ui.canvas.level_shape import SIDE, draw_level
from qviz.ui.panels.widgets import restyle

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent


class LevelSign(QLabel):
    """The style sheet gives the color, by the level."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "sign")

    def show_level(self, level: str) -> None:
        """Show the sign of a level."""
        self.setProperty("level", level)
        restyle(self)

    def sizeHint(self) -> QSize:
        """Return its size."""
        return QSize(SIDE, SIDE)

    def minimumSizeHint(self) -> QSize:
        """Return its size."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        from PySide6.QtGui import QPainter

        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate((self.width() - SIDE) / 2, (self.height() - SIDE) / 2)
        draw_level(painter, str(self.property("level")), self.palette().color(self.foregroundRole()))
        painter.end()

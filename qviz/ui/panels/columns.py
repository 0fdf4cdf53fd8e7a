"""What stands side by side in the window, and what takes the place of the panes."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QWidget


class Center(QStackedWidget):
    """The panes with what belongs to them, or a page in their place.

    Args:
        panes: What stands there at first.
    """

    def __init__(self, panes: QWidget) -> None:
        super().__init__()
        self._panes = panes
        self.addWidget(panes)

    @property
    def page(self) -> QWidget | None:
        """What stands in the place of the panes, if anything does."""
        return None if self.currentWidget() is self._panes else self.currentWidget()

    def show_page(self, page: QWidget | None) -> None:
        """Show a page in the place of the panes, or the panes again."""
        if page is not None and self.indexOf(page) < 0:
            self.addWidget(page)
        self.setCurrentWidget(page or self._panes)


class Columns(QSplitter):
    """All panels, from left to right.

    Signals:
        resized: It has another width.
    """

    resized = Signal()

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tell that there is more room, or less."""
        super().resizeEvent(event)
        self.resized.emit()

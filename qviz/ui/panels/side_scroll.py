"""A side panel that scrolls up and down, and is never narrower than what it holds."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QScrollArea, QWidget


class SideScroll(QScrollArea):
    """Holds one widget at the panel's width.

    Args:
        held: What it shows.

    Signals:
        least_changed: It may be narrower now, or has to be wider.
    """

    least_changed = Signal()

    def __init__(self, held: QWidget) -> None:
        super().__init__()
        self._held, self._least, self._most = held, 0, 0
        self.setWidget(held)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def limit(self, least: int, most: int) -> None:
        """Be between so many pixels wide; what is inside may need more than the least."""
        self._least, self._most = least, most
        self.setMaximumWidth(most)
        self._keep_whole()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow what is inside as it comes to need more room, or less."""
        if watched is self._held and event.type() == QEvent.Type.LayoutRequest:
            self._keep_whole()
        return super().eventFilter(watched, event)

    def _keep_whole(self) -> None:
        needed = self._held.minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width()
        least = min(max(self._least, needed), self._most) if self._most else 0
        if least != self.minimumWidth():
            self.setMinimumWidth(least)
            self.least_changed.emit()

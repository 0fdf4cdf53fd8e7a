"""Puts off what the first paint of a window need not wait for."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget

PATIENCE_MS = 1500
"""How long a minimized or covered window waits for its first paint."""


class AfterFirstPaint(QObject):
    """Does something once the window is on the screen; a timer alone would come before the first paint."""

    def __init__(self, window: QWidget, act: Callable[[], object]) -> None:
        super().__init__(window)
        self._act: Callable[[], object] | None = act
        window.installEventFilter(self)
        QTimer.singleShot(PATIENCE_MS, self, self.act)

    def act(self) -> None:
        """Do it, once."""
        act, self._act = self._act, None
        if act is not None:
            self.deleteLater()
            act()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Wait for the paint to be over; what is closed sooner needs no engine that nobody would end."""
        if event.type() == QEvent.Type.Paint:
            QTimer.singleShot(0, self, self.act)
        elif event.type() == QEvent.Type.Close:
            self._act = None
        return False

"""Turns the table of commands into Qt's actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6 import QtCore
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from qviz.session.commands import COMMANDS, When


class Actions:
    """All actions of a window, by command id.

    Args:
        window: Where the shortcuts work.
        handlers: What each command does, by its id.
        panes: Where Space works; elsewhere it presses buttons.
    """

    def __init__(self, window: QWidget, handlers: Mapping[str, Callable[[], object]], panes: QWidget | None) -> None:
        self._actions: dict[str, QAction] = {}
        for command in COMMANDS:
            action = QAction(command.title, window)
            action.setShortcuts([QKeySequence(keys) for keys in command.keys])
            action.triggered.connect(lambda _checked, run=handlers[command.id]: run())
            if command.keys:
                action.setToolTip(f"{command.title} ({command.keys[0]})")
            self._actions[command.id] = action
            window.addAction(action)
        if panes is not None:
            self.confine("swap", panes)

    def __getitem__(self, command_id: str) -> QAction:
        return self._actions[command_id]

    def confine(self, command_id: str, widget: QWidget) -> None:
        """Let a command's keys work in one part of the window only."""
        action = self._actions[command_id]
        action.setShortcutContext(QtCore.Qt.ShortcutContext.WidgetWithChildrenShortcut)
        widget.addAction(action)

    def enable(self, true_now: set[When]) -> None:
        """Enable what is possible now."""
        for command in COMMANDS:
            self._actions[command.id].setEnabled(command.when is When.ALWAYS or command.when in true_now)

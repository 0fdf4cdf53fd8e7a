"""Turns commands into Qt's actions."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from qviz.session.commands import Command, CommandGroup, CommandMethod, When
from qviz.words import tr


class Actions(QObject):
    """All commands of a window as actions.

    Args:
        window: Where the shortcuts work.

    Signals:
        group_added: The title of a group of commands.
    """

    group_added = Signal(str)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._commands: dict[str, Command] = {}
        self._actions: dict[str, QAction] = {}

    @property
    def commands(self) -> tuple[Command, ...]:
        """All commands, in the order of the menus."""
        return tuple(self._commands.values())

    def add(self, group: CommandGroup) -> None:
        """Add the commands of a group."""
        for command in group.commands():
            action = QAction(tr(command.title), self._window)
            action.setShortcuts([QKeySequence(keys) for keys in command.keys])
            action.triggered.connect(lambda _checked, run=command.run: run())
            if command.keys:
                action.setToolTip(tr("{command} ({keys})", command=tr(command.title), keys=command.keys[0]))
            self._commands[command.id], self._actions[command.id] = command, action
            self._window.addAction(action)
        self.group_added.emit(group.title)

    def __getitem__(self, command: str | CommandMethod[Any]) -> QAction:
        return self._actions[command if isinstance(command, str) else command.id]

    def __contains__(self, command: str) -> bool:
        return command in self._actions

    def confine(self, panes: QWidget) -> None:
        """Let the keys of the panes' commands work there only, now that there are panes."""
        for command in self.commands:
            if command.is_of_panes:
                action = self._actions[command.id]
                action.setShortcutContext(QtCore.Qt.ShortcutContext.WidgetWithChildrenShortcut)
                self._window.removeAction(action)
                panes.addAction(action)

    def enable(self, true_now: set[When]) -> None:
        """Enable what is possible now."""
        for command in self.commands:
            self._actions[command.id].setEnabled(command.when is When.ALWAYS or command.when in true_now)

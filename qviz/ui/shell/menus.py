"""The seven menus, and the lists that crumbs and context menus open: all of the same actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from qviz.ui.panels.widgets import choose
from qviz.words import mark, tr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from qviz.ui.shell.actions import Actions

MENUS = {
    "File": mark("&File"),
    "Edit": mark("&Edit"),
    "View": mark("&View"),
    "Graph": mark("&Graph"),
    "Go": mark("G&o"),
    "Run": mark("&Run"),
    "Help": mark("&Help"),
}
"""Title of each menu by the group of commands that it holds."""


class Menus(QMenuBar):
    """A menu for each group of commands, filled when it is opened.

    Args:
        actions: Gives the commands, which are made after the first paint.
    """

    def __init__(self, actions: Callable[[], Actions]) -> None:
        super().__init__()
        self._actions = actions
        self.menus: dict[str, QMenu] = {}
        choose(self, focusPolicy="TabFocus")
        for group, title in MENUS.items():
            self._add(group, tr(title))

    def _add(self, group: str, title: str) -> None:
        menu = self.menus[group] = self.addMenu(title)
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(lambda: self.fill(group))

    def add_group(self, group: str) -> None:
        """Add a menu for a group of commands that qviz does not know; Help stays last."""
        if group not in self.menus:
            self._add(group, tr(group))
            self.insertMenu(self.menus["Help"].menuAction(), self.menus[group])

    def fill(self, group: str) -> None:
        """Put the commands of a group into its menu."""
        actions, menu = self._actions(), self.menus[group]
        menu.clear()
        for command in actions.commands:
            if command.group == group:
                if command.is_apart:
                    menu.addSeparator()
                menu.addAction(actions[command.id])


def list_of(parent: QWidget, actions: Actions, *parts: Iterable[str]) -> QMenu:
    """Return a menu of commands by their ids, a line between the parts; it leaves out what is not possible."""
    menu = QMenu(parent)
    menu.setToolTipsVisible(True)
    menu.aboutToShow.connect(lambda: fill_list(menu, actions, parts))
    return menu


def fill_list(menu: QMenu, actions: Actions, parts: Iterable[Iterable[str]]) -> None:
    """Put commands into a menu, by their ids."""
    menu.clear()
    for part in parts:
        there = [actions[each] for each in part if each in actions and actions[each].isEnabled()]
        if there and not menu.isEmpty():
            menu.addSeparator()
        menu.addActions(there)

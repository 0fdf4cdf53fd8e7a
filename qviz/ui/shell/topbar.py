"""The bar at the top: what is open, the few great commands, the search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QToolButton

from qviz.ui.panels.widgets import button, choose, label
from qviz.words import mark, tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QAction

    from qviz.document.plan import Plan
    from qviz.ui.panels.search import Search
    from qviz.ui.shell.actions import Actions

_SUBTITLE = mark("See what quantization did to your model")
_SEARCH_WIDTH = 300
_BEFORE_TOOLS = 2
"""The name of the program and what is open stand left of the tools."""


class TopBar(QFrame):
    """The whole width of the window; what only an open model needs is made with the first one.

    Args:
        actions: Gives the commands, which are made after the first paint.
    """

    def __init__(self, actions: Callable[[], Actions]) -> None:
        super().__init__()
        self._actions = actions
        self._tools: DeskTools | None = None
        self.setProperty("role", "bar")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(14, 7, 12, 7)
        self._row.setSpacing(9)
        self._row.addWidget(label("qviz", "brand"))
        self._about = label(tr(_SUBTITLE), "muted")
        self._row.addWidget(self._about)
        self._row.addStretch(1)
        self._palette = button(tr("Search commands   Ctrl K"), "field", self._open_palette)
        self._palette.setFixedWidth(_SEARCH_WIDTH)
        self._row.addWidget(self._palette)
        self._row.addWidget(_menu_button(actions))

    @property
    def search(self) -> Search:
        """The field that searches the stage in use."""
        return self._desk_tools().search

    def _open_palette(self) -> None:
        from qviz.ui.shell.commands.find import FindCommands

        self._actions()[FindCommands.palette].trigger()

    def _desk_tools(self) -> DeskTools:
        if self._tools is None:
            self._tools = DeskTools(self, self._actions())
            for place, command in enumerate(self._tools.commands, _BEFORE_TOOLS):
                self._row.insertWidget(place, command)
            self._row.insertWidget(self._row.indexOf(self._palette), self._tools.search)
        return self._tools

    def show_plan(self, plan: Plan | None) -> None:
        """Name what is open; without a plan only what the welcome page needs is shown."""
        self._palette.setVisible(plan is None)
        if plan is not None or self._tools is not None:
            self._desk_tools().set_visible(plan is not None)
        if plan is None:
            self._about.setText(tr(_SUBTITLE))
            return
        from qviz.document.flows import flow
        from qviz.words import names

        chosen = flow(plan.flow)
        parts = [plan.source.replace("\\", "/").rsplit("/", 1)[-1]]
        if chosen is not None:
            choices = {"quantizer": plan.quantizer, "backend": plan.backend}
            taken = [text for option, text in choices.items() if chosen.takes(option)]
            parts += [names.flow(chosen.id, chosen.title), *taken]
        self._about.setText("  ›  ".join(parts))
        self._about.setToolTip(plan.source)

    def enable_run(self, is_possible: bool) -> None:
        """Enable Run while no run is at work."""
        if self._tools is not None:
            self._tools.run.setEnabled(is_possible)


class DeskTools:
    """The buttons and the field of an open model.

    Attributes:
        commands: The buttons, from the left.
        run: The one that runs the flow.
        search: The field.
    """

    def __init__(self, bar: TopBar, actions: Actions) -> None:
        from qviz.ui.panels.search import Search
        from qviz.ui.shell.commands.file import FileCommands
        from qviz.ui.shell.commands.run import RunCommands

        self.run = button(tr("▶ Run flow"), "primary", actions[RunCommands.run].trigger)
        self.run.setToolTip(actions[RunCommands.run].toolTip())
        self.run.setEnabled(actions[RunCommands.run].isEnabled())
        python = _tool(actions[FileCommands.copy_python])
        python.setToolTip(tr("Copy a Python script that runs this flow without qviz"))
        self.commands = (_tool(actions[FileCommands.open]), self.run, _tool(actions[FileCommands.export]), python)
        self.search = Search(bar)
        self.search.setFixedWidth(_SEARCH_WIDTH)
        self.set_visible(False)

    def set_visible(self, is_visible: bool) -> None:
        """Show or hide them all."""
        for tool in (*self.commands, self.search):
            tool.setVisible(is_visible)


def _tool(action: QAction) -> QToolButton:
    tool = QToolButton()
    tool.setDefaultAction(action)
    tool.setText(action.text())  # Qt leaves the dots out
    choose(tool, toolButtonStyle="ToolButtonTextOnly", focusPolicy="TabFocus")
    return tool


def _menu_button(actions: Callable[[], Actions]) -> QToolButton:
    opener = QToolButton()
    opener.setText("☰")
    opener.setToolTip(tr("All commands"))
    opener.setAccessibleName(tr("All commands"))
    choose(opener, popupMode="InstantPopup", focusPolicy="TabFocus")
    menu = QMenu(opener)
    menu.aboutToShow.connect(lambda: _fill(menu, actions()))
    opener.setMenu(menu)
    return opener


def _fill(menu: QMenu, actions: Actions) -> None:
    """Put all commands into the menu when it is opened first."""
    if not menu.isEmpty():
        return
    group = ""
    for command in actions.commands:
        if group and command.group != group:
            menu.addSeparator()
        group = command.group
        menu.addAction(actions[command.id])

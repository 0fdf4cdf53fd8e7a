"""The bar at the top: menus, what is open, the few great commands, the search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QToolButton

from qviz.ui.panels.widgets import button, choose, label, restyle
from qviz.ui.shell.menus import Menus
from qviz.words import mark, tr

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PySide6.QtGui import QAction, QResizeEvent

    from qviz.session.kept_runs import ShelvedRuns
    from qviz.session.project import Project
    from qviz.session.sides import Side
    from qviz.ui.panels.search import Search
    from qviz.ui.panels.shortcuts import PaletteRow
    from qviz.ui.settings import Settings
    from qviz.ui.shell.actions import Actions
    from qviz.ui.shell.crumbs import Crumbs

_SUBTITLE = mark("See what quantization did to your model")
_SEARCH_WIDTH = 120, 284
_RUN, _CANCEL = mark("▶ Run   {keys}"), mark("■ Cancel   {keys}")
_LEAST_CRUMB = 48
_BEFORE_TOOLS = 2
"""The menus and a line stand left of the crumbs."""


class TopBar(QFrame):
    """The whole width of the window; what only an open model needs is made with the first one.

    Args:
        actions: Gives the commands, which are made after the first paint.
        settings: Knows what was open lately.
    """

    def __init__(self, actions: Callable[[], Actions], settings: Settings) -> None:
        super().__init__()
        self._actions = actions
        self._settings = settings
        self._tools: DeskTools | None = None
        self.setProperty("role", "appbar")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(6, 0, 10, 0)
        self._row.setSpacing(8)
        self.menus = Menus(actions)
        self._row.addWidget(self.menus)
        self.menus.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Maximum)
        parted = QFrame()
        parted.setProperty("role", "upright")
        self._row.addWidget(parted)
        self._about = label(tr(_SUBTITLE), "muted")
        self._row.addWidget(self._about)
        self._row.addStretch(1)
        self._palette = button(tr("Search commands   Ctrl K"), "field", self._open_palette)
        self._palette.setFixedWidth(_SEARCH_WIDTH[1])
        self._row.addWidget(self._palette)

    @property
    def search(self) -> Search:
        """The field that searches the stage in use."""
        return self._desk_tools().search

    @property
    def crumbs(self) -> Crumbs:
        """What is open, in steps."""
        return self._desk_tools().crumbs

    def _open_palette(self) -> None:
        from qviz.ui.shell.commands.edit import EditCommands

        self._actions()[EditCommands.palette].trigger()

    def _desk_tools(self) -> DeskTools:
        if self._tools is None:
            self._tools = DeskTools(self, self._actions(), self._settings)
            self._row.insertWidget(_BEFORE_TOOLS, self._tools.crumbs)
            for tool in (self._tools.run, self._tools.try_it, self._tools.export, self._tools.search):
                self._row.insertWidget(self._row.indexOf(self._palette), tool, 1 if tool is self._tools.search else 0)
        return self._tools

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shorten the crumbs where the menus need the room."""
        super().resizeEvent(event)
        self.make_room()

    def make_room(self) -> None:
        """Leave out as few crumbs as the room wants."""
        if self._tools is None:
            return
        crumbs = self._tools.crumbs
        self.menus.setMinimumWidth(self.menus.sizeHint().width())
        crumbs.model.narrow(0)
        self._tools.show_keys(True)
        for left_out in range(4):
            crumbs.shorten(left_out)
            if self._over() <= 0:
                return
        self._tools.show_keys(False)
        crumbs.model.narrow(max(crumbs.model.sizeHint().width() - max(self._over(), 0), _LEAST_CRUMB))

    def _over(self) -> int:
        """Return by how many pixels the bar is too narrow."""
        self._row.invalidate()
        return self._row.sizeHint().width() - self.width()

    def show_project(self, project: Project | None, is_running: bool) -> None:
        """Name what is open; without anything only what the welcome page needs is shown."""
        for each in (self._palette, self._about):
            each.setVisible(project is None)
        if project is not None or self._tools is not None:
            self._desk_tools().set_visible(project is not None)
        if project is not None:
            tools = self._desk_tools()
            tools.crumbs.show_plans(project.received.plan, project.plan)
            tools.show_running(is_running)
            self.make_room()

    def show_runs(self, runs: ShelvedRuns, panes: Mapping[Side, int]) -> None:
        """Name the run on screen in the crumbs, or the run in each pane."""
        self.crumbs.show_runs(runs, panes)
        self.make_room()

    def show_trying(self, is_open: bool) -> None:
        """Show whether Try it stands."""
        tool = self._desk_tools().try_it
        tool.setProperty("open", "true" if is_open else "false")
        restyle(tool)

    def enable_run(self, is_possible: bool) -> None:
        """Enable Run where a run could start, or be canceled."""
        if self._tools is not None:
            self._tools.run.setEnabled(is_possible)


class DeskTools:
    """The buttons and the field of an open model.

    Attributes:
        crumbs: What is open, in steps.
        run: Runs the flow; cancels the run at work.
        try_it: Tries out what leaving quantizers in float would give.
        export: Exports a picture.
        search: The field.
    """

    def __init__(self, bar: TopBar, actions: Actions, settings: Settings) -> None:
        from qviz.ui.panels.search import Search
        from qviz.ui.shell.commands.file import FileCommands
        from qviz.ui.shell.commands.run import RunCommands
        from qviz.ui.shell.crumbs import Crumbs

        self._actions = actions
        self._is_running: bool | None = None
        self.crumbs = Crumbs(lambda: settings.recent)
        self.run = button("", "primary", self.on_run_clicked)
        self.try_it = _tool(actions[RunCommands.try_it])
        self.export = _tool(actions[FileCommands.export])
        self.search = Search(bar)
        self.search.commands = self._possible
        self.search.command_chosen.connect(lambda command: actions[command].trigger())
        self.search.setMinimumWidth(_SEARCH_WIDTH[0])
        self.search.setMaximumWidth(_SEARCH_WIDTH[1])
        self.show_running(False)
        self.set_visible(False)

    def _possible(self) -> tuple[PaletteRow, ...]:
        """Return the commands that are possible now."""
        from qviz.ui.panels.shortcuts import rows_of

        return rows_of([each for each in self._actions.commands if self._actions[each.id].isEnabled()])

    def set_visible(self, is_visible: bool) -> None:
        """Show or hide them all."""
        for tool in (self.crumbs, self.run, self.try_it, self.export, self.search):
            tool.setVisible(is_visible)

    def show_running(self, is_running: bool) -> None:
        """Offer to run, or to cancel the run at work."""
        if is_running == self._is_running:
            return
        self._is_running = is_running
        self.show_keys(True)
        self.run.setToolTip(self._command().toolTip())
        self.run.setProperty("role", "" if is_running else "primary")
        restyle(self.run)

    def show_keys(self, has_keys: bool) -> None:
        """Name the keys of the button that runs, where there is room."""
        keys = self._command().shortcut().toString().replace("+", " ") if has_keys else ""
        self.run.setText(tr(_CANCEL if self._is_running else _RUN, keys=keys).rstrip())

    def on_run_clicked(self) -> None:
        """Run, or cancel."""
        self._command().trigger()

    def _command(self) -> QAction:
        from qviz.ui.shell.commands.run import RunCommands

        return self._actions[RunCommands.cancel if self._is_running else RunCommands.run]


def _tool(action: QAction) -> QToolButton:
    tool = QToolButton()
    tool.setDefaultAction(action)
    action.setIconText(action.text())  # Qt leaves the dots out
    choose(tool, toolButtonStyle="ToolButtonTextOnly", focusPolicy="TabFocus")
    return tool

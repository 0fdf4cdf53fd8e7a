"""The window: puts its parts together, and lets the bars follow what is open."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6 import QtCore
from PySide6.QtWidgets import QMainWindow, QVBoxLayout, QWidget

from qviz.session.room import SMALLEST, first_size
from qviz.ui.process.engines import Engines
from qviz.ui.process.first_paint import AfterFirstPaint
from qviz.ui.settings import NO_RESTORE, Settings
from qviz.ui.shell.appearance import Appearance
from qviz.ui.shell.menus import list_of
from qviz.ui.shell.opener import Opener
from qviz.ui.shell.pages import Pages
from qviz.ui.shell.status_bar import StatusBar
from qviz.ui.shell.topbar import TopBar
from qviz.ui.stylesheet import stylesheet
from qviz.words import tr
from qviz.words.visible import short_name

if TYPE_CHECKING:
    from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent

    from qviz.session.commands import When
    from qviz.ui.shell.actions import Actions
    from qviz.ui.shell.desk import Desk
    from qviz.ui.shell.dropping import DropSheet
    from qviz.ui.shell.restoring import Restoring
    from qviz.wire.messages import EngineReady


_DETAIL = "unfold_level", "unfold_all", "unfold_worst", "fold_all", "fold_others"
"""Ids of the commands on how much of the graph is shown."""


class MainWindow(QMainWindow):
    """The one window.

    Attributes:
        pages: The welcome page, and the desk once something was opened.
        opener: Opens models and results.
        appearance: The theme.
        restoring: Keeps runs for the next start; None where none are kept.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.setWindowTitle("qviz")
        self.setMinimumSize(*SMALLEST)
        free = self.screen().availableSize()
        self.resize(*first_size(free.width(), free.height()))
        self.settings = settings
        self.engines = Engines(self)
        self.engines.granted = lambda plan: settings.consent.grants(plan)  # noqa: PLW0108 - made when first asked for
        self.appearance = Appearance(self, settings)
        self.restoring: Restoring | None = None
        self._ready: EngineReady | None = None
        self.pages = Pages(self.engines, settings, self.appearance)
        self.opener = Opener(self.pages, self.engines, settings)
        self.bar = TopBar(lambda: self.actions_of, settings)
        self._status = StatusBar()
        self._status.fit(self.appearance.text_scale)
        self.setStatusBar(self._status)
        whole = QWidget()
        whole.setObjectName("whole")  # the style sheet places it at once: Qt would animate even a move of no time
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.pages, 1)
        self.setCentralWidget(whole)
        self.pages.desk_made.connect(self.on_pages_desk_made)
        self.pages.forget_requested.connect(self.forget_runs)
        self.pages.turned.connect(self.on_pages_turned)
        self.opener.engine_changed.connect(self._status.show_engine_starting)
        self.engines.ready.connect(self.on_engines_ready)
        self.engines.spare_died.connect(self._status.show_engine_death)
        self.engines.asking.connect(self._status.show_asking)
        self.appearance.changed.connect(self.on_appearance_changed)
        self.setStyleSheet(stylesheet(self.appearance.theme, self.appearance.text_scale))
        self.restoreGeometry(settings.state("window"))
        self.pages.setFocus()
        self.setAcceptDrops(True)
        AfterFirstPaint(self, lambda: self.actions_of)

    @cached_property
    def actions_of(self) -> Actions:
        """The commands, in the order of the menus; made when first asked for, after the first paint at the latest."""
        from qviz.ui.shell.actions import Actions
        from qviz.ui.shell.commands.edit import EditCommands
        from qviz.ui.shell.commands.file import FileCommands
        from qviz.ui.shell.commands.go import GoCommands
        from qviz.ui.shell.commands.graph import GraphCommands
        from qviz.ui.shell.commands.help import HelpCommands
        from qviz.ui.shell.commands.run import RunCommands
        from qviz.ui.shell.commands.view import ViewCommands

        actions = Actions(self)
        actions.group_added.connect(self.bar.menus.add_group)
        actions.add(FileCommands(self.opener, self.pages, self.appearance, self.settings))
        actions.add(EditCommands(actions, self.pages))
        actions.add(ViewCommands(self.appearance, self.pages))
        actions.add(GraphCommands(self.pages))
        actions.add(GoCommands(self.pages))
        actions.add(RunCommands(self.opener, self.pages))
        actions.add(HelpCommands(actions, self.pages))
        actions.enable(self._possible())
        return actions

    @cached_property
    def drop_sheet(self) -> DropSheet:
        """What covers the window while a file is dragged over it; made when the first one is."""
        from qviz.ui.shell.dropping import DropSheet

        made = DropSheet(self)
        made.dropped.connect(lambda path: self.opener.open_source(path, is_consented=False))
        return made

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Say what dropping a file here would do."""
        from qviz.ui.shell.dropping import openable

        if path := openable(event.mimeData()):
            self.drop_sheet.offer(path)
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take a file that is dropped before the sheet has covered the window."""
        self.drop_sheet.dropEvent(event)

    @property
    def desk(self) -> Desk | None:
        """The desk, once something was opened."""
        return self.pages.desk

    def keep_runs(self, restores: bool) -> None:
        """Keep runs in the user's folder for state, unless the user wants none kept, and bring them back on demand."""
        from qviz.ui.shell.restoring import Restoring

        if not self.settings.is_on(NO_RESTORE):
            self.restoring = Restoring(self.pages, restores)

    def forget_runs(self) -> None:
        """Delete all kept runs after a question, also where none are kept any more."""
        from qviz.ui.shell.restoring import Restoring

        if self.restoring is None:
            self.restoring = Restoring(self.pages, brings_back=False)
        self.restoring.forget_all()

    def on_pages_desk_made(self, desk: Desk) -> None:
        """Tie the bars to the desk."""
        from qviz.ui.shell.context_menus import ContextMenus

        desk.changed.connect(self.on_desk_changed)
        desk.take_search(self.bar.search)
        self.bar.search.set_theme(self.appearance.theme)
        actions = self.actions_of
        actions.confine(desk.work.panes)
        ContextMenus(desk, actions)
        desk.work.set_text_scale(self.appearance.text_scale)
        desk.work.strip.set_lists(
            list_of(self, actions, _DETAIL, ("toggle_group", "fold_parent")),
            list_of(self, actions, ("fit", "zoom_100"), ("zoom_in", "zoom_out")),
        )
        desk.work.tabs.set_keys(actions["bottom"].shortcut().toString().replace("+", " "))
        surroundings = desk.work.surroundings
        surroundings.arranged.connect(lambda: self.bar.show_trying(surroundings.is_trying))
        self.bar.crumbs.plan_chosen.connect(desk.choose_plan)
        self.bar.crumbs.run_chosen.connect(desk.shelf.view)
        shelf = desk.shelf
        shelf.refreshed.connect(lambda: self.bar.show_runs(shelf.kept, shelf.in_view))
        self.bar.crumbs.source_chosen.connect(self.opener.open_lately)
        self.bar.crumbs.open_requested.connect(self.opener.open_dialog)
        if self._ready is not None:
            desk.work.setup.set_backends(self._ready.backends)

    def on_desk_changed(self) -> None:
        """Follow the project in the bars."""
        self.pages.show_desk()
        if self.desk is not None and self.desk.project is not None:
            project = self.desk.project
            self.desk.work.surroundings.follow_selection(project.selected)
            has_result = project.snapshot is not None
            self.desk.work.setup.show_pending(has_result and project.plan != project.received.plan)
        self._describe()
        self._enable()

    def on_pages_turned(self) -> None:
        """Follow to the other page."""
        self._describe()

    def _describe(self) -> None:
        """Write the title and the bars; without a desk those of the welcome page."""
        desk = self.pages.shown_desk
        project = desk.project if desk is not None else None
        self.bar.show_project(project, desk is not None and desk.is_running)
        if desk is None:
            self._status.show_welcome()
        else:
            self.bar.search.set_stage(desk.selection.stage, project.findings if project is not None else ())
            self._status.show_project(project, desk.is_running, desk.runs.reruns)
        name = Path(project.received.plan.source).name if project is not None else ""
        self.setWindowTitle(tr("{name} – qviz", name=short_name(name)) if name else "qviz")

    def _possible(self) -> set[When]:
        """Return what commands need and is the case now."""
        from qviz.session.commands import When

        now: set[When] = set()
        if self.desk is not None and self.desk.project is not None:
            project = self.desk.project
            now |= {When.OPEN}
            now |= {When.PLAN} if project.plan.source and not self.desk.is_running else set()
            now |= {When.RUNNING} if self.desk.is_running else set()
            now |= {When.STAGE} if project.stages else set()
            now |= {When.NODE} if project.selected is not None else set()
            now |= {When.RESULT} if project.snapshot is not None else set()
        return now

    def _enable(self) -> None:
        from qviz.session.commands import When

        now = self._possible()
        self.actions_of.enable(now)
        self.bar.enable_run(bool(now & {When.PLAN, When.RUNNING}))

    def on_engines_ready(self, ready: EngineReady) -> None:
        """Say so; only the engines of this machine are offered."""
        self._ready = ready
        self._status.set_engine(ready, self.engines.host)
        if self.desk is not None:
            self.desk.work.setup.set_backends(ready.backends)
        self._describe()

    def on_appearance_changed(self) -> None:
        """Use the theme, and the size of the text, in the bars too."""
        self._status.fit(self.appearance.text_scale)
        self.setStyleSheet(stylesheet(self.appearance.theme, self.appearance.text_scale))
        if self.desk is not None:
            self.bar.search.set_theme(self.appearance.theme)
            self.desk.work.set_text_scale(self.appearance.text_scale)
            self.bar.make_room()

    def focusNextPrevChild(self, is_next: bool) -> bool:
        """Let Tab go from region to region."""
        from qviz.ui.shell.tab_order import focus_order, next_focus

        desk = self.pages.shown_desk
        pages = desk.work.surroundings.regions if desk is not None else (self.pages,)
        found = next_focus(focus_order((self.bar, *pages)), self.focusWidget(), 1 if is_next else -1)
        if found is None:
            return super().focusNextPrevChild(is_next)
        reasons = QtCore.Qt.FocusReason
        found.setFocus(reasons.TabFocusReason if is_next else reasons.BacktabFocusReason)
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Bring back what search or chips dimmed, on an Escape that nothing else took."""
        if event.key() == QtCore.Qt.Key.Key_Escape and self.desk is not None:
            self.bar.search.close_results()
            self.desk.step_back()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember sizes, end the engines."""
        self.settings.save_state("window", self.saveGeometry())
        if self.desk is not None:
            self.desk.work.surroundings.save()
            self.desk.exports.finish()
        self.engines.close()
        if self.restoring is not None:
            self.restoring.finish()
        super().closeEvent(event)

"""The desk: what is open on it, its runs, and the parts that select, navigate, dim, mark and export."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal

from qviz.document import codec
from qviz.document.comparison import compared
from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.errors import QvizError
from qviz.session.history import History
from qviz.session.project import Project
from qviz.session.recorded_runs import RestoredSession
from qviz.session.run_pair import titles_in_panes
from qviz.sources.model_list import ModelList
from qviz.ui.panels.comparison import ComparisonSheet
from qviz.ui.panels.search import Search
from qviz.ui.process.decoding import Decoding
from qviz.ui.process.disposal import Disposal
from qviz.ui.process.engines import Engines
from qviz.ui.settings import Settings
from qviz.ui.shell.accepting import Accepting
from qviz.ui.shell.acting import Acting
from qviz.ui.shell.bookmarking import Bookmarking
from qviz.ui.shell.dimming import Dimming
from qviz.ui.shell.exports import Exports
from qviz.ui.shell.files import ask_for_result
from qviz.ui.shell.inputs import InputsDesk
from qviz.ui.shell.navigation import Navigation
from qviz.ui.shell.open_project import OpenProject
from qviz.ui.shell.run_actions import RunActions
from qviz.ui.shell.run_pairs import RunPairs
from qviz.ui.shell.run_shelf import RunShelf
from qviz.ui.shell.runs import Runs, recent_text
from qviz.ui.shell.saved_filters import SavedFilters
from qviz.ui.shell.selection import SharedSelection
from qviz.ui.shell.tables import Tables
from qviz.ui.shell.trying import Trying
from qviz.ui.shell.unfinished import UnfinishedRun
from qviz.ui.shell.workspace import Workspace
from qviz.ui.theme import Theme


class Desk(QObject):
    """Opens models and results, edits and runs the plan; its parts do the rest.

    Attributes:
        work: The panels.
        selection: Which stages are in view and which node is selected.
        navigation: Goes from node to node.
        dimming: Which nodes are bright.
        bookmarking: Marks nodes.
        exports: Saves and copies.
        tables: Key figures and the table of nodes.
        acting: Edits the plan by what is selected.
        accepting: Accepts findings in the baseline.
        pairs: Puts two of them side by side.
        run_actions: Copies and saves what a run was made with.
        shelf: The runs so far.
        saved_filters: Filters of the nodes by name.
        trying: What leaving quantizers in float would give.
        inputs: The page that edits what the model is called with.
        runs: Starts and cancels runs.

    Signals:
        changed: The project, its run or what is shown of it changed.
        failed: A `QvizError` to tell the user.
        menu_requested: The menu of the selection was asked for by a key.
    """

    changed = Signal()
    failed = Signal(object)
    menu_requested = Signal()

    def __init__(self, parent: QObject, engines: Engines, settings: Settings, theme: Theme) -> None:
        super().__init__(parent)
        self._settings = settings
        self.theme = theme
        self._history = History()
        self._decoding = Decoding(self)
        self._disposal = Disposal(self)
        self._open = OpenProject(self)
        self.work = Workspace(theme, settings)
        self.runs = Runs(self, self._open, engines, self.work, settings)
        self.selection = SharedSelection(self, self._open, self.work)
        self.navigation = Navigation(self, self._open, self.work, self.selection)
        self.dimming = Dimming(self, self._open, self.work, self.selection)
        self.bookmarking = Bookmarking(self, self._open, self.work, self.selection, self.navigation)
        self.exports = Exports(self, self._open, self.work, settings)
        self.tables = Tables(self, self._open, self.work, self.selection, self.navigation, self.dimming, theme)
        self.saved_filters = SavedFilters(self, self.work, settings)
        self._search: Search | None = None
        self.shelf = RunShelf(self, self._open, self.runs, self.work.runs)
        self.pairs = RunPairs(self, self._open, self.shelf, self.work.runs)
        self.inputs = InputsDesk(self, self._open, engines, self.runs, self.work, self.shelf)
        self.run_actions = RunActions(self, self.shelf, self.pairs, self.work)
        self._tie_runs()
        self.acting = Acting(self, self._open, self.work)
        self.tables.measure_requested.connect(self.acting.measure)
        self.dimming.measure_requested.connect(self.acting.measure)
        self.acting.plan_edited.connect(self.on_acting_plan_edited)
        self.acting.run_requested.connect(self.run)
        self.acting.undo_requested.connect(self.undo)
        self.acting.export_requested.connect(lambda: self.exports.export_picture(self.theme, is_around=True))
        self.accepting = Accepting(self, self._open, self.work, settings)
        self.trying = Trying(self, self._open, self.work, self.selection, self.dimming, self.shelf, self.acting)
        acting = (self.run_actions, self.acting, self.accepting, self.trying)
        for part in (self.tables, self.shelf, self.exports, self.inputs, *acting):
            part.failed.connect(self.failed)
        self.dimming.change_stepped.connect(self.navigation.step_change)
        self._open.replaced.connect(self.refresh)
        self._open.replaced.connect(self.selection.restore)  # after the panes have the stages
        self._open.edited.connect(self.changed)
        self.work.compare.clicked.connect(self.compare)
        self.work.setup.plan_changed.connect(self.on_setup_plan_changed)

    def _tie_runs(self) -> None:
        UnfinishedRun(self, self._open, self.runs, self.shelf)
        self.tables.run_requested.connect(self.run)
        self.tables.take_runs(lambda: self.shelf.kept)
        # by name: each model that is opened begins a history of its own
        self.shelf.plan_viewed.connect(lambda before, after: self._history.record(before, after))  # noqa: PLW0108
        self.shelf.put_away.connect(self._disposal.take)
        self.bookmarking.marked.connect(self.shelf.refresh)
        self.shelf.refreshed.connect(lambda: self.work.name_runs(titles_in_panes(self.shelf.in_view)))
        self.pairs.compared.connect(lambda told: self.dimming.show_changes(True, told))

    @property
    def project(self) -> Project | None:
        """What is open."""
        return self._open.value

    @property
    def is_running(self) -> bool:
        """Whether a run is at work."""
        return self.runs.is_running

    def take_search(self, search: Search) -> None:
        """Let the search field of the bar find nodes here."""
        self._search = search
        search.take_words(self.tables.words_of)
        search.node_chosen.connect(self.navigation.jump_here)
        search.matched.connect(self.dimming.highlight_here)
        search.left.connect(self.work.panes.take_focus)

    def start_search(self) -> None:
        """Let keys go to the search field."""
        if self._search is not None:
            self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def open_plan(self, plan: Plan) -> None:
        """Open a model and run its flow."""
        self._decoding.forget()
        self._forget()
        self.shelf.begin(plan.source)
        self.runs.open(Project.of_plan(plan))
        self.runs.start()

    def open_draft(self, plan: Plan, found: ModelList | None) -> None:
        """Open a model whose inputs, or which of a file's, are to be chosen first; nothing runs.

        Args:
            plan: With the best guess for a source.
            found: What its file offers.
        """
        self.inputs.leave()
        self._decoding.forget()
        self._forget()
        self.runs.open(Project.of_plan(plan))
        self.inputs.show_draft(found)

    def open_result(self, path: str) -> None:
        """Open a saved result; runs nothing. What was open stays until it is read."""

        def show(snapshot: Snapshot, known: str) -> None:
            self._forget()
            self.shelf.begin(path)
            self.runs.open(Project.of_snapshot(snapshot))
            self.exports.note_file(snapshot, path, known)
            if self.project is not None:
                self.shelf.keep(self.project, is_of_file=True)
            self._settings.remember(path, recent_text(snapshot.run.flow, len(snapshot.findings), snapshot.run.error))
            if snapshot.run.error is not None:
                self.work.tell_failure(snapshot.run.error)

        self._read(path, show)

    def open_restored(self, session: RestoredSession, source: str) -> None:
        """Open what a window showed when it ended; runs nothing."""
        self._decoding.forget()
        self._forget()
        self.shelf.restore(session, source)
        self.runs.open(session.project)
        if session.project.selected is not None:
            stage = session.project.shown.on(session.project.selected.side)
            self.selection.choose(stage or "", session.project.selected.node_id)
        self.dimming.lay_over(session.overlay)

    def open_beside(self) -> None:
        """Ask for a second result, and show it on the right."""
        project = self.project
        path = ask_for_result(self.work) if project is not None and project.snapshot is not None else None
        if project is not None and path is not None:
            self._read(path, lambda snapshot, _known: self.runs.open(project.with_other(snapshot, Path(path).stem)))

    def _read(self, path: str, show: Callable[[Snapshot, str], None]) -> None:
        self._decoding.forget()  # only what was asked for last

        def refuse(error: Exception) -> None:
            if not isinstance(error, QvizError):
                raise error
            self.failed.emit(error)

        self._decoding.take_soon(lambda: codec.open_result(path), lambda read: show(*read), refuse)

    def _forget(self) -> None:
        self.runs.reruns = None
        if self.project is not None:
            self._disposal.take(self.project.stages)
            for each in self.shelf.kept.runs:
                self._disposal.take(each.project.stages)
        self._history = History()
        self.exports.note_file(None, "")
        self.navigation.forget()
        self.selection.forget()
        self.dimming.forget()
        self.shelf.forget()
        self.trying.forget()
        for pane in self.work.panes.panes.values():
            pane.canvas.surface.begin_another()
        self.work.legend.show_counts({}, None, self.theme)
        self.work.inspector.show_nothing()
        self.work.setup.show_model(None)
        self.work.outline.show_modules(())

    def refresh(self) -> None:
        """Show the project as it is now."""
        if self.project is not None:
            self.work.setup.show_plan(self.project.plan)
            self.work.show_project(self.project, self.theme)
            self.tables.show_project()
            if (result := self.project.own_snapshot) is not None:
                self.work.outline.show_result(result)
            self.dimming.follow()
        self.shelf.refresh()
        self.changed.emit()

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""
        self.theme = theme
        self.work.set_theme(theme)
        if self.project is not None:
            self.work.show_project(self.project, theme)
        self.tables.set_theme(theme)
        self.trying.refresh()

    def run(self) -> None:
        """Run the flow."""
        if self.inputs.is_shown:
            self.inputs.page.on_run_clicked()
        else:
            self.runs.start()

    def step_back(self) -> None:
        """Bring back what is dimmed; where nothing is, close what opened for a while."""
        if self.dimming.is_on:
            self.work.legend.dim_for("")
        else:
            self.work.notice.clear()
            self.work.surroundings.close_drawers()

    def cancel(self) -> None:
        """Cancel the run."""
        self.runs.cancel()

    def compare(self) -> None:
        """Compare the flows on the open model, in a window of its own."""
        if self.project is None or not self.runs.may_run():
            return
        plan = self.project.plan
        grants = self._settings.consent.grants(plan)
        sheet = ComparisonSheet(plan, compared(plan.source), self.theme, self.work.window(), grants)
        sheet.flow_chosen.connect(self.on_comparison_flow_chosen)
        sheet.show()

    def undo(self) -> None:
        """Take back the last choice; the result stays until the next run."""
        if self.project is not None:
            self._open.replace(self.project.with_plan(self._history.undo(self.project.plan)))

    def redo(self) -> None:
        """Bring back the choice that was taken back last."""
        if self.project is not None:
            self._open.replace(self.project.with_plan(self._history.redo(self.project.plan)))

    def on_setup_plan_changed(self, plan: Plan) -> None:
        """Take the choice; the result stays until the next run."""
        if self.project is not None:
            self._settings.consent.edited(self.project.plan, plan)
            self._history.record(self.project.plan, plan)
            self._open.edit(self.project.with_plan(plan))

    def on_acting_plan_edited(self, plan: Plan) -> None:
        """Take an edit of what is selected; the result stays until the next run."""
        if self.project is not None:
            self._history.record(self.project.plan, plan)
            self._open.replace(self.project.with_plan(plan))

    def choose_plan(self, plan: Plan) -> None:
        """Take a choice made outside of the panel, and say that the result is still that of the last run."""
        if self.project is not None and plan != self.project.plan:
            self._history.record(self.project.plan, plan)
            self._open.replace(self.project.with_plan(plan))
            self.runs.offer()

    def on_comparison_flow_chosen(self, plan: Plan) -> None:
        """Run a flow that was compared."""
        if self.project is not None:
            self.on_acting_plan_edited(plan)  # the project may be another by now: nobody typed what the plan names
            self.runs.start()

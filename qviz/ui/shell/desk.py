"""The workspace with the project on it: ties selection, stages, findings and files together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from qviz.analysis.views import folding
from qviz.document import codec
from qviz.document.comparison import compared
from qviz.document.plan import Plan
from qviz.document.run_steps import step_text
from qviz.document.snapshot import Snapshot, Stage
from qviz.errors import QvizError
from qviz.session.history import History
from qviz.session.project import SIDES, Project
from qviz.ui.panels.comparison import ComparisonSheet
from qviz.ui.process.decoding import Reading
from qviz.ui.process.disposal import Parting
from qviz.ui.process.engines import Engines
from qviz.ui.settings import Settings
from qviz.ui.shell.editor import open_in_editor
from qviz.ui.shell.files import ask_for_result, copy_picture, export_picture, save_result
from qviz.ui.shell.navigation import Navigation
from qviz.ui.shell.runs import Runs
from qviz.ui.shell.workspace import Workspace
from qviz.ui.theme import Theme


class Desk(QObject):
    """What the commands of an open project do.

    Signals:
        changed: The project, its run or what is shown of it changed.
        failed: A `QvizError` to tell the user.
    """

    changed = Signal()
    failed = Signal(object)

    def __init__(self, parent: QObject, engines: Engines, settings: Settings, theme: Theme) -> None:
        super().__init__(parent)
        self._settings = settings
        self._theme = theme
        self._history = History()
        self._reading = Reading(self)
        self._parting = Parting(self)
        self.work = Workspace(theme, settings)
        self._runs = Runs(engines, self.work, settings, self)
        self._runs.changed.connect(self.refresh)
        work = self.work
        work.setup.plan_changed.connect(self.on_setup_plan_changed)
        work.strip.stage_chosen.connect(self.show_stage)
        work.panes.selected.connect(self.on_panes_selected)
        work.inspector.node_chosen.connect(self.choose)
        work.inspector.source_requested.connect(self.on_inspector_source_requested)
        work.inspector.copied.connect(self.on_inspector_copied)
        work.code.line_chosen.connect(self.choose_here)
        self.navigation = Navigation(self)

    @property
    def project(self) -> Project | None:
        """What is open."""
        return self._runs.project

    @property
    def is_running(self) -> bool:
        """Whether a run is at work."""
        return self._runs.is_running

    def open_plan(self, plan: Plan) -> None:
        """Open a model and run its flow."""
        self._reading.forget()
        self._forget()
        self._runs.open(Project.of_plan(plan))
        self._runs.start()

    def open_result(self, path: str) -> None:
        """Open a saved result; runs nothing. What was open stays until it is read."""

        def show(snapshot: Snapshot) -> None:
            self._forget()
            self._runs.open(Project.of_snapshot(snapshot))
            modules = {group.path: group.type for stage in snapshot.stages for group in stage.graph.groups}
            self.work.outline.show_modules(sorted(modules.items()))
            self._settings.remember(path, f"{snapshot.run.flow or 'captured'} · {len(snapshot.findings)} findings")
            if snapshot.run.error is not None:
                error = snapshot.run.error
                self.work.notice.tell("error", f"{step_text(error.step, 'failed')}: {error.message}", error.hint)

        self._read(path, show)

    def open_beside(self) -> None:
        """Ask for a second result, and show it on the right."""
        project = self.project
        path = ask_for_result(self.work) if project is not None and project.snapshot is not None else None
        if project is not None and path is not None:
            self._read(path, lambda snapshot: self._runs.open(project.with_other(snapshot, Path(path).stem)))

    def _read(self, path: str, show: Callable[[Snapshot], None]) -> None:
        self._reading.forget()  # only what was asked for last
        self._reading.take(lambda: codec.load(path), show, self._refuse, is_large=codec.is_large(path))

    def _refuse(self, error: Exception) -> None:
        if not isinstance(error, QvizError):
            raise error
        self.failed.emit(error)

    def _forget(self) -> None:
        if self.project is not None:
            self._parting.take(self.project.stages)
        self._history = History()
        self.navigation.forget()
        self.work.inspector.show_nothing()
        self.work.setup.show_model(None)
        self.work.outline.show_modules(())
        folding.forget()

    def refresh(self) -> None:
        """Show the project as it is now."""
        if self.project is not None:
            self.work.setup.show_plan(self.project.plan)
            self.work.show_project(self.project, self._theme)
        self.changed.emit()

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""
        self._theme = theme
        self.work.set_theme(theme)
        if self.project is not None:
            self.work.show_project(self.project, theme)

    def run(self) -> None:
        """Run the flow."""
        self._runs.start()

    def compare(self) -> None:
        """Compare the flows on the open model, in a window of its own."""
        if self.project is None or not self._runs.may_run():
            return
        sheet = ComparisonSheet(self.project.plan, compared(self.project.plan.source), self._theme, self.work.window())
        sheet.flow_chosen.connect(self.on_comparison_flow_chosen)
        sheet.show()

    def undo(self) -> None:
        """Take back the last choice; the result stays until the next run."""
        if self.project is not None:
            self.project.plan = self._history.undo(self.project.plan)
            self.refresh()

    def redo(self) -> None:
        """Bring back the choice that was taken back last."""
        if self.project is not None:
            self.project.plan = self._history.redo(self.project.plan)
            self.refresh()

    def cancel(self) -> None:
        """Cancel the run."""
        self._runs.cancel()

    def save(self) -> None:
        """Save the result."""
        if self.project is not None and (snapshot := self.project.document) is not None:
            self._say("Saved as", lambda: save_result(self.work, snapshot))

    def export(self) -> None:
        """Export a picture of the stages in view."""
        if (project := self.project) is not None:
            self._say("Exported to", lambda: export_picture(self.work, project, self._theme.name))

    def copy_picture(self) -> None:
        """Copy a picture of the stages in view."""
        if (project := self.project) is not None:
            self._say("Copied:", lambda: copy_picture(project, self._theme.name))

    def copy_python(self) -> None:
        """Put a script that does the run without qviz on the clipboard."""
        if self.project is not None and (snapshot := self.project.snapshot) is not None:
            QGuiApplication.clipboard().setText(snapshot.run.python)
            self.work.notice.tell("info", "The script is on the clipboard.")

    def _say(self, done: str, act: Callable[[], str | None]) -> None:
        try:
            path = act()
        except QvizError as error:
            self.failed.emit(error)
            return
        if path:
            self.work.notice.tell("info", f"{done} {path}")

    def show_stage(self, side: str, name: str) -> None:
        """Show a stage on a side; what was selected there is now what it is in this stage."""
        if self.project is None or self.project.stage(name) is None:
            return
        before, self.project.shown[side] = self.project.shown[side], name
        if before is not None and before != name:
            self.project.follow(side, before)
        self.refresh()
        self._select_again()

    def _select_again(self) -> None:
        """Mark the selection where canvases got another stage, without moving them."""
        if self.project is not None and self.project.selected is not None:
            side, node_id = self.project.selected
            self.work.panes.select(side, node_id, reveal=False)
            self.on_panes_selected(side, node_id)
        else:
            self.work.inspector.show_nothing()

    def step_stage(self, by: int) -> None:
        """Show the next or previous stage on the right."""
        if self.project is None or not self.project.stages:
            return
        names = [stage.name for stage in self.project.stages]
        side = "right" if self.project.shown["right"] else "left"
        here = names.index(self.project.shown[side] or names[0])
        self.show_stage(side, names[max(0, min(len(names) - 1, here + by))])

    def swap(self) -> None:
        """Swap before and after."""
        if self.project is not None and self.project.shown["right"] is not None:
            self.project.swap()
            self.refresh()
            self._select_again()

    def toggle_link(self) -> None:
        """Let the panes move together, or each by itself."""
        self.work.panes.is_linked = not self.work.panes.is_linked
        self.work.notice.tell(
            "info", f"The panes move {'together' if self.work.panes.is_linked else 'each by itself'}."
        )

    def searched_stage(self) -> Stage | None:
        """Return the stage that search looks at: the one in the pane used last."""
        return self.work.panes.canvas.stage

    def choose_here(self, node_id: str) -> None:
        """Select a node in the pane used last, or where it is shown."""
        if self.project is not None and (stage := self.searched_stage()) is not None:
            self.choose(stage.name, node_id)

    def choose(self, stage: str, node_id: str) -> None:
        """Select a node of a stage, showing the stage first if need be."""
        if self.project is None or self.project.stage(stage) is None:
            return
        shown = [side for side in SIDES if self.project.shown[side] == stage]
        if not shown:
            self.show_stage("right", stage)
            shown = ["right"]
        self.work.panes.select(shown[0], node_id)
        self.on_panes_selected(shown[0], node_id)

    def on_setup_plan_changed(self, plan: Plan) -> None:
        """Take the choice; the result stays until the next run."""
        if self.project is not None:
            self._history.record(self.project.plan, plan)
            self.project.plan = plan
            self.changed.emit()

    def on_comparison_flow_chosen(self, plan: Plan) -> None:
        """Run a flow that was compared."""
        if self.project is not None:
            self.on_setup_plan_changed(plan)
            self._runs.start()

    def on_panes_selected(self, side: str, node_id: str) -> None:
        """Show the selected node in the inspector, the code and the outline."""
        if self.project is None:
            return
        stage = self.project.stage(self.project.shown[side])
        if stage is None or not node_id:
            self.project.selected = None
            self.work.inspector.show_nothing()
            return
        self.project.selected = (side, node_id)
        self.navigation.visit(stage.name, node_id)
        self.work.inspector.show_node(self.project, stage.name, node_id)
        self.work.code.show_stage(stage)
        self.work.code.show_node(node_id)
        self.work.outline.show_selected(next((n.place for n in stage.graph.nodes if n.id == node_id), ""))
        self.changed.emit()

    def on_inspector_copied(self, text: str) -> None:
        """Put text on the clipboard."""
        QGuiApplication.clipboard().setText(text)

    def on_inspector_source_requested(self, file: str, line: int) -> None:
        """Open the user's editor."""
        try:
            open_in_editor(file, line, self._settings.editor)
        except QvizError as error:
            self.failed.emit(error)

"""Shows the inputs page in the place of the panes, and asks an engine what the model takes."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from qviz.document import plan_file
from qviz.document.said import Said
from qviz.errors import QvizError
from qviz.session.input_rows import missing
from qviz.session.project import Project
from qviz.sources.model_list import ModelList, model_list
from qviz.ui.process.engines import Engines
from qviz.ui.shell.files import ask_for_plan
from qviz.ui.shell.open_project import OpenProject
from qviz.ui.shell.run_shelf import RunShelf
from qviz.ui.shell.runs import Runs
from qviz.ui.shell.workspace import Workspace
from qviz.wire import elsewhere, interpreter
from qviz.wire.messages import CallGuessed, CallTried, Report, RunRejected
from qviz.words import tr

if TYPE_CHECKING:
    from qviz.document.plan import Plan
    from qviz.ui.panels.inputs_page import InputsPage


class InputsDesk(QObject):
    """The inputs of the open project.

    Signals:
        emptied: The page of a model that never ran was left, and nothing was open before.
        failed: A `QvizError` to tell the user.
    """

    emptied = Signal()
    failed = Signal(object)

    def __init__(
        self,
        parent: QObject,
        project: OpenProject,
        engines: Engines,
        runs: Runs,
        work: Workspace,
        shelf: RunShelf,
    ) -> None:
        super().__init__(parent)
        self._shelf, self._kept = shelf, shelf.memory
        self._open, self._engines, self._runs, self._work = project, engines, runs, work
        self._page: InputsPage | None = None
        self._before: Project | None = None
        self._is_draft = False
        self._tries_on = False
        self._asked_source = ""
        project.replaced.connect(self.on_project_replaced)
        project.edited.connect(self.on_project_replaced)
        runs.inputs_needed.connect(self.on_runs_inputs_needed)
        engines.answered.connect(self.on_engines_answered)
        engines.answer_died.connect(self.on_engines_answer_died)

    @property
    def page(self) -> InputsPage:
        """The page; made when it is needed first."""
        if self._page is None:
            from qviz.ui.panels.inputs_page import InputsPage

            self._page = InputsPage()
            self._page.plan_changed.connect(self._work.setup.take_plan)
            self._page.guess_requested.connect(self.guess)
            self._page.try_requested.connect(self.try_call)
            self._page.run_requested.connect(self.run)
            self._page.save_requested.connect(self.save)
            self._page.closed.connect(self.close)
        return self._page

    @property
    def is_shown(self) -> bool:
        """Whether the page stands in the place of the panes."""
        return self._page is not None and self._work.surroundings.center.page is self._page

    def leave(self) -> None:
        """Remember what is open, for when a model that is opened now is given up."""
        self._before, self._kept = self._open.value, self._shelf.memory

    def show_draft(self, found: ModelList | None) -> None:
        """Show the page for a model that was opened and has not run; leaving it goes back to what was open before.

        Args:
            found: What its file offers.
        """
        self._is_draft = True
        self._show(found)

    def show(self) -> None:
        """Show the page for the open project."""
        if self._open.value is not None:
            self._is_draft = False
            self._show(models_of(self._open.value.plan.source))

    def _show(self, found: ModelList | None) -> None:
        project = self._open.value
        if project is None:
            return
        self.page.show_model(project.plan, found)
        self._work.surroundings.center.show_page(self.page)
        self.page.setFocus()
        if self._runs.is_allowed and not self._runs.is_running:
            self.guess()

    def close(self) -> None:
        """Show the panes again; of a model that never ran, what was open before."""
        if not self.is_shown:
            return
        self._work.surroundings.center.show_page(None)
        if self._engines.is_asked and not self._engines.is_running:
            self._engines.cancel()  # nobody waits for the answer, which may never come
        if self._is_draft:
            self._is_draft = False
            self._go_back()
        else:
            self._work.panes.take_focus()

    def _go_back(self) -> None:
        before, self._before = self._before, None
        if before is None:
            self.emptied.emit()
            return
        self._runs.open(before)
        self._shelf.bring_back(self._kept)

    def run(self) -> None:
        """Run the flow; the page stays until it runs."""
        self._runs.start()

    def guess(self) -> None:
        """Have the model built and its inputs guessed, once its code may run."""
        plan = self._asked_plan()
        if plan is not None:
            self.page.show_allowed(True)
            self.page.calls.show_working(tr("Building the model and guessing its inputs…"))
            self._tries_on = True
            self._engines.guess_call(plan)

    def try_call(self) -> None:
        """Have the model called once on the inputs."""
        plan = self._asked_plan()
        if plan is not None:
            self.page.calls.show_working(tr("Calling the model…"))
            self._engines.try_call(plan)

    def _asked_plan(self) -> Plan | None:
        """Return the plan, if its model may run; None where something is still to be filled in."""
        project = self._open.value
        if project is None or self.page.choice.complain():
            return None
        self._asked_source = project.plan.source
        return project.plan if self._runs.may_run() else None

    def save(self) -> None:
        """Save source, flow, inputs and the rest of the plan beside the model."""
        project = self._open.value
        if project is None:
            return
        source = project.plan.source
        found = models_of(source)
        beside = (
            Path(found.file).with_suffix(plan_file.SUFFIX) if found is not None and found.file else Path("plan.toml")
        )
        try:
            if path := ask_for_plan(self._work, str(beside)):
                plan_file.save(project.plan, path)
                self._work.inform(tr("Saved as {file}. Opening it takes the same inputs.", file=Path(path).name))
        except QvizError as error:
            self.failed.emit(error)

    def on_project_replaced(self) -> None:
        """Follow the plan; give way to a run."""
        project = self._open.value
        if project is None or not self.is_shown:
            return
        if self._runs.is_running:
            self._is_draft, self._before = False, None
            self._work.surroundings.center.show_page(None)
        else:
            self.page.show_plan(project.plan)

    def on_runs_inputs_needed(self, report: RunRejected) -> None:
        """Show the page where a run could not begin without inputs, or with those it had."""
        self.show()
        if not self._engines.is_asked:
            self.page.calls.show_fault(report.text, report.hint)

    def on_engines_answered(self, report: Report) -> None:
        """Show what the engine found out."""
        project = self._open.value
        if not self.is_shown or project is None or project.plan.source != self._asked_source:
            return  # another model is chosen by now
        match report:
            case CallGuessed():
                self.page.show_call(report.call)
                self.page.calls.show_nothing()
                if self._tries_on and not missing(self.page.rows):
                    self.try_call()
                self._tries_on = False
            case CallTried():
                self.page.calls.show_tried(report.tried)
            case RunRejected():
                self._work.log.add(report.traceback)
                self.page.calls.show_fault(report.text, report.hint)

    def on_engines_answer_died(self, how: Said) -> None:
        """Say that the model ended its engine; another one stands ready."""
        if self.is_shown:
            self.page.calls.show_fault(how.message, tr("You can keep working."))


def models_of(source: str) -> ModelList | None:
    """Return what the file of a source offers; None where it is a file of another machine."""
    return None if elsewhere.chosen() else model_list(source, folders())


def folders() -> list[str]:
    """Return where modules are looked for before anything runs."""
    is_own = interpreter.VARIABLE not in os.environ  # of another interpreter only the folder is known here
    return [*(sys.path if is_own else ()), os.getcwd()]

"""Runs the project's plan and feeds what arrives to the workspace."""

from __future__ import annotations

import logging
import os
import time

from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal

from qviz.analysis.tables.outline import OutlineRow
from qviz.document import plan_file
from qviz.document.flows import flow
from qviz.document.run_steps import STARTING_ENGINE, step_text, stopped
from qviz.document.said import Said
from qviz.document.snapshot import RunError
from qviz.errors import QvizError
from qviz.session.project import Project
from qviz.sources.files import absolute
from qviz.trust.references import NamedBy
from qviz.ui.panels.failure import failed_at
from qviz.ui.panels.run_progress import RunStep
from qviz.ui.process.engines import Engines
from qviz.ui.process.file_watch import FileWatch
from qviz.ui.settings import Settings
from qviz.ui.shell.files import may_run, may_watch
from qviz.ui.shell.open_project import OpenProject
from qviz.ui.shell.workspace import Workspace
from qviz.wire import elsewhere
from qviz.wire.messages import EngineReady, ModelLoaded, Report, RunFinished, RunRejected, StageReached, StepStarted
from qviz.words import names, tr, trn
from qviz.words.formats import joined

_log = logging.getLogger(__name__)


def recent_text(flow: str | None, findings: int, error: RunError | None) -> str:
    """Return what the first page says of a source that was open: its flow and what came of it."""
    known = {"flow": flow or "captured"}
    if error is not None:
        return tr("{flow} · {step}", **known, step=step_text(error.step, "failed"))
    return trn(findings, "{flow} · {count} finding", "{flow} · {count} findings", **known)


class Runs(QObject):
    """Starts and cancels runs, and puts what arrives into the open project.

    Signals:
        started: A run begins.
        ended: The `Project` with what came of a run, however it ended.
        left: A run at work came to nothing: it was rejected, or another was begun in its place.
        inputs_needed: The `RunRejected` of a run that lacks inputs, or whose inputs do not fit.

    Attributes:
        reruns: The file whose every save the user lets run; None for none.
    """

    started = Signal()
    ended = Signal(object)
    left = Signal()
    inputs_needed = Signal(object)

    def __init__(
        self, parent: QObject, project: OpenProject, engines: Engines, workspace: Workspace, settings: Settings
    ) -> None:
        super().__init__(parent)
        self._open = project
        self._engines = engines
        self._workspace = workspace
        self._settings = settings
        self._step = STARTING_ENGINE
        self._began = 0.0
        self._watch = FileWatch(self)
        self._watch.saved.connect(self.on_watch_saved)
        self.reruns: str | None = None
        self._is_rerun = False
        self._before: Project | None = None
        engines.report_received.connect(self.on_engines_report_received)
        engines.run_died.connect(self.on_engines_run_died)
        engines.printed.connect(workspace.log.add)
        workspace.progress.cancel.clicked.connect(self.cancel)
        workspace.failure.run_again.connect(self.start)
        workspace.setup.plan_loaded.connect(lambda plan: settings.consent.loaded(plan))  # noqa: PLW0108 - made late

    @property
    def is_running(self) -> bool:
        """Whether a run is at work."""
        return self._engines.is_running

    def open(self, project: Project) -> None:
        """Take a project that was opened; a run at work ends."""
        if self.is_running:
            self._engines.cancel()
            self.left.emit()
        self._workspace.progress.hide()
        self._workspace.notice.clear()
        self._watch.watch(None)
        self._is_rerun = False
        self._before = None
        self._open.replace(project)

    def may_run(self) -> bool:
        """Tell whether there is a model that may run; asks about what the user neither named nor allowed."""
        project = self._open.value
        if project is None or not project.plan.source:
            return False
        is_foreign = project.plan.source == project.foreign_source
        otherwise = NamedBy.DOCUMENT if is_foreign else NamedBy.FILE
        try:
            return may_run(self._workspace, project.plan, self._settings.consent, otherwise)
        except QvizError as error:
            self._workspace.notice.tell("error", error.message, error.hint)
            return False

    @property
    def is_allowed(self) -> bool:
        """Whether the code of the open model may run without another question."""
        project = self._open.value
        if project is None:
            return False
        try:
            return not self._settings.consent.listing(project.plan).asked
        except QvizError:  # a file is not there
            return False

    def start(self) -> None:
        """Run the project's plan from its beginning."""
        if self._open.value is None or not self.may_run():
            return
        before = self._open.value
        project = before.restarted()
        self.open(project)
        self._before = before if before.snapshot is not None else None
        self._step = STARTING_ENGINE
        self._began = time.monotonic()
        self._workspace.progress.show_step(RunStep(STARTING_ENGINE))
        self.started.emit()
        self._engines.run(project.plan)
        self._open.replaced.emit()  # it runs now

    def offer(self) -> None:
        """Say that the plan is another than that of the result, and offer to run it."""
        if (project := self._open.value) is not None and not self.is_running:
            chosen = flow(project.plan.flow)
            title = names.flow(chosen.id, chosen.title) if chosen is not None else tr("Capture only")
            told = tr("The next run uses {flow}.", flow=title)
            self._workspace.notice.tell("info", told, "", ((tr("Run"), self.start),))

    def cancel(self) -> None:
        """Kill the run; the stages received stay."""
        project = self._open.value
        if project is None or not self.is_running:
            return
        self._engines.cancel()
        self._workspace.progress.hide()
        reached = joined(names.stage(stage.name) for stage in project.stages)
        kept = tr("These stages are kept: {stages}.", stages=reached) if reached else tr("No stage was reached.")
        self._workspace.notice.tell("info", tr("The run was canceled."), kept, ((tr("Run again"), self.start),))
        self._open.replace(project.interrupted())
        self._tell_ended()

    def on_engines_report_received(self, report: Report) -> None:
        """Show what arrived."""
        project = self._open.value
        if project is None:
            return
        match report:
            case StepStarted():
                self._step = report.step
                self._workspace.progress.show_step(RunStep(report.step, report.done, report.total))
            case ModelLoaded():
                self._workspace.setup.show_model(report)
                self._workspace.outline.show_modules(OutlineRow(*each) for each in report.tree)
                self._watch.watch(None if elsewhere.chosen() else report.file)
            case StageReached():
                self._open.replace(project.with_stage(report))
            case RunFinished():
                self._finish(project, report)
            case RunRejected():
                self.left.emit()
                self._workspace.progress.hide()
                self._workspace.log.add(report.traceback)
                is_of_inputs = report.option.startswith("--input")
                if not is_of_inputs:
                    self._workspace.notice.tell("error", report.text, report.hint)
                # Nothing came of it, so that the result before it stays, with the plan as it was edited.
                self._open.replace(self._before.with_plan(project.plan) if self._before is not None else project)
                if is_of_inputs:
                    self.inputs_needed.emit(report)
            case EngineReady():
                pass

    def _finish(self, project: Project, report: RunFinished) -> None:
        self._workspace.setup.show_result(report.run.config, project.received.plan.rules)
        self._workspace.progress.hide()
        error = report.run.error
        for note in report.notes:
            self._workspace.log.add(note)
        if error is not None:
            self._workspace.log.add(error.traceback or "")
        about = recent_text(report.run.flow, len(report.findings), error)
        source = absolute(project.plan.source)
        self._settings.remember(source, about, plan_file.write(replace(project.received.plan, source=source)))
        finished = project.finished(report, time.monotonic() - self._began)
        if error is not None and self._keep_last(finished, failed_at(error)):
            return
        self._open.replace(finished)
        self._tell_ended()
        if report.findings or error is not None:
            self._workspace.reveal_findings(error, report.findings)
        if error is not None:
            self._workspace.tell_failure(error)

    def _tell_ended(self) -> None:
        if self._open.value is not None:
            self.ended.emit(self._open.value)

    def on_engines_run_died(self, how: Said) -> None:
        """Keep what there is and offer to run again."""
        project = self._open.value
        if project is None:
            return
        self._workspace.progress.hide()
        kept = tr("The stages that were reached are kept. Run again, or read the Log tab.")
        hint = kept if project.stages else tr("Run again, or read the Log tab.")
        message = tr("{death} {during}.", death=how.message, during=step_text(self._step, "during"))
        interrupted = project.interrupted(stopped(self._step, "EngineDied", how))
        if self._keep_last(interrupted, message):
            return
        self._open.replace(interrupted)
        self._tell_ended()
        self._workspace.notice.tell("error", message, hint, ((tr("Run again"), self.start),))

    def toggle_reruns(self) -> None:
        """Run again at every save of the model's file, once the user allowed it; or no longer."""
        file, project = self._watch.file, self._open.value
        if project is None:
            return
        if self.reruns is not None:
            self._settings.consent.watch(project.plan, is_on=False)
            told = tr("{file} is no longer watched.", file=os.path.basename(self.reruns))
            self.reruns = None
        elif file is None:
            told = tr("This model comes from no file of this machine, or has not run yet.")
        elif may_watch(self._workspace, file):
            self.reruns = file
            self._settings.consent.watch(project.plan, is_on=True)
            told = tr("{file} runs again whenever it is saved.", file=os.path.basename(file))
        else:
            return
        self._workspace.inform(told)
        self._open.edited.emit()  # the status bar says what is watched

    def on_watch_saved(self, path: str) -> None:
        """Run again where the user lets every save run; else offer it."""
        if path == self.reruns:
            self.rerun()
            return
        told = tr("{file} has changed.", file=os.path.basename(path))
        self._workspace.notice.tell("info", told, "", ((tr("Run again"), self.start),))

    def rerun(self) -> None:
        """Run again; where that fails, the last result stays on the screen."""
        last, file = self._before if self.is_running else None, self._watch.file
        self.start()
        self._watch.watch(file)  # also while nothing has told yet which file the model is of
        self._is_rerun = self.is_running
        self._before = self._before or last  # a save in the midst of a rerun: what ran before both is the last result

    def _keep_last(self, failed: Project, told: str) -> bool:
        """Show the last result again in the place of a rerun that failed; return whether there is one."""
        if not self._is_rerun or self._before is None:
            return False
        self.ended.emit(failed)
        self._open.replace(self._before.with_plan(failed.plan))
        hint = tr("The last result stays. The failed run is in the list of runs.")
        self._workspace.notice.tell("error", told, hint, ((tr("Run again"), self.start),))
        return True

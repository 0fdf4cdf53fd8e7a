"""Keeps the runs of the open model, and shows one again, or two side by side."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from qviz.session.kept_runs import ShelvedRun, ShelvedRuns, difference
from qviz.session.project import Project
from qviz.ui.panels.run_list import RunList
from qviz.ui.shell.open_project import OpenProject
from qviz.ui.shell.runs import Runs
from qviz.words import tr
from qviz.words.formats import gain


class RunShelf(QObject):
    """The kept runs.

    Signals:
        plan_viewed: The `Plan` before, and that of the run which is viewed now.
        refreshed: Other runs are kept, or another is on screen.
        compared: Two runs stand side by side; what parts them, in a sentence.
    """

    plan_viewed = Signal(object, object)
    refreshed = Signal()
    compared = Signal(str)

    def __init__(self, parent: QObject, project: OpenProject, runs: Runs, listed: RunList) -> None:
        super().__init__(parent)
        self._open, self._runs, self._list = project, runs, listed
        runs.ended.connect(self.keep)
        self.kept = ShelvedRuns()
        listed.viewed.connect(self.view)
        listed.compared.connect(self.compare)
        listed.renamed.connect(lambda number, name: self._take(self.kept.renamed(number, name)))
        listed.pinned.connect(lambda number, is_pinned: self._take(self.kept.pinned(number, is_pinned)))
        listed.removed.connect(lambda number: self._take(self.kept.removed(number)))

    @property
    def is_running(self) -> bool:
        """Whether a run is at work."""
        return self._runs.is_running

    def forget(self) -> None:
        """Begin anew, for another model."""
        self._take(ShelvedRuns())

    def bring_back(self, kept: ShelvedRuns) -> None:
        """Show the runs of a model that is open again."""
        self._take(kept)

    def keep(self, project: Project) -> None:
        """Keep a run that ended, or a result that was opened."""
        if project.snapshot is not None:
            self._take(self.kept.kept(project))

    def refresh(self) -> None:
        """Show which run is on screen, and remember what is shown of it."""
        project = self._open.value
        if project is not None and self.kept.shown(project) is not None:
            self.kept = self.kept.updated(project)
        self._list.show_runs(self.kept, self.kept.shown(project))
        self.refreshed.emit()

    def view(self, number: int) -> None:
        """Show a run again, with the plan that it was made with."""
        run, now = self.kept.run(number), self._open.value
        # What arrives of a run at work goes into the project on screen.
        if run is None or now is None or self._runs.is_running:
            return
        if run.project.snapshot is not now.snapshot:
            self.plan_viewed.emit(now.plan, run.project.plan)
            self._open.replace(run.project)

    def step(self, way: int) -> None:
        """Show the run after the one on screen, by 1, or the one before, by -1."""
        shown, runs = self.kept.shown(self._open.value), self.kept.runs
        if shown is not None and 0 <= (place := runs.index(shown) - way) < len(runs):
            self.view(runs[place].number)

    def compare(self, number: int) -> None:
        """Show the last stage of the run on screen, and that of another beside it."""
        run, now = self.kept.run(number), self._open.value
        if run is None or now is None or now.snapshot is None or self._runs.is_running:
            return
        if run.project.document is None:
            return
        shown = self.kept.shown(now)
        if shown is run:
            return
        is_before = shown is not None and number < shown.number
        self._open.replace(now.with_other(run.project.document, tr("Run {number}", number=number), is_before))
        if shown is not None:
            self.compared.emit(_told(*sorted((run, shown), key=lambda each: each.number)))

    def compare_before(self) -> None:
        """Compare the run on screen with the one before it."""
        shown, runs = self.kept.shown(self._open.value), self.kept.runs
        if shown is not None and (place := runs.index(shown) + 1) < len(runs):
            self.compare(runs[place].number)

    def _take(self, kept: ShelvedRuns) -> None:
        self.kept = kept
        self.refresh()


def _told(before: ShelvedRun, after: ShelvedRun) -> str:
    """Return what a run does otherwise than an earlier one, and what that did to its output."""
    what = difference(before.project.plan, after.project.plan)
    known = {"after": after.number, "before": before.number, "what": what}
    was, now = before.sqnr_db, after.sqnr_db
    if was is None or now is None:
        return tr("Run {after} against Run {before}: {what}.", **known)
    gained = gain(round(now - was, 1))
    return tr("Run {after} against Run {before}: {what}. Output SQNR {gain}.", gain=gained, **known)

"""Accepts findings in the baseline of `qviz check`, or accepts them no longer; each can be undone."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from qviz.analysis.verdicts.acceptance import Acceptance
from qviz.analysis.verdicts.finding_places import FindingPlaces
from qviz.document.baseline import Baseline, read_baseline, write_baseline
from qviz.document.snapshot import Snapshot
from qviz.errors import QvizError
from qviz.sources.files import absolute
from qviz.sources.kinds import code_file
from qviz.ui.settings import Settings
from qviz.ui.shell.files import ask_for_baseline
from qviz.ui.shell.open_project import OpenProject
from qviz.ui.shell.workspace import Workspace
from qviz.words import tr, trn


class Accepting(QObject):
    """The baseline of the open model.

    Signals:
        failed: A `QvizError` to tell the user.
    """

    failed = Signal(object)

    def __init__(self, parent: QObject, project: OpenProject, work: Workspace, settings: Settings) -> None:
        super().__init__(parent)
        self._open, self._work, self._settings = project, work, settings
        self._marked: Snapshot | None = None
        project.replaced.connect(self.on_project_replaced)

    @property
    def _source(self) -> str:
        return absolute(self._open.value.received.plan.source) if self._open.value is not None else ""

    @property
    def _path(self) -> Path | None:
        known = self._settings.baseline(self._source) if self._source else ""
        return Path(known) if known else None

    def accept(self) -> None:
        """Accept the findings of the selected rows; where all are accepted, accept them no longer."""
        project, chosen = self._open.value, self._work.findings.chosen()
        if project is None or project.snapshot is None or not chosen:
            self._work.inform(tr("Select a finding first."))
            return
        if self._path is None:
            self.choose_file()
        path = self._path
        if path is None:
            return
        try:
            before = _read(path)
            acceptance = Acceptance(before, FindingPlaces(project.snapshot))
            if all(acceptance.entries(each) for each in chosen):
                told = tr("No longer accepted in {file}", file=path.name)
                self._write(path, acceptance.without(chosen))
            else:
                told = trn(len(chosen), "Accepted in {file}", "{count} findings accepted in {file}", file=path.name)
                self._write(path, acceptance.with_accepted(chosen))
        except QvizError as error:
            self.failed.emit(error)
            return
        undo = partial(self._take_back, path, before)
        self._work.notice.tell("info", told, "", ((tr("Undo"), undo),))

    def choose_file(self) -> None:
        """Ask for the file of the baseline, and show what it accepts."""
        project = self._open.value
        if project is None or project.snapshot is None:
            return
        file = code_file(self._source)
        beside = str(self._path.parent) if self._path is not None else os.path.dirname(file or "") or os.getcwd()
        path = ask_for_baseline(self._work, beside)
        if path is None:
            return
        try:
            _read(Path(path))
        except QvizError as error:
            self.failed.emit(error)
            return
        self._settings.keep_baseline(self._source, path)
        self._mark()

    def _take_back(self, path: Path, before: Baseline | None) -> None:
        try:
            if before is None:
                path.unlink(missing_ok=True)
                self._mark()
            else:
                self._write(path, before)
        except OSError as error:
            self.failed.emit(QvizError(tr("{path} could not be removed", path=path), str(error)))
        except QvizError as error:
            self.failed.emit(error)

    def _write(self, path: Path, baseline: Baseline) -> None:
        write_baseline(baseline, path)
        self._mark()

    def on_project_replaced(self) -> None:
        """Show what is accepted of another run."""
        snapshot = self._open.value.snapshot if self._open.value is not None else None
        if snapshot is not self._marked:
            self._mark()

    def _mark(self) -> None:
        """Show which findings are accepted; a baseline that cannot be read accepts none, until one is added."""
        snapshot = self._open.value.snapshot if self._open.value is not None else None
        self._marked = snapshot
        path = self._path
        try:
            baseline = _read(path) if path is not None else None
        except QvizError:
            baseline = None
        if snapshot is None or baseline is None:
            self._work.findings.show_accepted(())
            return
        acceptance = Acceptance(baseline, FindingPlaces(snapshot))
        self._work.findings.show_accepted(each for each in snapshot.findings if acceptance.entries(each))


def _read(path: Path) -> Baseline | None:
    """Return the baseline of a file; None where there is no such file yet."""
    return read_baseline(path) if path.exists() else None

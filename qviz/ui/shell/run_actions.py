"""What the menu of a run offers beside showing it: its script, its plan as a file, dropping it on a pane."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal

from qviz.document import plan_file
from qviz.errors import QvizError
from qviz.session.copied_script import copied_script
from qviz.session.kept_runs import ShelvedRun
from qviz.session.sides import Side
from qviz.ui.clipboard import copy_text
from qviz.ui.panels.run_row import RunTarget
from qviz.ui.shell.files import ask_for_plan
from qviz.ui.shell.run_pairs import RunPairs
from qviz.ui.shell.run_shelf import RunShelf
from qviz.ui.shell.workspace import Workspace
from qviz.words import tr


class RunActions(QObject):
    """Copies and saves what a run was made with, and takes runs that are dropped on a pane.

    Signals:
        failed: A `QvizError` to tell the user.
    """

    failed = Signal(object)

    def __init__(self, parent: QObject, shelf: RunShelf, pairs: RunPairs, work: Workspace) -> None:
        super().__init__(parent)
        self._shelf, self._pairs, self._work = shelf, pairs, work
        work.runs.copied.connect(self.copy_python)
        work.runs.filed.connect(self.save_plan)
        shelf.told.connect(work.inform)
        shelf.removed.connect(self.offer_undo)
        for side, pane in work.panes.panes.items():
            RunTarget(pane).dropped.connect(partial(pairs.place, side))

    @property
    def chosen(self) -> int:
        """The run that commands are about: the one whose row has the keys, or the one on screen; 0 for none."""
        return self._work.runs.focused or self._shelf.number

    def place(self, side: Side) -> None:
        """Show the run whose row has the keys in a pane; without one, compare the run on screen with the one before."""
        runs, focused = [each.number for each in self._shelf.kept.runs], self._work.runs.focused
        if focused is not None:
            self._pairs.place(side, focused)
        elif self._shelf.number in runs and (place := runs.index(self._shelf.number) + 1) < len(runs):
            self._pairs.place(Side.LEFT, runs[place])
        else:
            self._work.inform(tr("There is no run before this one."))

    def offer_undo(self, text: str, bring_back: Callable[[], None]) -> None:
        """Say that a run is gone, and offer it back."""

        def undo() -> None:
            bring_back()
            self._work.notice.dismiss()

        self._work.notice.tell("info", text, "", ((tr("Undo"), undo),))

    def copy_python(self, number: int) -> None:
        """Put a script that does a run without qviz on the clipboard."""

        def copy(run: ShelvedRun) -> None:
            if run.project.snapshot is not None:
                copy_text(copied_script(run.project))
                self._work.inform(tr("The Python script of Run {number} is on the clipboard.", number=number))

        self._shelf.with_run(number, copy)

    def save_plan(self, number: int) -> None:
        """Ask for a file, and write the plan of a run into it."""
        run = self._shelf.kept.run(number)
        if run is None:
            return
        path = ask_for_plan(self._work)
        if path is None:
            return
        try:
            plan_file.save(run.project.plan, path)
        except QvizError as error:
            self.failed.emit(error)
        else:
            self._work.inform(tr("Saved {name}", name=path))

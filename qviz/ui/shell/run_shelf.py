"""Keeps the runs of the open model, and shows one again, or two side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import accumulate
from typing import NamedTuple

from PySide6.QtCore import QObject, Signal

from qviz.document.snapshot import Snapshot
from qviz.session.kept_runs import RunOrigin, ShelvedRun, ShelvedRuns
from qviz.session.project import Project
from qviz.session.recorded_runs import RestoredSession, run_of, runs_of
from qviz.session.run_pair import RunPair, runs_in_view, told_differences
from qviz.session.run_store import FoundRuns
from qviz.session.sides import Side
from qviz.ui.panels.run_list import ListedRuns, RunList
from qviz.ui.shell.open_project import OpenProject
from qviz.ui.shell.runs import Runs
from qviz.ui.shell.runs_on_disk import DiskMemory, RunsOnDisk
from qviz.words import tr, trn

IN_MEMORY = 2
"""Results that stay in memory however large they are; others are read again when they are to be shown."""
NODES_IN_MEMORY = 20_000
"""Nodes up to which more results stay in memory."""


class ShelfMemory(NamedTuple):
    """What is kept of a model while another is open."""

    kept: ShelvedRuns
    pair: RunPair | None
    disk: DiskMemory


class RunShelf(QObject):
    """The kept runs.

    Attributes:
        kept: The runs.
        pair: The two runs on screen; None where it is one.
        disk: The same runs on disk.

    Signals:
        plan_viewed: The `Plan` before, and that of the run which is viewed now.
        refreshed: Other runs are kept, or another is on screen.
        put_away: The `Stage`s of a result that is on disk alone from now on.
        removed: A text about a run that is gone from the list, and what brings it back.
        told: A text.
        failed: A `QvizError` to tell the user.
    """

    plan_viewed = Signal(object, object)
    refreshed = Signal()
    put_away = Signal(object)
    removed = Signal(str, object)
    told = Signal(str)
    failed = Signal(object)

    def __init__(self, parent: QObject, project: OpenProject, runs: Runs, listed: RunList) -> None:
        super().__init__(parent)
        self._open, self._runs, self._list = project, runs, listed
        self.kept, self.disk = ShelvedRuns(), RunsOnDisk(self)
        self.pair: RunPair | None = None
        self._used: tuple[int, ...] = ()
        self._reading: tuple[int, ...] = ()
        self._asked: object = None
        self._waiting: list[tuple[Project, RunOrigin]] | None = None
        runs.started.connect(self.on_runs_started)
        runs.ended.connect(self.keep)
        listed.viewed.connect(self.view)
        listed.renamed.connect(lambda number, name: self._take(self.kept.renamed(number, name)))
        listed.pinned.connect(lambda number, is_pinned: self._take(self.kept.pinned(number, is_pinned)))
        listed.removed.connect(self.remove)

    @property
    def in_view(self) -> dict[Side, int]:
        """The number of the run in each pane."""
        return runs_in_view(self._open.value, self.kept, self.pair)

    @property
    def is_running(self) -> bool:
        """Whether a run is at work."""
        return self._runs.is_running

    def forget(self) -> None:
        """Begin anew, for another model; what is on disk stays there."""
        self.disk.forget()
        self.pair, self._used, self._reading, self._asked, self._waiting = None, (), (), None, None
        self._take(ShelvedRuns())

    def begin(self, source: str) -> None:
        """Bring back the runs of a source that is opened."""
        self._waiting = [] if self.disk.begin(source, self._list_found) else None

    def on_runs_started(self) -> None:
        """Find out what is run; runs of a model whose inputs were chosen first are brought back now."""
        project = self._open.value
        if project is not None and not self.disk.source:
            self.begin(project.plan.source)
        else:
            self.disk.look()

    @property
    def memory(self) -> ShelfMemory:
        """What is kept of the open model, to come back to it."""
        return ShelfMemory(self.kept, self.pair, self.disk.memory)

    def bring_back(self, memory: ShelfMemory) -> None:
        """Show the runs of a model that is open again."""
        self.pair = memory.pair
        self.disk.come_back(memory.disk)
        self._take(memory.kept)

    def _list_found(self, found: FoundRuns) -> None:
        """List the runs on disk; what ended in the meantime is the newest."""
        waiting, self._waiting = self._waiting or [], None
        self._take(runs_of(found.records))
        if found.damaged:
            self.told.emit(told_damaged(found.damaged))
        for project, origin in waiting:
            known = next((each for each in found.records if each.is_of_file and origin.is_of_file), None)
            if known is None or known.content != self.disk.content or project.snapshot is None:
                self.keep(project, origin=origin._replace(content=self.disk.content))
                continue
            run = run_of(known)
            marked = replace(project, bookmarks=known.bookmarks)
            self.kept = self.kept.put_back(replace(run, project=marked))
            now = self._open.value
            if now is not None and now.snapshot is project.snapshot:
                self._open.replace(replace(now, bookmarks=known.bookmarks))
        self._read_small()

    def keep(self, project: Project, is_of_file: bool = False, origin: RunOrigin | None = None) -> None:
        """Keep a run that ended, or a result that was opened; `origin` is known of one that had to wait."""
        if project.snapshot is None:
            return
        origin = origin or self.disk.origin(is_of_file)
        if self._waiting is not None:
            self._waiting.append((project, origin))
            return
        kept = self.kept.kept(project, origin)
        self.disk.write(kept.runs[0])
        self._take(kept)

    def clear(self) -> None:
        """Forget all runs; what is on screen stays there, and is no longer kept."""
        self.disk.forget_runs()
        self._take(ShelvedRuns(count=self.kept.count))

    def restore(self, session: RestoredSession, source: str) -> None:
        """Take the runs that a window had in its list when it ended; its project is shown by others."""
        self.disk.source = source
        self.disk.take(session.records)
        self.kept, self.pair = session.runs, session.pair
        self.disk.look()
        self._read_small()

    def refresh(self) -> None:
        """Show which runs are on screen, and remember what is shown of them."""
        project = self._open.value
        if project is not None and self.pair is not None and self.pair.is_of(project):
            for number, bookmarks in self.pair.bookmarks_of(project.bookmarks).items():
                self.kept = self.kept.marked(number, bookmarks)
        elif project is not None and self.kept.shown(project) is not None:
            self.kept = self.kept.updated(project)
        panes = self.in_view
        self._used = tuple(dict.fromkeys((*panes.values(), *self._used)))
        self._put_away()
        self.disk.follow(self.kept)
        told = told_differences(self.kept, panes)
        self._list.show_runs(ListedRuns(self.kept, panes, self.disk.content, told))
        self.refreshed.emit()

    def _put_away(self) -> None:
        """Leave few results in memory: those on screen, those looked at last, and what small ones there are."""
        order = {number: place for place, number in enumerate((*self._reading, *self._used))}
        there = [each for each in self.kept.runs if each.is_in_memory]
        there.sort(key=lambda each: order.get(each.number, len(order)))
        nodes = accumulate(each.figures.nodes for each in there)
        must = max(IN_MEMORY, len(self._reading))
        away = [
            run
            for place, (run, many) in enumerate(zip(there, nodes, strict=True))
            if place >= must and many > NODES_IN_MEMORY and self.disk.has(run)
        ]
        self.kept = self.kept.put_away([each.number for each in away])
        for each in away:
            self.put_away.emit(each.project.stages)

    def _read_small(self) -> None:
        """Read results that were brought back, as long as they are small: what compares runs asks for them."""
        nodes = sum(each.figures.nodes for each in self.kept.runs if each.is_in_memory)
        waiting = next((each for each in self.kept.runs if not each.is_in_memory), None)
        if waiting is None or nodes + waiting.figures.nodes > NODES_IN_MEMORY:
            return
        number = waiting.number

        def take(snapshot: Snapshot) -> None:
            self._take(self.kept.taken_out(number, snapshot))
            self._read_small()

        def lose(error: Exception) -> None:
            self._lose(waiting, error)
            self._read_small()

        self.disk.load(waiting, take, lose)

    def view(self, number: int) -> None:
        """Show a run again, with the plan that it was made with."""
        self.with_results((number,), lambda: self._view(number))

    def _view(self, number: int) -> None:
        run, now = self.kept.run(number), self._open.value
        if run is None or now is None or run.project.snapshot is now.snapshot:
            return
        project = run.project
        if now.plan.source == project.plan.source:
            project = replace(project, foreign_source=now.foreign_source)
        self.plan_viewed.emit(now.plan, project.plan)
        self.pair = None
        self._open.replace(project)

    def step(self, way: int) -> None:
        """Show the run after the one on screen, by 1, or the one before, by -1."""
        number, runs = self.number, [each.number for each in self.kept.runs]
        if number in runs and 0 <= (place := runs.index(number) - way) < len(runs):
            self.view(runs[place])

    @property
    def number(self) -> int:
        """The run on screen, of two the one in pane B; 0 for none."""
        panes = self.in_view
        return panes.get(Side.RIGHT, panes.get(Side.LEFT, 0))

    def with_results(self, numbers: tuple[int, ...], then: Callable[[], None]) -> None:
        """Read the results of runs that are on disk alone, then go on, unless something else was asked for since."""
        # What arrives of a run at work goes into the project on screen.
        if self._runs.is_running:
            return
        self._asked = asked = object()
        self._read(numbers, lambda: then() if self._asked is asked and not self._runs.is_running else None)

    def _read(self, numbers: tuple[int, ...], then: Callable[[], None]) -> None:
        self._reading = numbers
        missing = (each for number in numbers if (each := self.kept.run(number)) and not each.is_in_memory)
        run = next(missing, None)
        if run is None:
            then()
            self._reading = ()
            return

        def take(snapshot: Snapshot) -> None:
            self.kept = self.kept.taken_out(run.number, snapshot)
            self._read(numbers, then)

        self.disk.load(run, take, lambda error: self._lose(run, error))

    def _lose(self, run: ShelvedRun, error: Exception) -> None:
        """Take a run out of the list that could not be read."""
        self._reading = ()
        self._take(self.kept.removed(run.number))
        self.failed.emit(error)

    def with_run(self, number: int, act: Callable[[ShelvedRun], None]) -> None:
        """Do something with a run and its result, which may have to be read first."""

        def then() -> None:
            run = self.kept.run(number)
            if run is not None:
                act(run)

        self._read((number,), then)

    def remove(self, number: int) -> None:
        """Delete a run; it can be brought back until the window is closed."""
        run = self.kept.run(number)
        if run is not None:
            self._take(self.kept.removed(number))
            text = tr("Run {number} was deleted.", number=number)
            self.removed.emit(text, lambda: self._take(self.kept.put_back(run)))

    def _take(self, kept: ShelvedRuns) -> None:
        self.kept = kept
        self.refresh()


def told_damaged(count: int) -> str:
    """Return that runs could not be read."""
    return trn(count, "{count} kept run could not be read.", "{count} kept runs could not be read.")

"""The runs of the open model: each is kept with its plan, and named by what it does otherwise than the one before."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from qviz.analysis.ledger.answer import finite
from qviz.document.plan import Plan
from qviz.document.run_steps import step_text
from qviz.document.snapshot import Bookmark, Snapshot
from qviz.session.plan_differences import difference, differences, flow_title
from qviz.session.project import Project
from qviz.session.received import Received
from qviz.session.run_records import NO_FIGURES, RunFigures
from qviz.words import tr, trn
from qviz.words.formats import decibels, size

MOST = 20
"""Runs; of more, the oldest that is not pinned goes."""
MOST_NODES = 200_000
"""Nodes of all runs that are in memory."""


class RunOrigin(NamedTuple):
    """Where a run comes from.

    Attributes:
        content: What the file of the model held: a hash; "" where it names none, or nobody asked.
        ended: When the run ended, in seconds since 1970; 0 where nobody knows.
        is_of_file: Whether the result was opened from a file.
        key: Names its files on disk; "" for none.
    """

    content: str = ""
    ended: float = 0.0
    is_of_file: bool = False
    key: str = ""


HERE = RunOrigin()
"""Of a run of which nothing more is known."""


@dataclass(frozen=True)
class ShelvedRun:
    """One run that ended.

    Attributes:
        number: From 1, in the order in which they ran.
        project: What came of it, with its plan; without the result while that is on disk alone.
        before: The plan of the run before it; None for the first.
        own_name: What the user calls it; "" for none.
        is_pinned: Whether it stays, however many there are.
        figures: What came of it.
        origin: Where it comes from.
        has_new_content: Whether the model's file changed since the run before.
    """

    number: int
    project: Project
    before: Plan | None = None
    own_name: str = ""
    is_pinned: bool = False
    figures: RunFigures = NO_FIGURES
    origin: RunOrigin = HERE
    has_new_content: bool = False

    @property
    def name(self) -> str:
        """What it is called: the user's name, or what it does otherwise."""
        if self.own_name:
            return self.own_name
        if self.before is None:
            return flow_title(self.project.plan)
        if self.has_new_content and not differences(self.before, self.project.plan):
            return tr("the model's file changed")
        return difference(self.before, self.project.plan)

    @property
    def sqnr_db(self) -> float | None:
        """The output's signal to noise; None where it was not measured, or is not finite."""
        return finite(self.figures.sqnr_db)

    @property
    def about(self) -> str:
        """What came of it, in a few words."""
        figures = self.figures
        if figures.stopped_at:
            return step_text(figures.stopped_at, "failed")
        if figures.is_canceled:
            return tr("Canceled")
        known = [] if figures.sqnr_db is None else [decibels(figures.sqnr_db)]
        known += [] if figures.bytes_after is None else [size(figures.bytes_after)]
        return " · ".join(known) or trn(figures.findings, "{count} finding", "{count} findings")

    @property
    def is_in_memory(self) -> bool:
        """Whether its result is there at once."""
        return self.project.snapshot is not None


@dataclass(frozen=True)
class ShelvedRuns:
    """The runs, the newest first; a value, of which every edit returns another."""

    runs: tuple[ShelvedRun, ...] = ()
    count: int = 0

    def kept(self, project: Project, origin: RunOrigin = HERE) -> ShelvedRuns:
        """Return these and a run that ended."""
        last = self.runs[0] if self.runs else None
        is_new = (
            last is not None
            and bool(origin.content and last.origin.content)
            and (origin.content != last.origin.content)
        )
        made = ShelvedRun(
            self.count + 1,
            project,
            last.project.plan if last is not None else None,
            figures=figures_of(project, origin.ended),
            origin=origin,
            has_new_content=is_new,
        )
        return ShelvedRuns(tuple(_within_limits((made, *self.runs))), self.count + 1)

    def updated(self, project: Project) -> ShelvedRuns:
        """Return these, with what is shown of the run of a project, and its bookmarks, as they are now."""
        if project.alone is not None:
            return self  # what is shown is a pair
        return replace(
            self,
            runs=tuple(
                replace(each, project=replace(project, plan=each.project.plan)) if self._is_of(each, project) else each
                for each in self.runs
            ),
        )

    def shown(self, project: Project | None) -> ShelvedRun | None:
        """Return the run whose result a project shows."""
        return next((each for each in self.runs if project is not None and self._is_of(each, project)), None)

    def before(self, project: Project) -> ShelvedRun | None:
        """Return the run before the one that a project shows; of one that has just ended, the newest that is kept."""
        shown = self.shown(project)
        if shown is None:
            return self.runs[0] if self.runs and project.seconds is not None else None
        return next((each for each in self.runs if each.number < shown.number), None)

    def run(self, number: int) -> ShelvedRun | None:
        """Return a run by its number."""
        return next((each for each in self.runs if each.number == number), None)

    def renamed(self, number: int, name: str) -> ShelvedRuns:
        """Return these, with the user's name for a run; an empty one goes back to what qviz calls it."""
        return self._with(number, own_name=name.strip())

    def pinned(self, number: int, is_pinned: bool) -> ShelvedRuns:
        """Return these, with a run that stays, or need not."""
        return self._with(number, is_pinned=is_pinned)

    def marked(self, number: int, bookmarks: tuple[Bookmark, ...]) -> ShelvedRuns:
        """Return these, with other bookmarks of a run."""
        run = self.run(number)
        return self if run is None else self._with(number, project=replace(run.project, bookmarks=bookmarks))

    def taken_out(self, number: int, snapshot: Snapshot) -> ShelvedRuns:
        """Return these, with the result of a run that was on disk alone."""
        run = self.run(number)
        return self if run is None else self._with(number, project=with_result(run.project, snapshot))

    def put_away(self, numbers: Collection[int]) -> ShelvedRuns:
        """Return these, without the results of some runs, which are on disk."""
        return replace(
            self,
            runs=tuple(
                replace(each, project=without_result(each.project)) if each.number in numbers else each
                for each in self.runs
            ),
        )

    def removed(self, number: int) -> ShelvedRuns:
        """Return these without a run."""
        return replace(self, runs=tuple(each for each in self.runs if each.number != number))

    def put_back(self, run: ShelvedRun) -> ShelvedRuns:
        """Return these with a run that was removed, in its place."""
        others = (each for each in self.runs if each.number != run.number)
        return replace(self, runs=tuple(sorted((run, *others), key=lambda each: -each.number)))

    def _with(self, number: int, **fields: str | bool | Project) -> ShelvedRuns:
        runs = (replace(each, **fields) if each.number == number else each for each in self.runs)  # type: ignore[arg-type]
        return replace(self, runs=tuple(runs))

    def _is_of(self, each: ShelvedRun, project: Project) -> bool:
        return each.project.snapshot is not None and each.project.snapshot is project.own_snapshot


def _within_limits(runs: tuple[ShelvedRun, ...]) -> Iterator[ShelvedRun]:
    """Yield the newest runs, and all that are pinned."""
    nodes = 0
    for place, each in enumerate(runs):
        nodes += sum(len(stage.graph.nodes) for stage in each.project.stages)
        if place == 0 or each.is_pinned or (place < MOST and (nodes <= MOST_NODES or not each.is_in_memory)):
            yield each


def figures_of(project: Project, ended: float = 0.0) -> RunFigures:
    """Return what came of a run."""
    snapshot = project.snapshot
    measured = snapshot.measurements if snapshot is not None else None
    return RunFigures(
        ended=ended,
        seconds=project.seconds,
        sqnr_db=measured.sqnr_db.total if measured is not None and measured.sqnr_db is not None else None,
        bytes_after=measured.size[1] if measured is not None and measured.size is not None else None,
        findings=len(project.findings),
        stopped_at=project.error.step if project.error is not None else "",
        nodes=sum(len(stage.graph.nodes) for stage in project.stages),
        is_canceled=snapshot is not None and snapshot.run.status == "cancelled",
    )


def without_result(project: Project) -> Project:
    """Return a project whose result is on disk alone; what was shown of it is remembered."""
    return replace(project, received=Received(project.received.plan), snapshot=None)


def with_result(project: Project, snapshot: Snapshot) -> Project:
    """Return a project with its result again."""
    whole = Project.of_snapshot(snapshot)
    names = {stage.name for stage in snapshot.stages}
    is_there = bool(project.shown.stages) and names.issuperset(project.shown.stages)
    return replace(
        whole,
        plan=project.plan,
        received=replace(whole.received, plan=project.plan),
        shown=project.shown if is_there else whole.shown,
        selected=project.selected if is_there else None,
        foreign_source=project.foreign_source,
        seconds=project.seconds,
        bookmarks=project.bookmarks,
    )

"""Two runs of a model side by side: run A in one pane, run B in the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import msgspec

from qviz.document.snapshot import Bookmark, Snapshot, StageName
from qviz.session.kept_runs import ShelvedRun, ShelvedRuns
from qviz.session.plan_differences import difference, differences
from qviz.session.project import Project
from qviz.session.sides import Shown, Side
from qviz.words import tr
from qviz.words.formats import clauses, gain


@dataclass(frozen=True)
class RunPair:
    """Which runs a result of two runs is of.

    Attributes:
        a: The number of the run in pane A.
        b: The number of the other one, whose stages keep their names: figures and script are its own.
        snapshot: Both results as one.
        own_names: The names of the stages of A in its own run, by those in `snapshot`.
    """

    a: int
    b: int
    snapshot: Snapshot
    own_names: Mapping[StageName, StageName]

    def is_of(self, project: Project | None) -> bool:
        """Tell whether a project shows these two."""
        return project is not None and project.snapshot is self.snapshot

    def own_name(self, name: StageName | None) -> StageName | None:
        """Return what a stage is called in its own run."""
        return None if name is None else self.own_names.get(name, name)

    def bookmarks_of(self, bookmarks: Iterable[Bookmark]) -> dict[int, tuple[Bookmark, ...]]:
        """Return which bookmarks are of which run, with the stages called as there."""
        found: dict[int, tuple[Bookmark, ...]] = {self.a: (), self.b: ()}
        for each in bookmarks:
            own = self.own_names.get(each.stage)
            mark = each if own is None else msgspec.structs.replace(each, stage=own)
            found[self.b if own is None else self.a] += (mark,)
        return found

    def name_of_a(self, own: StageName) -> StageName:
        """Return what a stage of A is called among those of both."""
        return next((name for name, each in self.own_names.items() if each == own), own)


def beside_each_other(a: ShelvedRun, b: ShelvedRun, like: StageName | None = None) -> tuple[Project, RunPair]:
    """Return a project of two runs whose results are in memory, and what it is of.

    Args:
        a: What goes into pane A.
        b: What goes into pane B.
        like: The stage that both show if they have it; else each shows its last one.
    """
    other = a.project.document
    assert other is not None
    both = b.project.with_other(other, tr("Run {number}", number=a.number), is_before=True)
    assert both.snapshot is not None
    names = (stage.name for stage in both.stages)
    own_names = {name: own.name for name, own in zip(names, other.stages, strict=False)}
    pair = RunPair(a.number, b.number, both.snapshot, own_names)
    marked = (msgspec.structs.replace(each, stage=pair.name_of_a(each.stage)) for each in a.project.bookmarks)
    both = replace(both, bookmarks=(*b.project.bookmarks, *marked))
    if like is not None and b.project.stage(like) is not None and like in own_names.values():
        both = replace(both, shown=Shown(pair.name_of_a(like), like))
    return both, pair


def told_pair(before: ShelvedRun, after: ShelvedRun) -> str:
    """Return what a run does otherwise than another, and what that did to its output, as a sentence."""
    what = difference(before.project.plan, after.project.plan)
    known = {"after": after.number, "before": before.number, "what": what}
    was, now = before.sqnr_db, after.sqnr_db
    if was is None or now is None:
        return tr("Run {after} against Run {before}: {what}.", **known)
    gained = gain(round(now - was, 1))
    return tr("Run {after} against Run {before}: {what}. Output SQNR {gain}.", gain=gained, **known)


def runs_in_view(project: Project | None, runs: ShelvedRuns, pair: RunPair | None) -> dict[Side, int]:
    """Return the number of the run in each pane."""
    if project is None:
        return {}
    one = runs.shown(project)
    found: dict[Side, int] = {}
    for side in Side:
        stage = project.shown.on(side)
        if stage is None:
            continue
        if pair is not None and pair.is_of(project):
            found[side] = pair.a if stage in pair.own_names else pair.b
        elif one is not None:
            found[side] = one.number
    return found


def told_differences(runs: ShelvedRuns, in_view: Mapping[Side, int]) -> str:
    """Return in which settings the runs in the panes differ, where it is more than one; "" otherwise."""
    a, b = (runs.run(in_view.get(side, 0)) for side in Side)
    if a is None or b is None or a.number == b.number:
        return ""
    found = differences(a.project.plan, b.project.plan)
    return tr("B differs from A in: {settings}", settings=clauses(found)) if len(found) > 1 else ""


def titles_in_panes(in_view: Mapping[Side, int]) -> dict[Side, str]:
    """Return the title of the run in each pane; none where both show the same."""
    are_two = len(set(in_view.values())) > 1
    return {side: tr("Run {number}", number=number) for side, number in in_view.items()} if are_two else {}


def title_of(runs: ShelvedRuns, in_view: Mapping[Side, int]) -> str:
    """Return what is on screen: ``Run 3``, or two runs with a line between."""
    numbers = dict.fromkeys(in_view[side] for side in Side if side in in_view)
    return " | ".join(tr("Run {number}", number=each) for each in numbers if runs.run(each) is not None)

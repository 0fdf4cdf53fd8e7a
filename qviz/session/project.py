"""What the user has open: the plan, what has arrived of its run, the two stages in view, the selection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import msgspec

from qviz.analysis.linking.beside import beside
from qviz.analysis.linking.changes import Changes, changes
from qviz.analysis.linking.index import LinkIndex
from qviz.document.graph import NodeId
from qviz.document.plan import Plan
from qviz.document.snapshot import Bookmark, Facts, Finding, Link, RunError, Snapshot, Stage, StageName
from qviz.session.received import Received
from qviz.session.sides import NOTHING_SHOWN, Shown, Side
from qviz.wire.messages import RunFinished, StageReached


class SelectedNode(NamedTuple):
    """The node that is selected, on the side where it was."""

    side: Side
    node_id: NodeId


@dataclass(frozen=True)
class Project:
    """One source with the plan for it and the result so far: a value, of which every edit returns another.

    Attributes:
        plan: What a run would do.
        received: What has arrived of the run at work, or of the last one.
        snapshot: The result, once the run ended or a file was opened.
        shown: The stages of the two panes.
        selected: The selection.
        foreign_source: The source that an opened result names; nobody here has asked for it to run.
        seconds: How long the run took; None while it is at work, or where it was opened from a file.
        bookmarks: What the user marked; it outlives a new run of the same source.
        alone: The result without the other one that stands beside it; None where none does.
    """

    plan: Plan
    received: Received
    snapshot: Snapshot | None = None
    shown: Shown = NOTHING_SHOWN
    selected: SelectedNode | None = None
    foreign_source: str | None = None
    seconds: float | None = None
    bookmarks: tuple[Bookmark, ...] = ()
    alone: Snapshot | None = None

    @classmethod
    def of_plan(cls, plan: Plan) -> Project:
        """Return a project that has not run yet."""
        return cls(plan, Received(plan))

    @classmethod
    def of_snapshot(cls, snapshot: Snapshot) -> Project:
        """Return a project of a result that was opened: its first and last stage are shown."""
        run = snapshot.run
        plan = run.plan or Plan(flow=run.flow or None)
        plan = msgspec.structs.replace(plan, source=run.source)
        return cls(
            plan,
            Received(plan, snapshot.stages, snapshot.links, snapshot.facts),
            snapshot,
            Shown(snapshot.stages[0].name, snapshot.stages[-1].name) if snapshot.stages else NOTHING_SHOWN,
            foreign_source=plan.source,
            bookmarks=snapshot.bookmarks,
        )

    def with_other(self, other: Snapshot, label: str, is_before: bool = False) -> Project:
        """Return a project of this result and another; the last stages of both are shown, the earlier on the left."""
        mine = self.own_snapshot
        assert mine is not None
        mine = msgspec.structs.replace(mine, bookmarks=self.bookmarks)
        both = Project.of_snapshot(beside(mine, other, label, is_before))
        if mine.stages and other.stages:
            theirs = both.stages[len(other.stages) - 1 if is_before else -1].name
            here = Shown(mine.stages[-1].name, theirs)
            both = replace(both, shown=here.swapped if is_before else here)
        received = replace(both.received, plan=self.received.plan)  # what is on screen was made with that
        return replace(
            both,
            plan=self.plan,
            received=received,
            foreign_source=self.foreign_source,
            seconds=self.seconds,
            alone=self.own_snapshot,
        )

    @property
    def own_snapshot(self) -> Snapshot | None:
        """The result of the project's own run, whether another stands beside it or not."""
        return self.alone or self.snapshot

    def restarted(self) -> Project:
        """Return a project for a new run of the plan."""
        return Project(self.plan, Received(self.plan), bookmarks=self.bookmarks)

    def with_plan(self, plan: Plan) -> Project:
        """Return the project with other choices; the result stays until the next run."""
        return replace(self, plan=plan)

    def with_stage(self, report: StageReached) -> Project:
        """Return the project with a stage that arrived: the first goes left, each newer one right."""
        side = Side.LEFT if self.shown.left is None else Side.RIGHT
        shown = self.shown.showing(side, report.stage.name)
        return replace(self, received=self.received.with_stage(report), shown=shown)

    def finished(self, report: RunFinished, seconds: float) -> Project:
        """Return the project with the result of its run."""
        return replace(self, snapshot=self.received.finished(report), seconds=seconds)

    def interrupted(self, error: RunError | None = None) -> Project:
        """Return the project with what there is of a run that was canceled or whose engine died."""
        return replace(self, snapshot=self.received.interrupted(error))

    def showing(self, side: Side, stage: StageName) -> Project:
        """Return the project with a stage on a side; the selection there becomes what it is in this stage, or ends."""
        before = self.shown.on(side)
        after = replace(self, shown=self.shown.showing(side, stage))
        if before in (None, stage) or self.selected is None or self.selected.side is not side:
            return after
        became = self.index.partners(before or "", stage, (self.selected.node_id,))
        return replace(after, selected=SelectedNode(side, became[0]) if became else None)

    def swapped(self) -> Project:
        """Return the project with the sides swapped; the selection goes with its stage."""
        selected = self.selected and SelectedNode(self.selected.side.other, self.selected.node_id)
        return replace(self, shown=self.shown.swapped, selected=selected)

    def selecting(self, selected: SelectedNode | None) -> Project:
        """Return the project with another selection."""
        return replace(self, selected=selected)

    def marked(self, bookmark: Bookmark) -> Project:
        """Return the project with a bookmark; one at the same node gives way to it."""
        places = [(mark.stage, mark.node) for mark in self.bookmarks]
        here = places.index((bookmark.stage, bookmark.node)) if self.is_marked(bookmark) else len(places)
        return replace(self, bookmarks=(*self.bookmarks[:here], bookmark, *self.bookmarks[here + 1 :]))

    def unmarked(self, bookmark: Bookmark) -> Project:
        """Return the project without the bookmark of a node."""
        where = (bookmark.stage, bookmark.node)
        return replace(self, bookmarks=tuple(mark for mark in self.bookmarks if (mark.stage, mark.node) != where))

    def is_marked(self, bookmark: Bookmark) -> bool:
        """Tell whether the node of a bookmark has one."""
        return any((mark.stage, mark.node) == (bookmark.stage, bookmark.node) for mark in self.bookmarks)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages that have arrived."""
        return self.received.stages

    @property
    def links(self) -> tuple[Link, ...]:
        """The links that have arrived."""
        return self.received.links

    @property
    def index(self) -> LinkIndex:
        """The links, ready to be asked."""
        return self.received.index

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of the result."""
        return self.snapshot.findings if self.snapshot else ()

    @property
    def error(self) -> RunError | None:
        """Why the run ended half-way, if it did."""
        return self.snapshot.run.error if self.snapshot else None

    @property
    def document(self) -> Snapshot | None:
        """The result with the bookmarks, as it is saved."""
        return None if self.snapshot is None else msgspec.structs.replace(self.snapshot, bookmarks=self.bookmarks)

    @property
    def changes(self) -> Changes | None:
        """What changed between the stages in view; None while there are not two."""
        left, right = self.shown.left, self.shown.right
        return None if left is None or right is None else changes(self.stages, self.links, left, right)

    def stage(self, name: StageName | None) -> Stage | None:
        """Return the stage of that name, or None."""
        return next((stage for stage in self.stages if stage.name == name), None)

    def facts(self, name: StageName | None) -> Mapping[NodeId, Facts]:
        """Return the facts of a stage."""
        return self.received.facts.get(name or "", {})

    def partners(self, side: Side, node_ids: tuple[NodeId, ...]) -> tuple[NodeId, ...]:
        """Return what nodes of one side are on the other."""
        here, there = self.shown.on(side), self.shown.on(side.other)
        return self.index.partners(here, there, node_ids) if here and there else ()

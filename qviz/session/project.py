"""What the user has open: the plan, what has arrived of its run, the two stages in view, the selection."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from qviz.analysis.linking.beside import beside
from qviz.analysis.linking.index import LinkIndex
from qviz.document.graph import Kind
from qviz.document.plan import Plan
from qviz.document.snapshot import Bookmark, Facts, Finding, Integers, Link, RunError, Snapshot, Stage
from qviz.wire.assembly import Assembly
from qviz.wire.messages import RunFinished, StageReached

SIDES = ("left", "right")


@dataclass
class Project:
    """One source with the plan for it and the result so far.

    Attributes:
        plan: What a run would do.
        assembly: What has arrived of the run at work, or of the last one.
        snapshot: The result, once the run ended or a file was opened.
        shown: Stage names of the left and right pane; None while there is none.
        selected: Side and node id of the selection.
        foreign_source: The source that an opened result names; nobody here has asked for it to run.
        seconds: How long the run took; None while it is at work, or where it was opened from a file.
        bookmarks: What the user marked; it outlives a new run of the same source.
    """

    plan: Plan
    assembly: Assembly
    snapshot: Snapshot | None = None
    shown: dict[str, str | None] = field(default_factory=lambda: dict.fromkeys(SIDES))
    selected: tuple[str, str] | None = None
    foreign_source: str | None = None
    seconds: float | None = None
    bookmarks: tuple[Bookmark, ...] = ()
    _index: LinkIndex | None = None

    @classmethod
    def of_plan(cls, plan: Plan) -> Project:
        """Return a project that has not run yet."""
        return cls(plan, Assembly(plan))

    @classmethod
    def of_snapshot(cls, snapshot: Snapshot) -> Project:
        """Return a project of a result that was opened: its first and last stage are shown."""
        plan = Plan(source=snapshot.run.source, flow=snapshot.run.flow or None)
        project = cls(plan, Assembly(plan, list(snapshot.stages), list(snapshot.links), dict(snapshot.facts)), snapshot)
        project.foreign_source = snapshot.run.source
        project.bookmarks = snapshot.bookmarks
        if snapshot.stages:
            project.shown = {"left": snapshot.stages[0].name, "right": snapshot.stages[-1].name}
        return project

    def with_other(self, other: Snapshot, label: str) -> Project:
        """Return a project of this result and another; the last stages of both are shown."""
        assert self.document is not None
        made = Project.of_snapshot(beside(self.document, other, label))
        made.plan, made.foreign_source = self.plan, self.foreign_source
        if self.stages and other.stages:
            made.shown = {"left": self.stages[-1].name, "right": made.stages[-1].name}
        return made

    def restarted(self, plan: Plan) -> Project:
        """Return a project for a new run of `plan`."""
        return Project(plan, Assembly(plan), bookmarks=self.bookmarks)

    @property
    def stages(self) -> list[Stage]:
        """The stages that have arrived."""
        return self.assembly.stages

    @property
    def links(self) -> list[Link]:
        """The links that have arrived."""
        return self.assembly.links

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of the result."""
        return self.snapshot.findings if self.snapshot else ()

    @property
    def error(self) -> RunError | None:
        """Why the run ended half-way, if it did."""
        return self.snapshot.run.error if self.snapshot else None

    @property
    def index(self) -> LinkIndex:
        """The links, ready to be asked."""
        if self._index is None:
            self._index = LinkIndex(self.links)
        return self._index

    def stage(self, name: str | None) -> Stage | None:
        """Return the stage of that name, or None."""
        return next((stage for stage in self.stages if stage.name == name), None)

    def facts(self, name: str | None) -> dict[str, Facts]:
        """Return the facts of a stage."""
        return self.assembly.facts.get(name or "", {})

    def integers(self, name: str, node_id: str) -> Integers | None:
        """Return the weight of a node: its own, or the constant's that it reads through a dequantize."""
        stage, facts = self.stage(name), self.facts(name)
        if node_id in facts and facts[node_id].integers is not None:
            return facts[node_id].integers
        if stage is None:
            return None
        feeders = {edge.from_id for edge in stage.graph.edges if edge.to_id == node_id}
        kinds = {node.id: node.kind for node in stage.graph.nodes}
        casts = {each for each in feeders if kinds[each] is Kind.DEQUANTIZE}
        behind = (edge.from_id for edge in stage.graph.edges if edge.to_id in casts)
        weights = (facts.get(each) for each in behind if kinds[each] is Kind.CONSTANT)
        return next((fact.integers for fact in weights if fact and fact.integers), None)

    def add(self, report: StageReached) -> None:
        """Take a stage that arrived: the first goes left, each newer one right."""
        self.assembly.add(report)
        self._index = None
        side = "left" if self.shown["left"] is None else "right"
        self.shown[side] = report.stage.name

    def finish(self, report: RunFinished) -> None:
        """Take the end of the run."""
        self.snapshot = self.assembly.finished(report)

    @property
    def document(self) -> Snapshot | None:
        """The result with the bookmarks, as it is saved."""
        return None if self.snapshot is None else msgspec.structs.replace(self.snapshot, bookmarks=self.bookmarks)

    def mark(self, stage: str, node_id: str, note: str) -> None:
        """Bookmark a node, or change the note of its bookmark."""
        made = Bookmark(stage, node_id, note)
        places = [(each.stage, each.node) for each in self.bookmarks]
        if (stage, node_id) in places:
            here = places.index((stage, node_id))
            self.bookmarks = (*self.bookmarks[:here], made, *self.bookmarks[here + 1 :])
        else:
            self.bookmarks = (*self.bookmarks, made)

    def unmark(self, stage: str, node_id: str) -> None:
        """Take a bookmark away."""
        self.bookmarks = tuple(each for each in self.bookmarks if (each.stage, each.node) != (stage, node_id))

    def interrupt(self, error: RunError | None = None) -> None:
        """Keep what there is of a run that was cancelled or whose engine died."""
        self.snapshot = self.assembly.interrupted(error)

    def partners(self, side: str, node_ids: tuple[str, ...]) -> tuple[str, ...]:
        """Return what nodes of one side are on the other."""
        other = "right" if side == "left" else "left"
        here, there = self.shown[side], self.shown[other]
        return self.index.partners(here, there, node_ids) if here and there else ()

    def follow(self, side: str, before: str) -> None:
        """Carry the selection of a side from the stage shown before to the one shown now; it may end."""
        here = self.shown[side]
        if self.selected is not None and self.selected[0] == side and here is not None:
            became = self.index.partners(before, here, (self.selected[1],))
            self.selected = (side, became[0]) if became else None

    def swap(self) -> None:
        """Change the sides."""
        self.shown = {"left": self.shown["right"], "right": self.shown["left"]}
        if self.selected is not None:
            side, node_id = self.selected
            self.selected = ("right" if side == "left" else "left", node_id)

    def with_plan(self, **changes: object) -> Plan:
        """Return the plan with some choices changed."""
        return msgspec.structs.replace(self.plan, **changes)

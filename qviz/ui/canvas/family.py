"""The stages of one run, which share a layout: what survives from stage to stage stands where it stood."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

from msgspec.structs import replace

from qviz.analysis.views.folding import unfold_all
from qviz.analysis.views.groups import Hierarchy
from qviz.analysis.views.hierarchies import Hierarchies
from qviz.analysis.views.projection import Projected, Whole, projected
from qviz.analysis.views.repeats import Repeat, SeveralStages
from qviz.analysis.views.stage_share import UnionShares
from qviz.analysis.views.ticks import Ticks, ticks
from qviz.analysis.views.union import Identities, Union, unite
from qviz.analysis.views.view import Box, Folds
from qviz.document.graph import NodeId
from qviz.document.snapshot import Facts, Link, Stage, StageName
from qviz.layout.near import hull
from qviz.layout.place import Direction, Rect
from qviz.layout.places import Places
from qviz.ui.canvas.ghosts import NO_GHOSTS, Ghosts, find_ghosts
from qviz.ui.canvas.metrics import SEAM_OVER, TWO_ROWED, BoxForm
from qviz.ui.canvas.scene import SeamBand
from qviz.ui.canvas.shapes import qrect

LARGEST = 200_000
"""Nodes of all stages together; of more, each stage is placed by itself: joining these takes five seconds."""
ELSEWHERE = "union:"
"""Before the id, in the union, of a node that is open and that the stage has not."""
KEPT = 4
"""Layouts under different folds; both panes ask for the same."""


@dataclass(frozen=True, eq=False)
class Shared:
    """The layout of the stages under some folds, with boxes of some form."""

    whole: Whole
    places: Places
    form: BoxForm

    def bands(self, stage: int) -> tuple[SeamBand, ...]:
        """Return where the seams are, as a stage sees them: those that nothing else stands beside."""
        found = []
        for seam, around in self._alone.items():
            owner, words, _, is_open = self.whole.seams[seam]
            band = qrect(around).adjusted(0, -SEAM_OVER, 0, SEAM_OVER)
            found.append(SeamBand(seam, band, "" if owner == stage else words, is_open))
        return tuple(found)

    @cached_property
    def _alone(self) -> dict[str, Rect]:
        """What the seams beside which nothing stands take up: all stages ask for the same."""
        arounds = {seam: hull([*map(self.places.rect, each.boxes)]) for seam, each in self.whole.seams.items()}
        seams = self.whole.seams
        return {seam: each for seam, each in arounds.items() if self._stands_alone(each, set(seams[seam].boxes))}

    def _stands_alone(self, around: Rect, mine: set[int]) -> bool:
        whole, boxes = self.places.bounds, self.whole.view.boxes
        row = Rect(whole.x, around.y + 1.0, whole.width, max(around.height - 2.0, 1.0))
        others = (number for number in self.places.boxes_within(row) if number not in mine)
        return not any(
            _meets(self.places.rect(number), row)
            for number in others
            if not boxes[number].is_open and not boxes[number].is_seam
        )


def _meets(rect: Rect, row: Rect) -> bool:
    return rect.y < row.bottom and row.y < rect.bottom


class Family:
    """The stages in view of a finished run, with their layouts so far.

    Args:
        stages: All stages of the run: what a node is in one tells what it is in the next.
        links: Between them.
        facts: What was measured, by the stage's name and the node's id.
        among: The names of those in view, which share their rows; None for all.
        loud: By the stage's name, nodes that are never hidden in a seam, with the codes of what is found there.
        kin: Another of the same stages, of which others were in view: what was found of each is not looked for again.
    """

    def __init__(
        self,
        stages: Sequence[Stage],
        links: Iterable[Link],
        facts: Mapping[str, Mapping[str, Facts]],
        among: Collection[str] | None = None,
        loud: Mapping[StageName, Mapping[NodeId, Collection[str]]] | None = None,
        kin: Family | None = None,
    ) -> None:
        self._all, self.facts, self._loud = tuple(stages), facts, loud or {}
        self.stages = tuple(stage for stage in stages if among is None or stage.name in among)
        self._links = tuple(links)
        is_kin = kin is not None and self.is_kin(kin)
        self.trees: Hierarchies = kin.trees if kin is not None and is_kin else Hierarchies()
        self.identities: Identities = (
            kin.identities if kin is not None and is_kin else Identities(self._all, self._links)
        )
        self._shared: OrderedDict[tuple[Folds, Direction, BoxForm], Shared] = OrderedDict()
        self._whole: tuple[Folds, Whole] | None = None
        self._ghosts: tuple[Shared, tuple[Ghosts, Ghosts]] | None = None
        self._ticks: dict[tuple[StageName, bool], Ticks] = {}
        self._shares: UnionShares | None = None
        self._loud_here: Mapping[NodeId, frozenset[str]] = {}
        self._is_joined = False
        self._own_ids: dict[StageName, Mapping[NodeId, NodeId]] = {}
        self._lock, self._joining, self.placing = Lock(), Lock(), Lock()

    def join(self) -> UnionShares | None:
        """Return the stages as one graph; None where they are too large, or contradict each other.

        What takes long is done when first asked for, in a thread of whoever places it.
        """
        with self._joining:
            if not self._is_joined:
                self._shares = self._joined()
                self._is_joined = True
        return self._shares

    def _joined(self) -> UnionShares | None:
        if sum(len(stage.whole.nodes) for stage in self.stages) > LARGEST:
            return None
        union = unite(self._all, self._links, {stage.name for stage in self.stages}, self.identities)
        if union is None:
            return None
        # Equal are groups that are equal in every stage, and have the same findings.
        self._loud_here = self._told(union)
        signs = []
        for stage in self.stages:
            sign = self.trees.of(stage.whole).sign
            signs.append({each: sign(node_id) for node_id, each in union.ids[stage.name].items()})
        plain = SeveralStages(signs, {}) if self._loud_here else None
        tree = Hierarchy(union.graph, SeveralStages(signs, self._loud_here), plain)
        return UnionShares(union, self.stages, self.facts, self.trees, tree)

    @property
    def union(self) -> Union | None:
        """The stages as one graph; None where they are too large, or contradict each other."""
        shares = self.join()
        return None if shares is None else shares.union

    @property
    def tree(self) -> Hierarchy:
        """The groups of the union."""
        shares = self.join()
        assert shares is not None
        return shares.tree

    def repeat_at(self, stage: Stage, path: str) -> Repeat | None:
        """Return what repeats right inside a module, as the frame of a stage in view says it."""
        shares = self.join()
        tree = self.trees.of(stage.whole) if shares is None or not self.has(stage) else shares.tree
        return tree.repeat_at(path)

    def _told(self, union: Union) -> Mapping[NodeId, frozenset[str]]:
        """Return what findings say of nodes of the union, which no seam hides."""
        found: defaultdict[NodeId, set[str]] = defaultdict(set)
        for name, told in self._loud.items():
            ids = union.ids.get(name, {})
            for node_id, codes in told.items():
                if node_id in ids:
                    found[ids[node_id]].update(codes)
        return {each: frozenset(codes) for each, codes in found.items()}

    def has(self, stage: Stage) -> bool:
        """Return whether a stage is one of these, and they are known to have a layout together; joins nothing."""
        return self._shares is not None and any(each is stage for each in self.stages)

    def ticks(self, stage: Stage) -> Ticks:
        """Return what the overview shows of a stage, in the rows of the union where there is one."""
        shares = self._shares if self.has(stage) else None
        key = stage.name, shares is not None
        if key not in self._ticks:
            tree = self.trees.of(stage.whole)
            if shares is not None:
                self._ticks[key] = ticks(shares.tree, tree, shares.union.ids[stage.name])
            else:
                self._ticks[key] = ticks(tree, tree)
        return self._ticks[key]

    def is_kin(self, other: Family) -> bool:
        """Return whether another has stages of the same run: its nodes have the same ids in the union."""
        return len(self._all) == len(other._all) and all(
            one is two for one, two in zip(self._all, other._all, strict=True)
        )

    def known(self, folds: Folds, direction: Direction = "down", form: BoxForm = TWO_ROWED) -> Shared | None:
        """Return the layout under some folds, by the union's ids, if it was made."""
        with self._lock:
            return self._shared.get((folds, direction, form))

    def folded(self, folds: Folds) -> Whole:
        """Return the views of the stages under some folds, by the union's ids; both panes ask for the same."""
        shares = self.join()
        assert shares is not None
        with self.placing:
            if self._whole is None or self._whole[0] != folds:
                self._whole = folds, projected(shares, folds, self._loud_here)
            return self._whole[1]

    def keep(self, folds: Folds, direction: Direction, shared: Shared) -> None:
        """Remember a layout."""
        with self._lock:
            self._shared[folds, direction, shared.form] = shared
            while len(self._shared) > KEPT:
                self._shared.popitem(last=False)

    def to_union(self, stage: Stage, folds: Folds) -> Folds:
        """Return a stage's folds by the ids of the union."""
        if not folds.plumbing:
            return folds
        ids = self.identities.of[stage.name]
        plumbing = (ids.get(each, each.removeprefix(ELSEWHERE)) for each in folds.plumbing)
        return replace(folds, plumbing=frozenset(plumbing))

    def of_union(self, stage: Stage, folds: Folds) -> Folds:
        """Return folds by the ids of the union as the stage's own; what only another stage has is kept for that."""
        if not folds.plumbing:
            return folds
        there = self._own_ids.get(stage.name)
        if there is None:
            there = {each: node_id for node_id, each in self.identities.of[stage.name].items()}
            self._own_ids[stage.name] = there
        plumbing = (there.get(each, f"{ELSEWHERE}{each}") for each in folds.plumbing)
        return replace(folds, plumbing=frozenset(plumbing))

    def all_open(self, stage: Stage) -> Folds:
        """Return a stage's folds that show every group and all plumbing of all stages."""
        return self.of_union(stage, unfold_all(self.tree))

    def ghosts(self, shared: Shared) -> tuple[Ghosts, ...]:
        """Return for each stage what only the one beside has, where they are two; found once for a layout."""
        union = self.union
        assert union is not None
        if len(self.stages) != 2:
            return (NO_GHOSTS,) * len(self.stages)
        with self.placing:
            if self._ghosts is None or self._ghosts[0] is not shared:
                nodes = self.trees.of(self.stages[0].whole).index.nodes
                self._ghosts = shared, find_ghosts(shared.whole, shared.places, union.taken_in, nodes)
            return self._ghosts[1]

    def of_stage(self, stage: Stage, whole: Whole) -> Projected:
        """Return a stage's part of a view of all."""
        return next(part for each, part in zip(self.stages, whole.stages, strict=True) if each is stage)


def boxes_to_measure(whole: Whole) -> list[tuple[str, Box]]:
    """Return every box of every stage with the id of the union's, whose size is that of the largest."""
    found = [
        (whole.view.boxes[number].id, box)
        for part in whole.stages
        for box, number in zip(part.view.boxes, part.boxes, strict=True)
    ]
    seen = {box_id for box_id, _ in found}
    return found + [(box.id, box) for box in whole.view.boxes if box.id not in seen]

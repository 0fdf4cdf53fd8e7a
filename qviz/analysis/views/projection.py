"""The view of one stage, cut out of the view of all: the same boxes in the same order, in the stage's words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from msgspec.structs import replace

from qviz.analysis.views.captions import caption
from qviz.analysis.views.folding import fold, folded_words, node_box, with_precision
from qviz.analysis.views.group import ModuleGroup
from qviz.analysis.views.hierarchies import Hierarchies
from qviz.analysis.views.seams import gathered
from qviz.analysis.views.stage_share import StageShare, UnionShares
from qviz.analysis.views.union import Union
from qviz.analysis.views.view import Box, Folds, Line, View
from qviz.document.graph import Kind
from qviz.document.snapshot import Facts, Stage
from qviz.words import names, trn


class Projected(NamedTuple):
    """The view of one stage, and where it is in that of the union.

    Attributes:
        view: The stage's own boxes and lines.
        boxes: For each box the number of the union's.
        lines: For each line the numbers of the union's that it runs along.
    """

    view: View
    boxes: list[int]
    lines: list[tuple[int, ...]]


class SeamWords(NamedTuple):
    """What a seam says: all of it, and where that has no room."""

    whole: str
    short: str


class Seam(NamedTuple):
    """Rows that only one of two stages has.

    Attributes:
        stage: The place of the stage that has them.
        words: What they are: ``3 casts only in Converted``.
        boxes: The numbers of its boxes in the view of the union; one, where it is closed.
        is_open: Whether they are drawn.
    """

    stage: int
    words: str
    boxes: list[int]
    is_open: bool


class WayStep(NamedTuple):
    """From which box of the union a line leads on, and the number of the line."""

    box: int
    line: int


class Whole(NamedTuple):
    """The view of the union, and those of its stages, in their order; its seams by their first node."""

    view: View
    stages: list[Projected]
    seams: dict[str, Seam]


def project(
    union: Union,
    folds: Folds,
    stages: Sequence[Stage],
    facts: Mapping[str, Mapping[str, Facts]],
    trees: Hierarchies,
    loud: Collection[str] = (),
) -> Whole:
    """Return the views of some stages under the same folds.

    Args:
        union: Of these stages.
        folds: By the ids of the union.
        stages: In their order; of two, what only one has is gathered in seams.
        facts: What was measured, by the stage's name and the node's id.
        trees: Of the union and of the stages.
        loud: Nodes of the union that no seam hides.
    """
    return projected(UnionShares(union, stages, facts, trees), folds, loud)


def projected(shares: UnionShares, folds: Folds, loud: Collection[str] = ()) -> Whole:
    """Return the views of stages of which it is known what they have of their union."""
    union = shares.union
    view = fold(shares.tree, folds, {}, has_precision=False)

    def projections_of(view: View) -> list[_Projection]:
        opened = shares.opened(view.boxes)
        return [_Projection(view, shares, each, opened) for each in shares.stages]

    projections = projections_of(view)
    if len(projections) == 2 and folds.has_seams:
        view = gathered(view, [each.mine for each in projections], union.taken_in, folds, loud)
        projections = projections_of(view)
    missing = dict.fromkeys(pair for each in projections for pair in each.without_way())
    if missing:
        # A gap that is folded away leads nowhere; such a line gets its own way.
        direct = tuple(Line(*pair, "", ()) for pair in missing)
        view = View(view.boxes, (*view.lines, *direct), view.box_of)
        projections = projections_of(view)
    parts = [each.projected() for each in projections]
    return Whole(_labelled(view, parts), parts, _seams(view, projections))


def _seams(view: View, projections: Sequence[_Projection]) -> dict[str, Seam]:
    boxes: defaultdict[str, list[int]] = defaultdict(list)
    for number, box in enumerate(view.boxes):
        if box.seam is not None:
            boxes[box.seam].append(number)
    seams = {}
    for seam, numbers in boxes.items():
        stage = next(at for at, each in enumerate(projections) if numbers[0] in each.mine)
        mine = projections[stage].mine
        members = [each for number in numbers for each in mine.get(number, ())]
        words = projections[stage].seam_words(members).whole
        seams[seam] = Seam(stage, words, numbers, not view.boxes[numbers[0]].is_seam)
    return seams


def _labelled(view: View, stages: Sequence[Projected]) -> View:
    """Return the view with each line's longest label of any stage, so that all of them find room."""
    labels = [line.label for line in view.lines]
    for stage in stages:
        for line, along in zip(stage.view.lines, stage.lines, strict=True):
            labels[along[0]] = max(labels[along[0]], line.label, key=len)
    lines = (
        Line(line.from_box, line.to_box, label, line.pairs) for line, label in zip(view.lines, labels, strict=True)
    )
    return View(view.boxes, tuple(lines), view.box_of)


class _Projection:
    def __init__(self, whole: View, shares: UnionShares, share: StageShare, opened: Sequence[ModuleGroup]) -> None:
        self.whole, self.shares, self.share, self.opened = whole, shares, share, opened
        self.tree, self.union_tree = share.tree, shares.tree
        self.to_union, self.from_union = share.to_union, share.from_union
        self.numbers = {box.id: number for number, box in enumerate(whole.boxes)}
        self.mine: dict[int, tuple[str, ...]] = {}
        self.ways: dict[int, dict[int, WayStep]] = {}
        orphans: dict[int, tuple[str, ...]] = {}
        for number, box in enumerate(whole.boxes):
            if box.stub_of is None and (members := share.members(box)):
                (self.mine if box.kind is None or self._has_main(box) else orphans)[number] = members
        housed = set(chain.from_iterable(self.mine.values())) if orphans else set()
        for number, members in orphans.items():
            # Plumbing whose operator this stage has not stands for itself, unless it is in another's box.
            left = tuple(each for each in members if each not in housed)
            if left:
                self.mine[number] = left
                housed.update(left)

    def without_way(self) -> list[tuple[str, str]]:
        """Return the ids of the union's boxes between which the stage has a line, and the union no way."""
        boxes = self.whole.boxes
        return [(boxes[a].id, boxes[b].id) for a, b in self.pairs if b not in self._ways(a)]

    @cached_property
    def box_of(self) -> dict[str, str]:
        """The id of the union's box that stands for each node of the stage."""
        found: dict[str, str] = {}
        boxes = self.whole.boxes
        alone = [at for at, members in self.mine.items() if len(members) == 1 and boxes[at].kind is not None]
        several = self.mine.keys() - alone
        # What is in several is in the first; in a frame only where it is in nothing else.
        for is_open in (True, False):
            for number in sorted(several, reverse=True):
                if boxes[number].is_open is is_open:
                    found.update(self.share.homes(boxes[number], self.mine[number]))
        found.update((self.mine[number][0], boxes[number].id) for number in alone)
        return found

    def _own_box_of(self, made: Mapping[int, Box]) -> dict[str, str]:
        """Return the id of the stage's own box for each node: a node may have another name than in the union."""
        found = dict(self.box_of)
        for number, members in self.mine.items():
            here, there = made[number].id, self.whole.boxes[number].id
            if here != there:
                found.update((each, here) for each in members if self.box_of[each] == there)
        return found

    def _has_main(self, box: Box) -> bool:
        """Return whether the stage has the node of a box, or one of its repeats."""
        if box.members[0] in self.from_union:
            return True
        repeated = self.union_tree.plumbing.repeated.get(box.members[0], box.members[:1])
        return any(each in self.from_union for each in repeated)

    def projected(self) -> Projected:
        made = {number: self._box(number) for number in self.mine}
        lines: list[Line] = []
        paths: list[tuple[int, ...]] = []
        for (source, target), pairs in self.pairs.items():
            start, path = self._from_stub(source, self._way(source, target))
            if start != source:
                made[start] = self._stub(made[source], made[target], pairs)
            lines.append(self._line(made[start].id, made[target].id, pairs, start != source))
            paths.append(path)
        order = sorted(made)
        view = View(
            tuple(with_precision((made[number] for number in order), self.tree)),
            tuple(lines),
            self._own_box_of(made),
        )
        return Projected(view, order, paths)

    def _box(self, number: int) -> Box:
        box, members = self.whole.boxes[number], self.mine[number]
        if box.is_seam:
            told = self.seam_words(members)
            return replace(box, title=told.whole, note=told.short, members=members)
        parts = [each for each in box.parts if each in self.from_union]
        if len(parts) > 1:
            titles = [self._title(each) for each in parts]
            counted = trn(len(parts), "{count} node", "{count} nodes")
            kind = self.tree.index.nodes[self.from_union[parts[0]]].kind
            return replace(box, title=", ".join(titles), subtitle=counted, kind=kind, members=members, badges=())
        if box.kind is not None:
            repeat = 1
            if len(members) > 1:
                repeated = set(self.union_tree.plumbing.repeated.get(box.members[0], box.members[:1]))
                repeat = max(sum(self.to_union[each] in repeated for each in members), 1)
            made = node_box(
                self.tree,
                members,
                box.parent,
                self.share.facts,
                leaf=self.union_tree.leaf_names.get(box.members[0]),
                repeat=repeat,
                has_plumbing=box.has_plumbing,
            )
            return made if box.seam is None else replace(made, seam=box.seam)
        is_told = box.is_open or bool(box.alike)
        words = box.subtitle if is_told else folded_words(self.shares.groups[box.id].type, len(members), box.note)
        return replace(box, subtitle=words, members=members, badges=self.share.holding(box).badges)

    def _title(self, union_id: str) -> str:
        node = self.tree.index.nodes[self.from_union[union_id]]
        return caption(node, self.share.facts.get(node.id), None, self.union_tree.leaf_names.get(union_id))[0]

    def seam_words(self, members: Sequence[str]) -> SeamWords:
        """Return what nodes are that the other stage has not."""
        kinds = [self.tree.index.nodes[each].kind for each in members]
        # Scales and zero points that a cast reads belong to it.
        kinds = [kind for kind in kinds if kind is not Kind.CONSTANT] or kinds
        stage, count = names.stage(self.share.stage.name), len(kinds)
        if all(kind.casts for kind in kinds):
            whole = trn(count, "{count} cast only in {stage}", "{count} casts only in {stage}", stage=stage)
            return SeamWords(whole, trn(count, "{count} cast", "{count} casts"))
        if all(kind.watches for kind in kinds):
            whole = trn(count, "{count} observer only in {stage}", "{count} observers only in {stage}", stage=stage)
            return SeamWords(whole, trn(count, "{count} observer", "{count} observers"))
        whole = trn(count, "{count} node only in {stage}", "{count} nodes only in {stage}", stage=stage)
        return SeamWords(whole, trn(count, "{count} node", "{count} nodes"))

    @cached_property
    def pairs(self) -> dict[tuple[int, int], list[tuple[str, str]]]:
        """The edges of the stage between boxes; those of folded plumbing are in its operator's box."""
        hosts, box_of, numbers = self.union_tree.plumbing.hosts, self.box_of, self.numbers
        pairs: defaultdict[tuple[int, int], list[tuple[str, str]]] = defaultdict(list)
        for edge in self.share.edges_between(self.opened):
            from_id, to_id = edge
            source, target = box_of[from_id], box_of[to_id]
            each = self.to_union[from_id]
            is_folded = each in hosts and source != each
            if source != target and not is_folded:
                pairs[numbers[source], numbers[target]].append(edge)
        return pairs

    def _ways(self, source: int) -> Mapping[int, WayStep]:
        """Return how the union's lines lead on from a box, up to the boxes that the stage has, by where they lead."""
        steps = self.ways.get(source)
        if steps is None:
            steps = self.ways[source] = {}
            waiting = [source]
            for box in waiting:
                for line, following in self.onward[box]:
                    if following != source and following not in steps:
                        steps[following] = WayStep(box, line)
                        if following not in self.mine:
                            waiting.append(following)
        return steps

    def _way(self, source: int, target: int) -> tuple[int, ...]:
        """Return the union's lines from a box to another: one, or several through boxes that the stage has not."""
        steps, way, here = self._ways(source), list[int](), target
        while here != source:
            here, line = steps[here]
            way.append(line)
        return tuple(reversed(way))

    @cached_property
    def onward(self) -> defaultdict[int, list[tuple[int, int]]]:
        """The union's lines from each box, with where they lead."""
        found: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for number, line in enumerate(self.whole.lines):
            start = self.whole.boxes[self.numbers[line.from_box]]
            found[self.numbers[start.stub_of or start.id]].append((number, self.numbers[line.to_box]))
        return found

    def _from_stub(self, source: int, path: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
        """Return where a way is drawn from: its source, or the last stub on it, where it goes on from."""
        for place in reversed(range(len(path))):
            start = self.numbers[self.whole.lines[path[place]].from_box]
            if self.whole.boxes[start].stub_of is not None:
                return start, path[place:]
        return source, path

    def _stub(self, source: Box, target: Box, pairs: list[tuple[str, str]]) -> Box:
        return Box(
            id=f"stub:{source.id}>{target.id}",
            title=source.title,
            subtitle=self._label(pairs),
            kind=source.kind,
            members=tuple(dict.fromkeys(from_id for from_id, _ in pairs)),
            parent=target.parent,
            stub_of=source.id,
        )

    def _line(self, source: str, target: str, pairs: list[tuple[str, str]], is_stub: bool) -> Line:
        return Line(source, target, "" if is_stub else self._label(pairs), tuple(pairs))

    def _values(self, pairs: list[tuple[str, str]]) -> list[str]:
        values = dict.fromkeys(from_id for from_id, _ in pairs)
        return list(dict.fromkeys(self.tree.plumbing.repeats.get(each, each) for each in values))

    def _label(self, pairs: list[tuple[str, str]]) -> str:
        values = self._values(pairs)
        return self.tree.outputs.label(values[0]) if len(values) == 1 else f"{len(values)} values"

"""The view of one stage, cut out of the view of all: the same boxes in the same order, in the stage's words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from msgspec.structs import replace

from qviz.analysis.views.captions import caption
from qviz.analysis.views.folding import badges, box_id_of, fold, folded_words, node_box, with_precision
from qviz.analysis.views.groups import Hierarchy
from qviz.analysis.views.hierarchies import Hierarchies
from qviz.analysis.views.seams import gathered
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
    union_tree: Hierarchy | None = None,
) -> Whole:
    """Return the views of some stages under the same folds.

    Args:
        union: Of these stages.
        folds: By the ids of the union.
        stages: In their order; of two, what only one has is gathered in seams.
        facts: What was measured, by the stage's name and the node's id.
        trees: Of the union and of the stages.
        loud: Nodes of the union that no seam hides.
        union_tree: The union's, where it is not that of `trees`.
    """
    union_tree = union_tree or trees.of(union.graph)
    view = fold(union_tree, folds, {}, has_precision=False)

    def projections_of(view: View) -> list[_Projection]:
        return [
            _Projection(view, union, union_tree, stage, facts.get(stage.name, {}), trees.of(stage.whole))
            for stage in stages
        ]

    projections = projections_of(view)
    if len(stages) == 2 and folds.has_seams:
        view = gathered(view, [each.mine for each in projections], union.taken_in, folds, loud)
        projections = projections_of(view)
    missing = dict.fromkeys(pair for each in projections for pair in each.without_way())
    if missing:
        # A gap that is folded away leads nowhere; such a line gets its own way.
        direct = tuple(Line(*pair, "", ()) for pair in missing)
        view = View(view.boxes, (*view.lines, *direct), view.box_of)
        projections = projections_of(view)
    projected = [each.projected() for each in projections]
    return Whole(_labelled(view, projected), projected, _seams(view, projections))


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
    def __init__(
        self,
        whole: View,
        union: Union,
        union_tree: Hierarchy,
        stage: Stage,
        facts: Mapping[str, Facts],
        tree: Hierarchy,
    ) -> None:
        self.whole, self.stage, self.facts = whole, stage, facts
        self.tree = tree
        self.union_tree = union_tree
        self.to_union = union.ids[stage.name]
        self.from_union = {each: node_id for node_id, each in self.to_union.items()}
        self.types = {box_id_of(group): group.type for group in self.union_tree.root.walk()}
        self.numbers = {box.id: number for number, box in enumerate(whole.boxes)}
        self.mine: dict[int, tuple[str, ...]] = {}
        orphans: dict[int, tuple[str, ...]] = {}
        for number, box in enumerate(whole.boxes):
            members = tuple(self.from_union[each] for each in box.members if each in self.from_union)
            if members and box.stub_of is None:
                (self.mine if box.kind is None or self._has_main(box) else orphans)[number] = members
        self.home = {each: number for number, members in reversed(self.mine.items()) for each in members}
        for number, members in orphans.items():
            # Plumbing whose operator this stage has not stands for itself, unless it is in another's box.
            left = tuple(each for each in members if each not in self.home)
            if left:
                self.mine[number] = left
                self.home.update(dict.fromkeys(left, number))

    def without_way(self) -> list[tuple[str, str]]:
        """Return the ids of the union's boxes between which the stage has a line, and the union no way."""
        boxes = self.whole.boxes
        return [(boxes[a].id, boxes[b].id) for a, b in self._pairs(self.box_of()) if self._way(a, b) is None]

    def box_of(self) -> dict[str, int]:
        """Return the number of the union's box that stands for each node of the stage."""
        homes = {}
        for node_id, each in self.to_union.items():
            number = self.numbers[self.whole.box_of[each]]
            homes[node_id] = number if node_id in self.mine.get(number, ()) else self.home[node_id]
        return homes

    def _has_main(self, box: Box) -> bool:
        """Return whether the stage has the node of a box, or one of its repeats."""
        repeated = self.union_tree.plumbing.repeated.get(box.members[0], box.members[:1])
        return any(each in self.from_union for each in repeated)

    def projected(self) -> Projected:
        made = {number: self._box(number) for number in self.mine}
        box_of = self.box_of()
        lines: list[Line] = []
        paths: list[tuple[int, ...]] = []
        for (source, target), pairs in self._pairs(box_of).items():
            path = self._way(source, target)
            assert path is not None, "lines without a way got one"
            start, path = self._from_stub(source, path)
            if start != source:
                made[start] = self._stub(made[source], made[target], pairs)
            lines.append(self._line(made[start].id, made[target].id, pairs, start != source))
            paths.append(path)
        order = sorted(made)
        view = View(
            tuple(with_precision((made[number] for number in order), self.tree)),
            tuple(lines),
            {node_id: made[number].id for node_id, number in box_of.items()},
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
            repeated = set(self.union_tree.plumbing.repeated.get(box.members[0], box.members[:1]))
            made = node_box(
                self.tree,
                members,
                box.parent,
                self.facts,
                leaf=self.union_tree.leaf_names.get(box.members[0]),
                repeat=max(sum(self.to_union[each] in repeated for each in members), 1),
                has_plumbing=box.has_plumbing,
            )
            return made if box.seam is None else replace(made, seam=box.seam)
        kinds = Counter(self.tree.index.nodes[each].kind for each in members)
        is_told = box.is_open or bool(box.alike)
        words = box.subtitle if is_told else folded_words(self.types[box.id], len(members), box.note)
        return replace(box, subtitle=words, members=members, badges=badges(kinds))

    def _title(self, union_id: str) -> str:
        node = self.tree.index.nodes[self.from_union[union_id]]
        return caption(node, self.facts.get(node.id), None, self.union_tree.leaf_names.get(union_id))[0]

    def seam_words(self, members: Sequence[str]) -> SeamWords:
        """Return what nodes are that the other stage has not."""
        kinds = [self.tree.index.nodes[each].kind for each in members]
        # Scales and zero points that a cast reads belong to it.
        kinds = [kind for kind in kinds if kind is not Kind.CONSTANT] or kinds
        stage, count = names.stage(self.stage.name), len(kinds)
        if all(kind.casts for kind in kinds):
            whole = trn(count, "{count} cast only in {stage}", "{count} casts only in {stage}", stage=stage)
            return SeamWords(whole, trn(count, "{count} cast", "{count} casts"))
        if all(kind.watches for kind in kinds):
            whole = trn(count, "{count} observer only in {stage}", "{count} observers only in {stage}", stage=stage)
            return SeamWords(whole, trn(count, "{count} observer", "{count} observers"))
        whole = trn(count, "{count} node only in {stage}", "{count} nodes only in {stage}", stage=stage)
        return SeamWords(whole, trn(count, "{count} node", "{count} nodes"))

    def _pairs(self, box_of: Mapping[str, int]) -> dict[tuple[int, int], list[tuple[str, str]]]:
        """Return the edges of the stage between boxes; those of folded plumbing are in its operator's box."""
        hosts = self.union_tree.plumbing.hosts
        pairs: defaultdict[tuple[int, int], list[tuple[str, str]]] = defaultdict(list)
        for edge in self.stage.whole.edges:
            source, target = box_of[edge.from_id], box_of[edge.to_id]
            each = self.to_union[edge.from_id]
            is_folded = each in hosts and self.whole.boxes[source].id != each
            if source != target and not is_folded:
                pairs[source, target].append((edge.from_id, edge.to_id))
        return pairs

    def _way(self, source: int, target: int) -> tuple[int, ...] | None:
        """Return the union's lines from a box to another: one, or several through boxes that the stage has not."""
        ways: dict[int, tuple[int, ...]] = {source: ()}
        waiting = [source]
        for box in waiting:
            for line, following in self.onward[box]:
                if following in ways:
                    continue
                ways[following] = (*ways[box], line)
                if following == target:
                    return ways[following]
                if following not in self.mine:
                    waiting.append(following)
        return None

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

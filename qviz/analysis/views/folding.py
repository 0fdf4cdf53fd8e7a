"""Makes the view of a graph: what is folded into one box, what stands open, what flows between."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TypeAlias

from msgspec.structs import replace

from qviz.analysis.views.captions import between, caption, short_path
from qviz.analysis.views.dtypes import weight_of
from qviz.analysis.views.group import ModuleGroup
from qviz.analysis.views.groups import Hierarchy, Split
from qviz.analysis.views.repeats import compared, counted, in_words
from qviz.analysis.views.siblings import span_of
from qviz.analysis.views.stubs import cut_fans
from qviz.analysis.views.view import ALIKE, Badge, Box, Folds, Line, View, group_box_id
from qviz.document.graph import COMPUTING, WATCHING, Graph, Kind
from qviz.document.snapshot import Facts
from qviz.words import tr, trn
from qviz.words.visible import short_name

BADGES = (Kind.OBSERVER, Kind.FAKE_QUANT, Kind.CHOOSE_QPARAMS, Kind.QUANTIZE, Kind.DEQUANTIZE, Kind.QUANTIZED_OP)

LISTS = ("Sequential", "ModuleList", "ModuleDict")
"""Modules that only hold others."""

Foldable: TypeAlias = Graph | Hierarchy
"""A graph, or its hierarchy where that is kept: it takes longer to make than all the rest."""


def opening(graph: Foldable, limit: int = 60) -> Folds:
    """Return the fewest folds that keep about `limit` boxes on screen: outer groups open first, small before large.

    Of equal siblings one box stands for all, or where none is different for all but the first.
    """
    tree = _tree(graph)
    rows = tree.siblings.count
    shown = rows(tree.root)
    opened: set[str] = set()
    level = [tree.root]
    while level:
        inside = chain.from_iterable(map(tree.siblings.telling, level))
        fitting = []
        for group, others in sorted(inside, key=lambda each: rows(each.group)):
            more = shown + rows(group) - 1 + others
            # A long list of layers says more than the one box that holds them.
            if more <= limit or (shown * 4 < limit and more <= 2 * limit):
                shown = more
                fitting.append(group)
        opened.update(group.path for group in fitting)
        level = fitting
    return Folds(groups=frozenset(opened))


def unfold_all(graph: Foldable, plumbing: bool = True) -> Folds:
    """Return the folds that show every group open, and with `plumbing` every node as a box."""
    tree = _tree(graph)
    groups = frozenset(group.path for group in tree.root.walk())
    if not plumbing:
        return Folds(groups)
    return Folds(groups, frozenset(chain(tree.plumbing.held, tree.plumbing.repeated)), has_seams=False)


def fold(graph: Foldable, folds: Folds, facts: Mapping[str, Facts], *, has_precision: bool = True) -> View:
    """Return the view of a graph; a box with repeats or plumbing unfolds by its main node's id in `folds.plumbing`.

    Without `has_precision` no box says how much of it runs in low precision.
    """
    tree = _tree(graph)
    view = _ViewBuilder(tree, folds, facts).view()
    return View(tuple(with_precision(view.boxes, tree)), view.lines, view.box_of) if has_precision else view


def with_precision(boxes: Iterable[Box], tree: Hierarchy) -> Iterator[Box]:
    """Yield boxes with how many of their operators run in low precision, of those that could."""
    low, stays_float = tree.precision
    if not low:
        yield from boxes
        return
    for box in boxes:
        kind = box.kind
        if (kind is not None and kind not in COMPUTING) or box.is_open or box.is_seam or box.stub_of is not None:
            yield box
            continue
        if kind is None:
            counts = tree.low_of(box.id, box.members)
            told = tree.precisions.of_group(box.id, box.members) if counts[0] else ""
        else:
            main = box.members[0]
            counts = int(main in low), int(main in low or main in stays_float)
            told = tree.precisions.of(main) if counts[1] else ""
        if not counts[1]:
            yield box
            continue
        made = replace(box, low=counts, precision=told)
        rest = Badge(Kind.OP, counts[1] - counts[0])
        yield replace(made, badges=(rest, *box.badges)) if kind is None and made.is_mixed else made


def _tree(graph: Foldable) -> Hierarchy:
    return graph if isinstance(graph, Hierarchy) else Hierarchy(graph)


def group_path(box_id: str) -> str | None:
    """Return the module path of a group's box, whichever call of the module it is; None for other boxes."""
    return box_id.removeprefix("group:").partition("#")[0] if box_id.startswith("group:") else None


class _ViewBuilder:
    def __init__(self, tree: Hierarchy, folds: Folds, facts: Mapping[str, Facts]) -> None:
        self.tree = tree
        self.folds = folds
        self.facts = facts
        self.outputs = tree.outputs
        self.boxes: list[Box] = []
        self.opened: list[ModuleGroup] = []
        self.drawn: set[str] = set()
        self.splits: list[Split] = []
        self.alone: list[str] = []
        self.box_of: dict[str, str] = {}

    def view(self) -> View:
        self._add_items(self.tree.root, None)
        # Plumbing of several operators belongs to the first, or to its own box.
        for split in reversed(self.splits):
            self.box_of.update(split.hosted)
        for split in self.splits:
            self.box_of.update(split.own)
        self.box_of.update(zip(self.alone, self.alone, strict=True))
        boxes, lines = cut_fans(self.boxes, self._lines())
        return View(boxes=tuple(boxes), lines=tuple(lines), box_of=self.box_of)

    def _add_items(self, group: ModuleGroup, parent: str | None) -> None:
        self.opened.append(group)
        # In a frame that says which modules it holds, these go by their numbers.
        is_numbered = self.tree.repeats.of(group) is not None and bool(span_of(group))
        opened = self.folds.plumbing
        for item in self.tree.siblings.rows(group, self.folds):
            if isinstance(item, str):
                for node_id in self._unfolded(item) if item in opened else (item,):
                    self._add_node(node_id, parent)
            elif isinstance(item, ModuleGroup) and item.path in self.folds.groups:
                self.boxes.append(self._group_box(item, parent, is_numbered, is_open=True))
                self._add_items(item, box_id_of(item))
            else:
                if isinstance(item, tuple):
                    box = self._run_box(item, parent)
                else:
                    box = self._group_box(item, parent, is_numbered)
                self.boxes.append(box)
                self.splits.append(self.tree.split(box.id, box.members))

    def _unfolded(self, unit: str) -> Iterable[str]:
        """Return what is drawn as boxes for a node that is open: its plumbing, itself, and its repeats behind."""
        held, repeated = self.tree.plumbing.held.get(unit, ()), self.tree.plumbing.repeated.get(unit, (unit,))
        return [*(each for each in held if each not in self.drawn), *repeated]

    def _add_node(self, node_id: str, parent: str | None) -> None:
        plumbing = self.tree.plumbing
        has_plumbing = node_id in plumbing.held or node_id in plumbing.repeated
        is_alone = not has_plumbing or node_id in self.folds.plumbing
        box = node_box(
            self.tree,
            (node_id,) if is_alone else plumbing.members(node_id),
            parent,
            self.facts,
            leaf=self.tree.leaf_names.get(node_id),
            repeat=1 if is_alone else len(plumbing.repeated.get(node_id, (node_id,))),
            has_plumbing=has_plumbing,
        )
        self.boxes.append(box)
        self.drawn.add(node_id)
        if is_alone:
            self.alone.append(node_id)
            return
        hosts = plumbing.hosts
        self.splits.append(
            Split(
                {each: node_id for each in box.members if each == node_id or each not in hosts},
                {each: node_id for each in box.members if each != node_id and each in hosts},
            )
        )

    def _group_box(self, group: ModuleGroup, parent: str | None, is_numbered: bool, is_open: bool = False) -> Box:
        members = self.tree.contents.members(group)
        repeat = self.tree.repeats.of(group)
        call = f" · call {group.call}" if group.call > 1 else ""
        name = group.path.rpartition(".")[2] if is_numbered else short_path(group.path)
        title, about, note, odd = name + call, group.type, "", ""
        if repeat is not None and is_open:
            title, about = f"{title} {span_of(group)}".rstrip(), counted(repeat)
            note, odd = compared(repeat)
        elif repeat is not None:
            note = in_words(repeat)
        is_list = group.type in LISTS and all(isinstance(each, ModuleGroup) for each in group.items)
        return Box(
            id=box_id_of(group),
            title=short_name(title),
            # A frame shows what it holds; only a folded group must say how much.
            subtitle=short_name(about if is_open else folded_words(group.type, len(members), note)),
            kind=None,
            members=members,
            parent=parent,
            is_open=is_open,
            badges=badges(self.tree.contents.counts(group)),
            is_bracket=is_open and is_list and repeat is None,
            note=note,
            odd=odd,
        )

    def _run_box(self, run: Sequence[ModuleGroup], parent: str | None) -> Box:
        """Return the box of equal groups."""
        box_id = f"{ALIKE}{run[0].path}>{run[-1].path}"
        if box_id not in self.tree.runs:
            inside = self.tree.contents.members_of(run)
            self.tree.runs[box_id] = inside, badges(self.tree.contents.counts_of(run, inside))
        members, counted_kinds = self.tree.runs[box_id]
        return Box(
            id=box_id,
            title=short_name(between(run[0].path, run[-1].path)),
            subtitle=tr("{count} identical", count=len(run)),
            kind=None,
            members=members,
            parent=parent,
            badges=counted_kinds,
            alike=tuple(each.path for each in run),
        )

    def _lines(self) -> list[Line]:
        pairs: defaultdict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
        box_of, hosts, edges = self.box_of, self.tree.plumbing.hosts, self.tree.graph.edges
        crossings = self.tree.crossings
        for place in sorted(chain.from_iterable(crossings.get(group, ()) for group in self.opened)):
            edge = edges[place]
            source, target = box_of[edge.from_id], box_of[edge.to_id]
            is_folded = edge.from_id in hosts and source != edge.from_id
            if source != target and not is_folded:
                pairs[source, target].append((edge.from_id, edge.to_id))
        return [self._line(source, target, each) for (source, target), each in pairs.items()]

    def _line(self, source: str, target: str, pairs: list[tuple[str, str]]) -> Line:
        # A repeated dequantize is one value, whichever of its nodes a line leaves.
        repeats = self.tree.plumbing.repeats
        if len(pairs) == 1:  # most
            from_id = pairs[0][0]
            return Line(source, target, self.outputs.label(repeats.get(from_id, from_id)), tuple(pairs))
        values = {repeats.get(from_id, from_id) for from_id, _ in pairs}
        label = self.outputs.label(values.pop()) if len(values) == 1 else f"{len(values)} values"
        return Line(source, target, label, tuple(pairs))


def node_box(
    tree: Hierarchy,
    members: tuple[str, ...],
    parent: str | None,
    facts: Mapping[str, Facts],
    *,
    leaf: str | None,
    repeat: int,
    has_plumbing: bool,
) -> Box:
    """Return the box of a node.

    Args:
        tree: The graph's.
        members: The node, the others that repeat it, and the plumbing folded into it.
        parent: The frame around.
        facts: What was measured, by node id.
        leaf: The path of the leaf module whose only operator the node is.
        repeat: How many of the members are the node and its repeats.
        has_plumbing: Whether it can be opened, or is open.
    """
    node_id = members[0]
    node = tree.index.nodes[node_id]
    kind, folded = node.kind, members[repeat:]
    weight = weight_of(node, tree.outputs.values, tree.index) if kind in COMPUTING else None
    title, subtitle = caption(node, facts.get(node_id), weight, leaf)
    if not folded and kind not in WATCHING:  # most of a large graph, with its plumbing open
        return Box(node_id, title, subtitle, kind, members, parent, repeat=repeat, has_plumbing=has_plumbing)
    return Box(
        id=node_id,
        title=title,
        subtitle=subtitle,
        kind=kind,
        members=members,
        parent=parent,
        badges=badges(Counter(tree.index.nodes[each].kind for each in folded)) if folded else (),
        repeat=repeat,
        ring=tree.rings.get(node.object_id) if node.object_id is not None and kind in WATCHING else None,
        has_plumbing=has_plumbing,
    )


def badges(counts: Mapping[Kind, int]) -> tuple[Badge, ...]:
    """Return the badges of what quantization put somewhere."""
    return tuple(Badge(kind, counts[kind]) for kind in BADGES if counts.get(kind))


def folded_words(type_: str, count: int, note: str) -> str:
    """Return the second text of a folded group: its class, how many nodes it has, how what it holds compares."""
    return " · ".join(filter(None, (type_, trn(count, "{count} node", "{count} nodes"), note)))


def box_id_of(group: ModuleGroup) -> str:
    """Return the id of a group's box; a module that is called again has one per call."""
    return group_box_id(group.path) + (f"#{group.call}" if group.call > 1 else "")

"""The module hierarchy of a graph: which boxes stand in which frame, as few frames as say something.

A leaf module with one operator is no group: its operator, with its observers and Q/DQ, stands
in the group above. A group that holds nothing but one group is one with it. A module that is
called again after others is one group per call, so that no frame both feeds and awaits another.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, partial
from itertools import filterfalse, groupby
from operator import attrgetter
from typing import NamedTuple

from qviz.analysis.regions import Precision, PrecisionWithDtypes, precision_with_dtypes
from qviz.analysis.views.contents import Contents
from qviz.analysis.views.dtypes import OutputValues
from qviz.analysis.views.group import ModuleGroup
from qviz.analysis.views.plumbing import Plumbing, find_plumbing
from qviz.analysis.views.precisions import Precisions
from qviz.analysis.views.repeats import Repeat, Repeats, Sign, one_stage
from qviz.analysis.views.siblings import Siblings
from qviz.analysis.views.tangles import NamedPlaces, OnePlace, Tangles, units_of
from qviz.analysis.views.view import Badge
from qviz.document.graph import COMPUTING, WATCHING, Graph, Kind
from qviz.document.inlining import INSIDE
from qviz.document.query import Index

_FROM, _TO = attrgetter("from_id"), attrgetter("to_id")


AT_ONCE = 5000
"""Members looked at in one call of Python's own, which lets no other thread work meanwhile."""


class Split(NamedTuple):
    """The members of a box, each with the box's id."""

    own: dict[str, str]
    hosted: dict[str, str]


class Hierarchy:
    """A graph's groups and plumbing, made once for all its views.

    Attributes:
        index: The graph's lookups.
        plumbing: What folds into what.
        contents: What groups hold.
        root: The whole model.
        leaf_names: For the only operator of a leaf module, the module's path.
        runs: The members and badges of boxes of equal groups, by the box's id: a first view is folded several times.
    """

    def __init__(self, graph: Graph, sign: Sign | None = None, plain: Sign | None = None) -> None:
        """Find the groups.

        Args:
            graph: Of a stage, or the union of several.
            sign: What makes nodes equal, for a union; else it is what they are in the stage.
            plain: The same without what findings say, where they say something.
        """
        self.graph = graph
        self._sign, self._plain = sign, plain
        self.index = Index(graph)
        self.plumbing: Plumbing = find_plumbing(graph, self.index)
        self.contents = Contents(self.index, self.plumbing)
        self.leaf_names: dict[str, str] = {}
        self.runs: dict[str, tuple[tuple[str, ...], tuple[Badge, ...]]] = {}
        self._splits: dict[str, Split] = {}
        self._low: dict[str, tuple[int, int]] = {}
        self._types = {node.module_path: node.module_type for node in graph.nodes}
        self._types.update((group.path, group.type) for group in graph.groups)
        hosts, repeats = self.plumbing.hosts, self.plumbing.repeats
        units = [each for each in self.index.nodes if each not in hosts and each not in repeats]
        self._parts = self._places_of(units)
        self._tangles = Tangles(self.index, self.plumbing)
        self.root = self._build("", 0, self._in_runs(units))
        calls: Counter[str] = Counter()
        for group in self.root.walk():
            calls[group.path] += 1
            group.call = calls[group.path]

    @cached_property
    def repeats(self) -> Repeats:
        """Which blocks are alike."""
        # Not the hierarchy itself: a cycle would outlive its model.
        return Repeats(self.graph.edges, self.plumbing, self._sign or self.sign, self.crossings, self._plain)

    def repeat_at(self, path: str) -> Repeat | None:
        """Return what repeats right inside the module of a path; None where nothing does, or no group is there."""
        group = next((each for each in (self.root, *self.root.walk()) if each.path == path), None)
        return None if group is None else self.repeats.of(group)

    @cached_property
    def sign(self) -> Sign:
        """What makes the nodes of a stage equal."""
        return one_stage(self.index, self.precision[0])

    @cached_property
    def siblings(self) -> Siblings:
        """Which blocks are alike and follow each other."""
        return Siblings(self.repeats, self.plumbing, self.graph.edges, self.crossings)

    @cached_property
    def outputs(self) -> OutputValues:
        """What flows out of every node."""
        return OutputValues(self.graph, self.index)

    @cached_property
    def precision(self) -> tuple[frozenset[str], frozenset[str]]:
        """The operators that run in low precision, and those that could and do not; both empty where none does."""
        found = self._precision.precision
        return (frozenset(found.low), frozenset(found.float)) if found.low else (frozenset(), frozenset())

    @cached_property
    def _precision(self) -> PrecisionWithDtypes:
        if not any(node.kind in (Kind.DEQUANTIZE, Kind.QUANTIZED_OP) for node in self.graph.nodes):
            return PrecisionWithDtypes(Precision((), ()))
        return precision_with_dtypes(self.graph, self.index)

    @cached_property
    def precisions(self) -> Precisions:
        """What boxes say of their precision."""
        return Precisions(self.index, self._precision)

    def low_of(self, box_id: str, members: Sequence[str]) -> tuple[int, int]:
        """Return how many operators of a group's box run in low precision, and how many could; found once for each."""
        known = self._low.get(box_id)
        if known is None:
            low, stays_float = self.precision
            count = len(low.intersection(members))
            known = self._low[box_id] = count, count + len(stays_float.intersection(members))
        return known

    @cached_property
    def rings(self) -> dict[int, int]:
        """A small number for each observer object that several nodes call, in graph order."""
        observers = (node for node in self.graph.nodes if node.kind in WATCHING and node.object_id is not None)
        calls = Counter(node.object_id for node in observers)
        shared = (object_id for object_id, count in calls.items() if count > 1 and object_id is not None)
        return {object_id: number for number, object_id in enumerate(shared, 1)}

    def split(self, box_id: str, members: Sequence[str]) -> Split:
        """Return the members of a box of groups, those apart that fold into operators elsewhere too."""
        if box_id not in self._splits:
            is_hosted = self.plumbing.hosts.__contains__
            found = Split({}, {})
            for start in range(0, len(members), AT_ONCE):  # in between other threads get their turn
                some = members[start : start + AT_ONCE]
                found.own.update(dict.fromkeys(filterfalse(is_hosted, some), box_id))
                found.hosted.update(dict.fromkeys(filter(is_hosted, some), box_id))
            self._splits[box_id] = found
        return self._splits[box_id]

    @cached_property
    def crossings(self) -> dict[ModuleGroup, list[int]]:
        """For each group the places of the edges that run between its items, whatever those hold.

        An edge is drawn only where the innermost group around both its ends is open, so that a view
        looks at these alone. Of a node that folds into several operators, all their places count.
        """
        edges = self.graph.edges
        return self.crossings_of(map(_FROM, edges), map(_TO, edges))

    def crossings_of(self, from_ids: Iterable[str], to_ids: Iterable[str]) -> dict[ModuleGroup, list[int]]:
        """Return the same for any edges between nodes of the graph."""
        homes, around = self._homes
        found: defaultdict[ModuleGroup, list[int]] = defaultdict(list)
        ends = zip(map(homes.__getitem__, from_ids), map(homes.__getitem__, to_ids), strict=True)
        for place, (one, other) in enumerate(ends):
            found[one if one is other else _innermost(one, other, around)].append(place)
        return found

    @cached_property
    def _homes(self) -> tuple[dict[str, ModuleGroup], dict[ModuleGroup, ModuleGroup | None]]:
        """The group of every node, and the group around every group."""
        around: dict[ModuleGroup, ModuleGroup | None] = {self.root: None}
        homes: dict[str, ModuleGroup] = {}
        for group in (self.root, *self.root.walk()):
            for item in group.items:
                if isinstance(item, str):
                    homes[item] = group
                else:
                    around[item] = group
        homes.update((each, homes[main]) for each, main in self.plumbing.repeats.items())
        for each, hosts in self.plumbing.hosts.items():
            home = homes[hosts[0]]
            for host in hosts[1:]:
                home = _innermost(home, homes[host], around)
            homes[each] = home
        return homes, around

    def _places_of(self, units: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Return the place of each box, split; a repeated dequantize stands where all its uses can be reached."""
        nodes, repeated = self.index.nodes, self.plumbing.repeated
        known: dict[str, tuple[str, ...]] = {"": ()}
        found: dict[str, tuple[str, ...]] = {}
        for unit in units:
            node = nodes[unit]
            place = node.module_path if node.inferred_path is None else node.inferred_path
            parts = known.get(place)
            if parts is None:
                parts = known[place] = tuple(place.split("."))
            is_end = node.kind is Kind.INPUT or node.kind is Kind.OUTPUT
            found[unit] = () if is_end and INSIDE not in unit else parts
        for unit, others in repeated.items():
            for other in others[1:]:
                place = nodes[other].place
                found[unit] = _common(found[unit], tuple(place.split(".")) if place else ())
        return found

    def _build(self, path: str, depth: int, runs: Sequence[OnePlace]) -> ModuleGroup:
        while True:
            named = [(name, [*run]) for name, run in groupby(runs, partial(_name_at, depth))]
            below = self._below(depth, named)
            if not path or len(below) != 1 or len(next(iter(below.values()))) != len(runs):
                break
            path, depth = f"{path}.{next(iter(below))}", depth + 1
        group = ModuleGroup(path, self._types.get(path, ""), units_of(runs))
        if self._tangles.may_be(named, below):
            self._fill(group, depth, below)
            return group
        for name, inside in named:
            if name not in below:
                group.items += units_of(inside)
            elif below[name][0] is inside[0]:
                group.items.append(self._build(f"{path}.{name}".lstrip("."), depth + 1, below[name]))
        return group

    def _in_runs(self, units: Iterable[str]) -> list[OnePlace]:
        """Return boxes that follow each other in one place together: there are fewer of these to look at."""
        return [OnePlace(parts, [*run]) for parts, run in groupby(units, self._parts.__getitem__)]

    def _below(self, depth: int, named: Iterable[NamedPlaces]) -> dict[str, list[OnePlace]]:
        """Return the boxes of each module one level down that is a group of its own."""
        below: defaultdict[str, list[OnePlace]] = defaultdict(list)
        for name, runs in named:
            if name:
                below[name] += runs
        return {name: inside for name, inside in below.items() if not self._is_trivial(name, depth + 1, inside)}

    def _is_trivial(self, name: str, depth: int, runs: Sequence[OnePlace]) -> bool:
        """Whether these boxes of a leaf module amount to one operator, or to several calls of one."""
        first = runs[0].units[0]
        if INSIDE in first and name in first.split(INSIDE)[:-1]:
            return False  # what a higher-order operator calls is a group, however small
        if any(len(run.parts) > depth for run in runs):
            return False
        nodes = self.index.nodes
        work = [
            node for unit in units_of(runs) if (node := nodes[unit]).kind in COMPUTING and node.target[-7:] != "getitem"
        ]
        if len(work) == 1:
            self.leaf_names[work[0].id] = ".".join(runs[0].parts)
        return len({node.target for node in work}) <= 1

    def _fill(self, group: ModuleGroup, depth: int, below: Mapping[str, Sequence[OnePlace]]) -> None:
        owner = {unit: f".{name}" for name, runs in below.items() for unit in units_of(runs)}
        calls = self._tangles.calls(group.nodes, owner)
        inside: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
        for unit in group.nodes:
            if unit in owner:
                inside[owner[unit], calls[unit]].append(unit)
        for unit in group.nodes:
            name = owner.get(unit, "")
            boxes = inside[name, calls[unit]] if name else []
            if not name or (len(boxes) == 1 and (name, 2) in inside):
                group.items.append(unit)
            elif boxes[0] == unit:
                runs = self._in_runs(boxes)
                group.items.append(self._build(f"{group.path}{name}".lstrip("."), depth + 1, runs))


def _name_at(depth: int, run: OnePlace) -> str:
    """Return the module of a place one level down; empty for what stands there itself."""
    return run.parts[depth] if len(run.parts) > depth else ""


def _innermost(one: ModuleGroup, other: ModuleGroup, around: Mapping[ModuleGroup, ModuleGroup | None]) -> ModuleGroup:
    """Return the innermost group that holds both."""
    outer: list[ModuleGroup] = []
    step: ModuleGroup | None = one
    while step is not None:
        outer.append(step)
        step = around[step]
    step = other
    while step is not None and step not in outer:
        step = around[step]
    return step or outer[-1]


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    length = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return one[:length]

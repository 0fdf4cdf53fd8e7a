"""The module hierarchy of a graph: which boxes stand in which frame, as few frames as say something.

A leaf module with one operator is no group: its operator, with its observers and Q/DQ, stands
in the group above. A group that holds nothing but one group is one with it. A module that is
called again after others is one group per call, so that no frame both feeds and awaits another.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import groupby, pairwise
from typing import NamedTuple

from qviz.analysis.regions import precision
from qviz.analysis.views.dtypes import OutputValues
from qviz.analysis.views.group import ModuleGroup
from qviz.analysis.views.plumbing import Plumbing, find_plumbing
from qviz.analysis.views.repeats import OneStage, Repeats, Sign
from qviz.analysis.views.siblings import Siblings
from qviz.analysis.views.view import Badge
from qviz.document.graph import COMPUTING, WATCHING, Graph, Kind
from qviz.document.inlining import INSIDE
from qviz.document.query import Index


class Split(NamedTuple):
    """The members of a box, each with the box's id."""

    own: Mapping[str, str]
    hosted: Mapping[str, str]


class Hierarchy:
    """A graph's groups and plumbing, made once for all its views.

    Attributes:
        index: The graph's lookups.
        plumbing: What folds into what.
        root: The whole model.
        leaf_names: For the only operator of a leaf module, the module's path.
        runs: The members and badges of boxes of equal groups, by the box's id: a first view is folded several times.
    """

    def __init__(self, graph: Graph, sign: Sign | None = None) -> None:
        """Find the groups.

        Args:
            graph: Of a stage, or the union of several.
            sign: What makes nodes equal, for a union; else it is what they are in the stage.
        """
        self.graph = graph
        self._sign = sign
        self.index = Index(graph)
        self.plumbing: Plumbing = find_plumbing(graph, self.index)
        self.leaf_names: dict[str, str] = {}
        self.runs: dict[str, tuple[tuple[str, ...], tuple[Badge, ...]]] = {}
        self._members: dict[ModuleGroup, tuple[str, ...]] = {}
        self._counts: dict[ModuleGroup, Counter[Kind]] = {}
        self._splits: dict[str, Split] = {}
        self._low: dict[str, tuple[int, int]] = {}
        self._known_parts: dict[str, tuple[str, ...]] = {"": ()}
        self._types = {node.module_path: node.module_type for node in graph.nodes}
        self._types.update((group.path, group.type) for group in graph.groups)
        hosts, repeats = self.plumbing.hosts, self.plumbing.repeats
        units = [each for each in self.index.nodes if each not in hosts and each not in repeats]
        self._parts = {unit: self._parts_of(unit) for unit in units}
        self.root = self._build("", 0, units)
        calls: Counter[str] = Counter()
        for group in self.root.walk():
            calls[group.path] += 1
            group.call = calls[group.path]

    @cached_property
    def repeats(self) -> Repeats:
        """Which blocks are alike."""
        # Not the hierarchy itself: a cycle would outlive its model.
        return Repeats(self.graph.edges, self.plumbing, self._sign or self.sign, self.crossings)

    @property
    def sign(self) -> Sign:
        """What makes the nodes of a stage equal."""
        return OneStage(self.index, self.precision[0])

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
        if not any(node.kind in (Kind.DEQUANTIZE, Kind.QUANTIZED_OP) for node in self.graph.nodes):
            return frozenset(), frozenset()
        found = precision(self.graph, self.index)
        return (frozenset(found.low), frozenset(found.float)) if found.low else (frozenset(), frozenset())

    def low_of(self, box_id: str, members: Sequence[str]) -> tuple[int, int]:
        """Return how many operators of a group's box run in low precision, and how many could; found once for each."""
        known = self._low.get(box_id)
        if known is None:
            low, stays_float = self.precision
            count = sum(each in low for each in members)
            known = self._low[box_id] = count, count + sum(each in stays_float for each in members)
        return known

    @cached_property
    def rings(self) -> dict[int, int]:
        """A small number for each observer object that several nodes call, in graph order."""
        observers = (node for node in self.graph.nodes if node.kind in WATCHING and node.object_id is not None)
        calls = Counter(node.object_id for node in observers)
        shared = (object_id for object_id, count in calls.items() if count > 1 and object_id is not None)
        return {object_id: number for number, object_id in enumerate(shared, 1)}

    def members(self, group: ModuleGroup) -> tuple[str, ...]:
        """Return the ids of all nodes in a group, each once."""
        if group not in self._members:
            repeated, held = self.plumbing.repeated, self.plumbing.held
            inside: list[str] = []
            for unit in group.nodes:  # as in `Plumbing.members`; for every node of a large graph, several times
                if unit in repeated:
                    inside += repeated[unit]
                else:
                    inside.append(unit)
                if unit in held:
                    inside += held[unit]
            self._members[group] = tuple(dict.fromkeys(inside))
        return self._members[group]

    def split(self, box_id: str, members: Sequence[str]) -> Split:
        """Return the members of a box of groups, those apart that fold into operators elsewhere too."""
        if box_id not in self._splits:
            hosts = self.plumbing.hosts
            own = dict.fromkeys((each for each in members if each not in hosts), box_id)
            self._splits[box_id] = Split(own, dict.fromkeys((each for each in members if each in hosts), box_id))
        return self._splits[box_id]

    @cached_property
    def crossings(self) -> dict[ModuleGroup, list[int]]:
        """For each group the places of the edges that run between its items, whatever those hold.

        An edge is drawn only where the innermost group around both its ends is open, so that a view
        looks at these alone. Of a node that folds into several operators, all their places count.
        """
        homes, around = self._homes()
        found: defaultdict[ModuleGroup, list[int]] = defaultdict(list)
        for place, edge in enumerate(self.graph.edges):
            one, other = homes[edge.from_id], homes[edge.to_id]
            found[one if one is other else _innermost(one, other, around)].append(place)
        return found

    def _homes(self) -> tuple[dict[str, ModuleGroup], dict[ModuleGroup, ModuleGroup | None]]:
        """Return the group of every node, and the group around every group."""
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

    def counts(self, group: ModuleGroup) -> Counter[Kind]:
        """Return how many nodes of each kind a group holds."""
        if group not in self._counts:
            self._counts[group] = Counter([self.index.nodes[each].kind for each in self.members(group)])
        return self._counts[group]

    def _parts_of(self, unit: str) -> tuple[str, ...]:
        """Return the place of a box, split; a repeated dequantize stands where all its uses can be reached."""
        node = self.index.nodes[unit]
        if node.kind in (Kind.INPUT, Kind.OUTPUT) and INSIDE not in unit:
            return ()
        parts = self._split(node.place)
        for other in self.plumbing.repeated.get(unit, ())[1:]:
            parts = _common(parts, self._split(self.index.nodes[other].place))
        return parts

    def _split(self, place: str) -> tuple[str, ...]:
        if place not in self._known_parts:
            self._known_parts[place] = tuple(place.split("."))
        return self._known_parts[place]

    def _build(self, path: str, depth: int, units: Sequence[str]) -> ModuleGroup:
        while True:
            runs = self._runs(depth, units)
            below = self._below(depth, runs)
            if not path or len(below) != 1 or len(next(iter(below.values()))) != len(units):
                break
            path, depth = f"{path}.{next(iter(below))}", depth + 1
        group = ModuleGroup(path, self._types.get(path, ""), list(units))
        if self._may_be_tangled(runs, below):
            self._fill(group, depth, below)
            return group
        for name, run in runs:
            if name not in below:
                group.items += run
            elif below[name][0] == run[0]:
                group.items.append(self._build(f"{path}.{name}".lstrip("."), depth + 1, below[name]))
        return group

    def _may_be_tangled(self, runs: Sequence[tuple[str, Sequence[str]]], below: Mapping[str, list[str]]) -> bool:
        """Return whether modules may await each other: never those whose boxes follow each other without a gap.

        The order is topological, and so is that of its intervals; one with gaps may feed what stands there and read it.
        """
        calls = Counter(name for name, _ in runs if name in below)
        apart = [name for name, count in calls.items() if count > 1]
        if len(apart) != 1:
            return bool(apart)
        places = [place for place, (name, _) in enumerate(runs) if name == apart[0]]
        inside, fed = set(below[apart[0]]), set[str]()
        for name, run in runs[places[0] : places[-1]]:
            if name == apart[0]:
                continue
            for together in [run] if name in below else [(unit,) for unit in run]:
                if any(each in inside or each in fed for unit in together for each in self._producers(unit)):
                    fed.update(together)
                    if any(user in inside for unit in together for user in self._users(unit)):
                        return True
        return False

    def _runs(self, depth: int, units: Sequence[str]) -> list[tuple[str, Sequence[str]]]:
        """Return the modules one level down, each with boxes that follow each other; others are runs without a name."""
        parts = self._parts
        names = [each[depth] if len(each := parts[unit]) > depth else "" for unit in units]
        starts = [0, *(at for at, (one, other) in enumerate(pairwise(names), 1) if one != other), len(units)]
        return [(names[start], units[start:end]) for start, end in pairwise(starts) if start < end]

    def _below(self, depth: int, runs: Iterable[tuple[str, Sequence[str]]]) -> dict[str, list[str]]:
        """Return the boxes of each module one level down that is a group of its own."""
        below: defaultdict[str, list[str]] = defaultdict(list)
        for name, run in runs:
            if name:
                below[name] += run
        return {name: inside for name, inside in below.items() if not self._is_trivial(name, depth + 1, inside)}

    def _is_trivial(self, name: str, depth: int, units: Sequence[str]) -> bool:
        """Whether these boxes of a leaf module amount to one operator, or to several calls of one."""
        parts, nodes = self._parts, self.index.nodes
        if INSIDE in units[0] and name in units[0].split(INSIDE)[:-1]:
            return False  # what a higher-order operator calls is a group, however small
        for unit in units:
            if len(parts[unit]) > depth:
                return False
        work = [node for unit in units if (node := nodes[unit]).kind in COMPUTING and node.target[-7:] != "getitem"]
        if len(work) == 1:
            self.leaf_names[work[0].id] = ".".join(parts[work[0].id])
        return len({node.target for node in work}) <= 1

    def _fill(self, group: ModuleGroup, depth: int, below: dict[str, list[str]]) -> None:
        owner = {unit: f".{name}" for name, inside in below.items() for unit in inside}
        calls = self._calls(group.nodes, owner)
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
                group.items.append(self._build(f"{group.path}{name}".lstrip("."), depth + 1, boxes))

    def _calls(self, units: Sequence[str], owner: Mapping[str, str]) -> dict[str, int]:
        """Return which call of its module every grouped box belongs to."""
        tangled = self._tangled(units, owner)
        calls = {unit: 1 for unit in units if unit in owner and owner[unit] not in tangled}
        seen: Counter[str] = Counter()
        # Runs in graph order cannot await each other: the order is topological.
        of_tangled = [unit for unit in units if owner.get(unit, unit) in tangled]
        for name, run in groupby(of_tangled, key=lambda unit: owner.get(unit, unit)):
            if name.startswith("."):
                seen[name] += 1
                calls.update(dict.fromkeys(run, seen[name]))
        return calls

    def _tangled(self, units: Sequence[str], owner: Mapping[str, str]) -> set[str]:
        """Return the modules and boxes that lie on a cycle, or between two, when each module is one box."""
        if not owner:
            return set()
        after: defaultdict[str, set[str]] = defaultdict(set)
        before: defaultdict[str, set[str]] = defaultdict(set)
        within = set(units)
        for unit in units:
            source = owner.get(unit, unit)
            for user in self._users(unit):
                target = owner.get(user, user)
                if user in within and target != source:
                    after[source].add(target)
                    before[target].add(source)
        return _peel(_peel({owner.get(unit, unit) for unit in units}, before, after), after, before)

    def _producers(self, unit: str) -> Iterator[str]:
        for each in self.plumbing.repeated.get(unit, (unit,)):
            for producer in self.index.producers[each]:
                yield self.plumbing.repeats.get(producer, producer)

    def _users(self, unit: str) -> Iterator[str]:
        for each in self.plumbing.repeated.get(unit, (unit,)):
            for user in self.index.users[each]:
                yield self.plumbing.repeats.get(user, user)


def _peel(left: set[str], before: Mapping[str, set[str]], after: Mapping[str, set[str]]) -> set[str]:
    """Return what stays when, again and again, all that has nothing before it is taken away."""
    left = set(left)
    waits = {each: len(before.get(each, set()) & left) for each in left}
    free = [each for each, count in waits.items() if count == 0]
    while free:
        each = free.pop()
        left.discard(each)
        for follower in after.get(each, ()):
            if follower in left:
                waits[follower] -= 1
                if waits[follower] == 0:
                    free.append(follower)
    return left


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

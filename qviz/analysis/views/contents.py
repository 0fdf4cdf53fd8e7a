"""What groups hold: all their nodes, each once, and how many of each kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain
from operator import attrgetter

from qviz.analysis.views.group import ModuleGroup
from qviz.analysis.views.plumbing import Plumbing
from qviz.document.graph import Kind
from qviz.document.query import Index

_KIND = attrgetter("kind")
AT_ONCE = 5000
"""Nodes counted in one call of Python's own, which lets no other thread work meanwhile."""


class Contents:
    """The contents of the groups of one graph; each is counted once.

    Args:
        index: The graph's.
        plumbing: What folds into what.
    """

    def __init__(self, index: Index, plumbing: Plumbing) -> None:
        self._index, self._plumbing = index, plumbing
        self._members: dict[ModuleGroup, tuple[str, ...]] = {}
        self._counts: dict[ModuleGroup, Counter[Kind]] = {}
        # What folds into several operators may stand in several groups.
        self._shared = frozenset(each for each, hosts in plumbing.hosts.items() if len(hosts) > 1)

    def members(self, group: ModuleGroup) -> tuple[str, ...]:
        """Return the ids of all nodes in a group, each once."""
        found = self._members.get(group)
        if found is None:
            layers = _layers(group)
            inside = self.members_of(layers) if layers else self._each_once(self._with_plumbing(group.nodes))
            found = self._members[group] = inside
        return found

    def members_of(self, groups: Sequence[ModuleGroup]) -> tuple[str, ...]:
        """Return the ids of all nodes in several groups, each once."""
        return self._each_once([*chain.from_iterable(map(self.members, groups))])

    def counts(self, group: ModuleGroup) -> Counter[Kind]:
        """Return how many nodes of each kind a group holds."""
        found = self._counts.get(group)
        if found is None:
            found = self._counts[group] = self.counts_of(_layers(group), self.members(group))
        return found

    def counts_of(self, groups: Sequence[ModuleGroup], members: Sequence[str]) -> Counter[Kind]:
        """Return how many nodes of each kind several groups hold, which have these members together.

        It is the sum of theirs, unless a node is in two. Without groups the members are counted.
        """
        if not groups or not self._shared.isdisjoint(members):
            return self._counted(members)
        found: Counter[Kind] = Counter()
        for each in groups:
            for kind, count in self.counts(each).items():
                found[kind] += count
        return found

    def _counted(self, members: Sequence[str]) -> Counter[Kind]:
        found: Counter[Kind] = Counter()
        for start in range(0, len(members), AT_ONCE):  # in between other threads get their turn
            found.update(map(_KIND, map(self._index.nodes.__getitem__, members[start : start + AT_ONCE])))
        return found

    def _each_once(self, inside: list[str]) -> tuple[str, ...]:
        return tuple(inside) if self._shared.isdisjoint(inside) else tuple(dict.fromkeys(inside))

    def _with_plumbing(self, units: Sequence[str]) -> list[str]:
        """Return the ids of boxes, their repeats and their plumbing, as `Plumbing.members` has them for each."""
        repeated, held = self._plumbing.repeated, self._plumbing.held
        inside: list[str] = []
        for unit in units:
            if unit in repeated:
                inside += repeated[unit]
            else:
                inside.append(unit)
            if unit in held:
                inside += held[unit]
        return inside


def _layers(group: ModuleGroup) -> list[ModuleGroup]:
    """Return the groups in a list of layers, which holds nothing else, where they are in its order; none of others."""
    groups = [item for item in group.items if isinstance(item, ModuleGroup)]
    is_list = len(groups) == len(group.items)
    return groups if is_list and group.nodes == [*chain.from_iterable(each.nodes for each in groups)] else []

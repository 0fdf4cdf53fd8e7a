"""Finds modules that await each other: one that reads what another made of its own values is drawn once for each call.

Each module is one box for that. Most do not need a look: what follows each other without a gap is in the order of the
graph, which is topological.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain, groupby
from operator import itemgetter
from typing import NamedTuple, TypeAlias

from qviz.analysis.views.plumbing import Plumbing
from qviz.document.query import Index


class OnePlace(NamedTuple):
    """Boxes that follow each other in one place; the place is split."""

    parts: tuple[str, ...]
    units: list[str]


NamedPlaces: TypeAlias = tuple[str, list[OnePlace]]
"""What follows each other in one module, whose name is empty for what stands in none."""


def units_of(runs: Sequence[OnePlace]) -> list[str]:
    """Return the boxes of some runs."""
    return [*chain.from_iterable(map(itemgetter(1), runs))]


class Tangles:
    """Answers for the modules in one group after the other.

    Args:
        index: The graph's.
        plumbing: The same.
    """

    def __init__(self, index: Index, plumbing: Plumbing) -> None:
        self._index, self._plumbing = index, plumbing

    def may_be(self, named: Sequence[NamedPlaces], below: Mapping[str, Sequence[OnePlace]]) -> bool:
        """Return whether modules may await each other: never those whose boxes follow each other without a gap.

        The order is topological, and so is that of its intervals; one with gaps may feed what stands there and read it.

        Args:
            named: What stands in a group, in its order.
            below: The modules among it that are groups of their own.
        """
        calls = Counter([name for name, _ in named if name in below])
        apart = [name for name, count in calls.items() if count > 1]
        if len(apart) != 1:
            return bool(apart)
        places = [place for place, (name, _) in enumerate(named) if name == apart[0]]
        inside, fed = set(units_of(below[apart[0]])), set[str]()
        for name, runs in named[places[0] : places[-1]]:
            if name == apart[0]:
                continue
            units = units_of(runs)
            for together in [units] if name in below else [[unit] for unit in units]:
                if any(each in inside or each in fed for unit in together for each in self._producers(unit)):
                    fed.update(together)
                    if any(user in inside for unit in together for user in self._users(unit)):
                        return True
        return False

    def calls(self, units: Sequence[str], owner: Mapping[str, str]) -> dict[str, int]:
        """Return which call of its module every grouped box belongs to.

        Args:
            units: All boxes of a group.
            owner: The module of those that are in one, after a dot.
        """
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

    def _tangled(self, units: Sequence[str], owner: Mapping[str, str]) -> Collection[str]:
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
        for each in self._plumbing.repeated.get(unit, (unit,)):
            for producer in self._index.producers[each]:
                yield self._plumbing.repeats.get(producer, producer)

    def _users(self, unit: str) -> Iterator[str]:
        for each in self._plumbing.repeated.get(unit, (unit,)):
            for user in self._index.users[each]:
                yield self._plumbing.repeats.get(user, user)


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

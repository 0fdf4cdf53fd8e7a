"""Equal siblings as one box: blocks that follow each other and are alike, in every stage in view."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from qviz.analysis.views.captions import between
from qviz.analysis.views.group import ModuleGroup
from qviz.analysis.views.plumbing import Plumbing
from qviz.analysis.views.repeats import LEAST, Repeats
from qviz.analysis.views.view import Folds
from qviz.document.graph import Edge

SiblingRow: TypeAlias = "str | ModuleGroup | tuple[ModuleGroup, ...]"
"""A node, a group, or a run of equal groups."""


class Telling(NamedTuple):
    """A group that tells what it and its equals hold; `more` counts the boxes of the others."""

    group: ModuleGroup
    more: int


class Siblings:
    """Finds the runs in the groups of one hierarchy; each is read once.

    Args:
        repeats: Tells which groups are equal.
        plumbing: The hierarchy's.
        edges: The graph's.
        crossings: For each group the places of the edges that run between its items.
    """

    def __init__(
        self,
        repeats: Repeats,
        plumbing: Plumbing,
        edges: Sequence[Edge],
        crossings: Mapping[ModuleGroup, Sequence[int]],
    ) -> None:
        self._repeats, self._plumbing = repeats, plumbing
        self._edges, self._crossings = edges, crossings
        self._forms: dict[ModuleGroup, tuple[int | None, ...]] = {}
        self._after: dict[ModuleGroup, list[set[int]]] = {}
        self._closed: dict[tuple[ModuleGroup, int, int], bool] = {}

    def rows(self, group: ModuleGroup, folds: Folds) -> Iterator[SiblingRow]:
        """Yield what stands in a group: of equal groups in a row that are all folded, and not wanted apart, one."""
        forms = self.forms(group)
        if not forms:
            yield from group.items
            return
        run: list[int] = []
        for at, (item, form) in enumerate(zip(group.items, forms, strict=True)):
            if form is None or isinstance(item, str) or item.path in folds.groups or item.path in folds.apart:
                yield from self._ended(group, run)
                run = []
                yield item
                continue
            if run and form != forms[run[-1]]:
                yield from self._ended(group, run)
                run = []
            run.append(at)
        yield from self._ended(group, run)

    def count(self, group: ModuleGroup) -> int:
        """Return how many boxes a group shows where all that it holds is folded."""
        if not self.forms(group):
            return len(group.items)
        return sum(1 for _ in self.rows(group, Folds()))

    def telling(self, group: ModuleGroup) -> Iterator[Telling]:
        """Yield the groups inside that show what all of them hold: of equal ones the first, where no other differs."""
        rows = list(self.rows(group, Folds()))
        singles = {row.type for row in rows if isinstance(row, ModuleGroup)}
        told: set[int | None] = set()
        for row in rows:
            if isinstance(row, ModuleGroup):
                yield Telling(row, 0)
            elif isinstance(row, tuple) and row[0].type not in singles:
                form = self._repeats.form(row[0])
                if form not in told:
                    told.add(form)
                    yield Telling(row[0], 1)

    def forms(self, group: ModuleGroup) -> tuple[int | None, ...]:
        """Return a number for each item of a group, the same for equal ones; empty where none has an equal.

        What stands for itself has None.
        """
        found = self._forms.get(group)
        if found is None:
            found = self._forms[group] = self._found(group)
        return found

    def _found(self, group: ModuleGroup) -> tuple[int | None, ...]:
        paths, types = Counter(inner.path for inner in group.groups), Counter(inner.type for inner in group.groups)
        if max(types.values(), default=0) < LEAST:
            return ()
        keys = [
            None
            if isinstance(item, str) or paths[item.path] > 1 or types[item.type] < LEAST
            else (item.type, self._repeats.form(item))
            for item in group.items
        ]
        counts = Counter(keys)
        found = tuple(None if key is None or counts[key] < LEAST else key[1] for key in keys)
        return found if any(each is not None for each in found) else ()

    def _ended(self, group: ModuleGroup, run: Sequence[int]) -> Iterator[SiblingRow]:
        items = [item for at in run if not isinstance(item := group.items[at], str)]
        if len(items) > 1 and self._is_closed(group, run):
            yield tuple(items)
        else:
            yield from items

    def _is_closed(self, group: ModuleGroup, run: Sequence[int]) -> bool:
        """Return whether nothing that a run feeds feeds it in turn, so that it can be one box."""
        key = group, run[0], run[-1]
        if key not in self._closed:
            after, inside = self._following(group), set(run)
            waiting = [each for at in run for each in after[at] if each not in inside]
            seen = set(waiting)
            while waiting and inside.isdisjoint(seen):
                fresh = after[waiting.pop()] - seen
                seen |= fresh
                waiting += fresh
            self._closed[key] = inside.isdisjoint(seen)
        return self._closed[key]

    def _following(self, group: ModuleGroup) -> list[set[int]]:
        """Return for each item of a group those that read it."""
        found = self._after.get(group)
        if found is None:
            found = [set() for _ in group.items]
            at: dict[str, int] = {}
            for number, item in enumerate(group.items):
                at.update({item: number} if isinstance(item, str) else dict.fromkeys(item.nodes, number))
            for place in self._crossings.get(group, ()):
                edge = self._edges[place]
                for source in self._items_of(edge.from_id, at):
                    found[source].update(each for each in self._items_of(edge.to_id, at) if each != source)
            self._after[group] = found
        return found

    def _items_of(self, node_id: str, at: Mapping[str, int]) -> tuple[int, ...]:
        """Return the items that a node is in: plumbing is where its operators are."""
        if node_id in at:
            return (at[node_id],)
        hosts = self._plumbing.hosts.get(node_id, (self._plumbing.repeats.get(node_id, ""),))
        return tuple({at[each] for each in hosts if each in at})


def span_of(group: ModuleGroup) -> str:
    """Return ``0 … 11`` for a list of numbered modules; empty for others."""
    paths = [inner.path for inner in group.groups]
    return between(paths[0], paths[-1]) if all(path.rpartition(".")[2].isdigit() for path in paths) else ""

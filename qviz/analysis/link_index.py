"""Looks links up: what a node became, what it was, over any number of stages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from qviz.document.snapshot import Link


class LinkIndex:
    """Answers what a node of one stage is in another, over any number of stages between."""

    def __init__(self, stage_names: Sequence[str], links: Iterable[Link]) -> None:
        self._places = {name: place for place, name in enumerate(stage_names)}
        self._names = list(stage_names)
        self._forward: defaultdict[tuple[str, str], list[Link]] = defaultdict(list)
        self._backward: defaultdict[tuple[str, str], list[Link]] = defaultdict(list)
        for link in links:
            for node_id in link.from_ids:
                self._forward[link.from_stage, node_id].append(link)
            for node_id in link.to_ids:
                self._backward[link.to_stage, node_id].append(link)

    def links_from(self, stage: str, node_id: str) -> tuple[Link, ...]:
        """Return the links that say what became of a node in the next stage."""
        return tuple(self._forward.get((stage, node_id), ()))

    def links_to(self, stage: str, node_id: str) -> tuple[Link, ...]:
        """Return the links that say what a node was in the stage before."""
        return tuple(self._backward.get((stage, node_id), ()))

    def partners(self, from_stage: str, to_stage: str, node_ids: Iterable[str]) -> tuple[str, ...]:
        """Return the ids in `to_stage` that the nodes became, or were; empty where nothing is left."""
        if from_stage not in self._places or to_stage not in self._places:
            return ()
        here, there = self._places[from_stage], self._places[to_stage]
        ids = tuple(dict.fromkeys(node_ids))
        step = 1 if there > here else -1
        for place in range(here, there, step):
            table = self._forward if step > 0 else self._backward
            found: dict[str, None] = {}
            for node_id in ids:
                for link in table.get((self._names[place], node_id), ()):
                    found.update(dict.fromkeys(link.to_ids if step > 0 else link.from_ids))
            ids = tuple(found)
        return ids

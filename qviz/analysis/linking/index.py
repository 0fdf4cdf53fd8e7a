"""Looks links up: what a node became, what it was, over any number of stages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from qviz.document.snapshot import Link


def ways(links: Iterable[Link]) -> dict[str, list[str]]:
    """Return the stages to which links lead from each, in either direction, in the order of the links."""
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for link in links:
        found[link.from_stage][link.to_stage] = None
        found[link.to_stage][link.from_stage] = None
    return {name: list(others) for name, others in found.items()}


def way(ways: Mapping[str, Sequence[str]], start: str, end: str) -> tuple[str, ...]:
    """Return the stages on the shortest way from one to another, both included; empty where links lead nowhere.

    Of equally short ones it is the one whose links come first.
    """
    if start == end or end in ways.get(start, ()):
        return (start,) if start == end else (start, end)
    if start not in ways or end not in ways:
        return ()
    import networkx

    graph = networkx.DiGraph((here, there) for here, others in ways.items() for there in others)
    return tuple(networkx.single_source_shortest_path(graph, start).get(end, ()))


class LinkIndex:
    """Answers what a node of one stage is in another, over any number of stages between."""

    def __init__(self, links: Iterable[Link]) -> None:
        self._forward: defaultdict[tuple[str, str], list[Link]] = defaultdict(list)
        self._backward: defaultdict[tuple[str, str], list[Link]] = defaultdict(list)
        links = list(links)
        for link in links:
            for node_id in link.from_ids:
                self._forward[link.from_stage, node_id].append(link)
            for node_id in link.to_ids:
                self._backward[link.to_stage, node_id].append(link)
        self._ways = ways(links)
        self._known: dict[tuple[str, str], tuple[str, ...]] = {}

    def links_from(self, stage: str, node_id: str) -> tuple[Link, ...]:
        """Return the links that say what became of a node in the next stage."""
        return tuple(self._forward.get((stage, node_id), ()))

    def links_to(self, stage: str, node_id: str) -> tuple[Link, ...]:
        """Return the links that say what a node was in the stage before."""
        return tuple(self._backward.get((stage, node_id), ()))

    def partners(self, from_stage: str, to_stage: str, node_ids: Iterable[str]) -> tuple[str, ...]:
        """Return the ids in `to_stage` that the nodes became, or were; empty where nothing is left."""
        key = (from_stage, to_stage)
        if key not in self._known:
            self._known[key] = way(self._ways, *key)
        steps = self._known[key]
        ids = tuple(dict.fromkeys(node_ids)) if steps else ()
        for here, there in pairwise(steps):
            found: dict[str, None] = {}
            for node_id in ids:
                for link in self._forward.get((here, node_id), ()):
                    if link.to_stage == there:
                        found.update(dict.fromkeys(link.to_ids))
                for link in self._backward.get((here, node_id), ()):
                    if link.from_stage == there:
                        found.update(dict.fromkeys(link.from_ids))
            ids = tuple(found)
        return ids

"""What changed between two stages, of one run or of two: everything that no chain of "same" leads through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from qviz.analysis.linking.index import way, ways
from qviz.document.graph import COMPUTING, Graph
from qviz.document.snapshot import Link, Stage


class Changes(NamedTuple):
    """The nodes of either stage that the other has not, or not as they are; in graph order.

    Attributes:
        before: Of the stage named first.
        after: Of the other.
        fused: Operators of the earlier stage that one node of the later stands for.
        earlier: The name of the earlier stage.
    """

    before: tuple[str, ...]
    after: tuple[str, ...]
    fused: tuple[tuple[str, ...], ...] = ()
    earlier: str = ""


def changes(stages: Sequence[Stage], links: Sequence[Link], one: str, other: str) -> Changes:
    """Return what changed between two stages of a run, whichever comes first.

    Args:
        stages: All stages in their order.
        links: Between neighbours.
        one: The name of the stage that `before` tells of.
        other: The name of the one that `after` tells of.
    """
    graphs = {stage.name: stage.whole for stage in stages}
    steps = way(ways(links), one, other) or (one, other)
    became = {node.id: node.id for node in graphs[one].nodes}
    for here, there in pairwise(steps):
        same = _same(links, here, there)
        became = {start: same[now] for start, now in became.items() if now in same}
    before = tuple(node.id for node in graphs[one].nodes if node.id not in became)
    kept = set(became.values())
    after = tuple(node.id for node in graphs[other].nodes if node.id not in kept)
    names = list(graphs)
    forward = steps if names.index(one) <= names.index(other) else steps[::-1]
    return Changes(before, after, tuple(_fused(graphs[forward[0]], links, forward)), forward[0])


def _same(links: Iterable[Link], here: str, there: str) -> dict[str, str]:
    """Return what stays as it is from one stage to its neighbour, in either direction."""
    found: dict[str, str] = {}
    for link in links:
        if link.relation == "same" and len(link.from_ids) == len(link.to_ids) == 1:
            if (link.from_stage, link.to_stage) == (here, there):
                found[link.from_ids[0]] = link.to_ids[0]
            elif (link.to_stage, link.from_stage) == (here, there):
                found[link.to_ids[0]] = link.from_ids[0]
    return found


def _fused(graph: Graph, links: Sequence[Link], steps: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield the operators that became parts of one: what a chain of links gathers in it."""
    sources: dict[str, tuple[str, ...]] = {node.id: (node.id,) for node in graph.nodes}
    for here, there in pairwise(steps):
        gathered: dict[str, tuple[str, ...]] = {}
        for link in links:
            is_step = (link.from_stage, link.to_stage) == (here, there)
            if is_step and link.relation in ("same", "replaced", "fused", "folded"):
                for each in link.to_ids[:1]:
                    found = (*gathered.get(each, ()), *(one for old in link.from_ids for one in sources.get(old, ())))
                    gathered[each] = tuple(dict.fromkeys(found))
        sources = gathered
    operators = {node.id for node in graph.nodes if node.kind in COMPUTING}
    for parts in sources.values():
        fused = tuple(each for each in parts if each in operators)
        if len(fused) > 1:
            yield fused

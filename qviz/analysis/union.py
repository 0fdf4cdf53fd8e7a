"""All stages of a run as one graph: a node that survives is one node, so that one layout serves every stage.

Where a stage has no node, a gap stays; a line of that stage runs through the gap, in place of the nodes that
were not there yet, or are no longer.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from qviz.document.graph import Edge, Graph, Group, Node
from qviz.document.snapshot import Link, Stage

_SURVIVES = ("same", "replaced", "fused", "decomposed", "duplicated")
"""The relations whose first node on either side is one node, drawn in one place."""


class Union(NamedTuple):
    """The union of stages.

    Attributes:
        graph: Its nodes are as they were when they came first.
        ids: For each stage, the id in `graph` of each of its nodes.
    """

    graph: Graph
    ids: dict[str, dict[str, str]]


def unite(stages: Sequence[Stage], links: Iterable[Link]) -> Union | None:
    """Return the union of some stages, or None where their links contradict the order of the nodes."""
    ids = _identities(stages, links)
    nodes: dict[str, Node] = {}
    ranks: dict[str, float] = {}
    edges: dict[tuple[str, str], set[str]] = {}
    for stage in stages:
        mine = ids[stage.name]
        _add_edges(stage, mine, edges)
        _add_nodes(stage, mine, nodes, ranks)
    order = _ordered(ranks, edges)
    if order is None:
        return None
    present = {stage.name: set(ids[stage.name].values()) for stage in stages}
    kept = _without_detours(edges, present)
    groups: dict[str, Group] = {}
    for stage in stages:
        for group in stage.graph.groups:
            groups.setdefault(group.path, group)
    counts: defaultdict[str, int] = defaultdict(int)
    numbered = []
    for source, target in kept:
        numbered.append(Edge(source, target, counts[target]))
        counts[target] += 1
    return Union(Graph(tuple(nodes[each] for each in order), tuple(numbered), tuple(groups.values())), ids)


def _identities(stages: Sequence[Stage], links: Iterable[Link]) -> dict[str, dict[str, str]]:
    before: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for link in links:
        if link.relation in _SURVIVES and link.from_ids and link.to_ids:
            before[link.to_stage].setdefault(link.to_ids[0], link.from_ids[0])
    ids: dict[str, dict[str, str]] = {}
    taken: set[str] = set()
    earlier: Mapping[str, str] = {}
    for stage in stages:
        mine: dict[str, str] = {}
        used: set[str] = set()
        for node in stage.graph.nodes:
            was = earlier.get(before[stage.name].get(node.id, ""))
            if was is not None and was not in used:
                mine[node.id] = was
                used.add(was)
        for node in stage.graph.nodes:
            if node.id not in mine:
                fresh = node.id if node.id not in taken else f"{node.id}@{stage.name}"
                mine[node.id] = fresh
        taken.update(mine.values())
        ids[stage.name] = earlier = mine
    return ids


def _add_nodes(stage: Stage, mine: Mapping[str, str], nodes: dict[str, Node], ranks: dict[str, float]) -> None:
    """Add what is new in a stage, right behind what it reads."""
    read: defaultdict[str, list[str]] = defaultdict(list)
    for edge in stage.graph.edges:
        read[edge.to_id].append(mine[edge.from_id])
    last = 0.0
    for place, node in enumerate(stage.graph.nodes):
        each = mine[node.id]
        if each not in nodes:
            nodes[each] = msgspec.structs.replace(node, id=each)
            # Between what it reads and what follows; 2**-20 keeps the order within a stage.
            ranks[each] = max([ranks[one] for one in read[node.id]], default=last) + (place + 1) * 2.0**-20
        last = ranks[each]


def _add_edges(stage: Stage, mine: Mapping[str, str], edges: dict[tuple[str, str], set[str]]) -> None:
    for edge in stage.graph.edges:
        edges.setdefault((mine[edge.from_id], mine[edge.to_id]), set()).add(stage.name)


def _ordered(ranks: Mapping[str, float], edges: Iterable[tuple[str, str]]) -> list[str] | None:
    """Return the nodes in an order in which each follows what it reads, or None where there is none."""
    waits = dict.fromkeys(ranks, 0)
    users: defaultdict[str, list[str]] = defaultdict(list)
    for source, target in edges:
        waits[target] += 1
        users[source].append(target)
    free = [(ranks[each], each) for each, count in waits.items() if count == 0]
    heapq.heapify(free)
    order = []
    while free:
        _, each = heapq.heappop(free)
        order.append(each)
        for user in users[each]:
            waits[user] -= 1
            if waits[user] == 0:
                heapq.heappush(free, (ranks[user], user))
    return order if len(order) == len(ranks) else None


def _without_detours(
    edges: Mapping[tuple[str, str], set[str]], present: Mapping[str, set[str]]
) -> list[tuple[str, str]]:
    """Return the edges, without those for which each stage has a way through nodes that it has not itself."""
    users: defaultdict[str, list[str]] = defaultdict(list)
    for source, target in edges:
        users[source].append(target)

    def has_way(source: str, target: str, stage: str) -> bool:
        here = present[stage]
        waiting = [each for each in users[source] if each not in here]
        seen = set(waiting)
        while waiting:
            for user in users[waiting.pop()]:
                if user == target:
                    return True
                if user not in here and user not in seen:
                    seen.add(user)
                    waiting.append(user)
        return False

    return [
        (source, target)
        for (source, target), stages in edges.items()
        if not all(has_way(source, target, stage) for stage in sorted(stages))
    ]

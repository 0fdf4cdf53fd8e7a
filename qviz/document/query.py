"""Questions about one graph: who produces, who uses, how many of each kind."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection

from qviz.document.graph import Edge, Graph, Kind, Node


class Index:
    """The lookups of one graph, made once.

    Attributes:
        nodes: Node by id, in graph order.
        producers: Ids that feed a node, in the order of its inputs.
        users: Ids that a node feeds, in graph order.
    """

    def __init__(self, graph: Graph) -> None:
        self.nodes: dict[str, Node] = {node.id: node for node in graph.nodes}
        self.producers: dict[str, list[str]] = {node.id: [] for node in graph.nodes}
        self.users: dict[str, list[str]] = {node.id: [] for node in graph.nodes}
        users, producers = self.users, self.producers
        unordered: set[str] = set()
        for edge in graph.edges:
            from_id, to_id = edge.from_id, edge.to_id
            users[from_id].append(to_id)
            before = producers[to_id]
            if edge.input_index != len(before):
                unordered.add(to_id)
            before.append(from_id)
        if unordered:
            self._put_in_order(graph, unordered)

    def _put_in_order(self, graph: Graph, targets: Collection[str]) -> None:
        """Sort what feeds some nodes: their edges stand in another order than their inputs."""
        by_target: defaultdict[str, list[Edge]] = defaultdict(list)
        for edge in graph.edges:
            if edge.to_id in targets:
                by_target[edge.to_id].append(edge)
        for to_id, edges in by_target.items():
            self.producers[to_id] = [edge.from_id for edge in sorted(edges, key=lambda each: each.input_index)]


def count_kinds(graph: Graph) -> Counter[Kind]:
    """Return how many nodes of each kind there are."""
    return Counter(node.kind for node in graph.nodes)

"""Questions about one graph: who produces, who uses, how many of each kind."""

from __future__ import annotations

from collections import Counter, defaultdict

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
        by_target: defaultdict[str, list[Edge]] = defaultdict(list)
        for edge in graph.edges:
            by_target[edge.to_id].append(edge)
            self.users[edge.from_id].append(edge.to_id)
        for to_id, edges in by_target.items():
            in_order = edges if len(edges) == 1 else sorted(edges, key=lambda e: e.input_index)
            self.producers[to_id] = [edge.from_id for edge in in_order]


def count_kinds(graph: Graph) -> Counter[Kind]:
    """Return how many nodes of each kind there are."""
    return Counter(node.kind for node in graph.nodes)

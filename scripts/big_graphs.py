"""Stages of any size: a real converted transformer with one of its layers repeated; plain data, no torch."""

from __future__ import annotations

import msgspec
import networkx

from qviz.document.graph import Edge, Graph, Group, Node
from qviz.document.snapshot import Stage


def grown(stage: Stage, nodes: int) -> Stage:
    """Return a stage of about so many nodes: layer 1 of ``layers`` again and again, each reading the one before.

    Args:
        stage: A stage of ``gpt_model.py:Gpt(layers=3)``.
        nodes: How many; at least those of the stage.
    """
    graph = stage.graph
    layer = {node.id: _layer(node) for node in graph.nodes}
    pattern = [node for node in graph.nodes if layer[node.id] == "1"]
    inside = {node.id for node in pattern}
    (enters,) = {e.from_id for e in graph.edges if e.to_id in inside and layer[e.from_id] == "0"}
    (leaves,) = {e.from_id for e in graph.edges if e.from_id in inside and e.to_id not in inside}
    copies = max(1, (nodes - len(graph.nodes)) // len(pattern) + 1)
    first = next(place for place, node in enumerate(graph.nodes) if node.id in inside)
    before = list(graph.nodes[:first])
    rest = [node for node in graph.nodes[first:] if node.id not in inside]
    before += [node for node in rest if node.kind.value == "constant" and layer[node.id] != "2"]
    known = {node.id for node in before}
    made, edges, last = (
        list(before),
        [e for e in graph.edges if e.to_id not in inside and e.from_id not in inside],
        enters,
    )
    for number in range(copies):
        made += [_copied(node, number) for node in pattern]
        for edge in graph.edges:
            if edge.to_id in inside:
                source = last if edge.from_id == enters else edge.from_id
                source = f"{edge.from_id}_{number}" if edge.from_id in inside else source
                edges.append(Edge(source, f"{edge.to_id}_{number}", edge.input_index))
        last = f"{leaves}_{number}"
    edges += [Edge(last, e.to_id, e.input_index) for e in graph.edges if e.from_id in inside and e.to_id not in inside]
    made += [node for node in rest if node.id not in known]
    groups = [group for group in graph.groups if not f"{group.path}.".startswith("layers.1.")]
    for number in range(copies):
        groups += [Group(_path(g.path, number), g.type) for g in graph.groups if f"{g.path}.".startswith("layers.1.")]
    nodes_in_order = _in_order(made, edges)
    return msgspec.structs.replace(stage, graph=Graph(nodes_in_order, tuple(edges), tuple(groups)), code="")


def _in_order(nodes: list[Node], edges: list[Edge]) -> tuple[Node, ...]:
    """Return the nodes as a graph of torch's has them: what is read before what reads it."""
    order: networkx.DiGraph[str] = networkx.DiGraph()
    order.add_nodes_from(node.id for node in nodes)
    order.add_edges_from((edge.from_id, edge.to_id) for edge in edges)
    places = {node.id: place for place, node in enumerate(nodes)}
    return tuple(nodes[places[each]] for each in networkx.lexicographical_topological_sort(order, key=places.get))


def _layer(node: Node) -> str:
    place = node.place or ""
    return place.split(".")[1] if place.startswith("layers.") else ""


def _path(path: str, number: int) -> str:
    return path.replace("layers.1", f"layers.{number + 3}", 1)


def _copied(node: Node, number: int) -> Node:
    name = f"{node.id}_{number}"
    inferred = None if node.inferred_path is None else _path(node.inferred_path, number)
    return msgspec.structs.replace(
        node, id=name, name=name, module_path=_path(node.module_path, number), inferred_path=inferred
    )


def without_casts(stage: Stage) -> Stage:
    """Return a stage as it was before its conversion: what reads a quantize or dequantize reads what that read."""
    casts = {node.id for node in stage.graph.nodes if node.kind.value in ("quantize", "dequantize")}
    first = {edge.to_id: edge.from_id for edge in stage.graph.edges if edge.input_index == 0}

    def source(node_id: str) -> str:
        while node_id in casts:
            node_id = first[node_id]
        return node_id

    edges = (Edge(source(edge.from_id), edge.to_id, edge.input_index) for edge in stage.graph.edges)
    kept = tuple(edge for edge in edges if edge.to_id not in casts)
    nodes = tuple(node for node in stage.graph.nodes if node.id not in casts)
    return Stage("captured", Graph(nodes, kept, stage.graph.groups), "")

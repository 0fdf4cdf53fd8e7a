"""Stages of any size: a real converted transformer with one of its layers repeated; plain data, no torch."""

from __future__ import annotations

import msgspec

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
    return msgspec.structs.replace(stage, graph=Graph(tuple(made), tuple(edges), tuple(groups)), code="")


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

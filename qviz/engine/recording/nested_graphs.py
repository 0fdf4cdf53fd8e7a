"""Finds the graphs inside a graph: what its nodes call or read, as the branches of ``cond``."""

from __future__ import annotations

from typing import NamedTuple

from torch.fx import GraphModule, Node

from qviz.engine.recording.values import attribute


class NestedGraph(NamedTuple):
    """A GraphModule that a node calls or reads.

    Attributes:
        path: The names of the nodes that lead there, joined by ``/``.
        graph: Itself.
        call: The node that calls it; a higher-order operator reads it first.
    """

    path: str
    graph: GraphModule
    call: Node


def nested_graphs(module: GraphModule, prefix: str = "") -> list[NestedGraph]:
    """Return the GraphModules that nodes call or read, the inner ones too."""
    found: list[NestedGraph] = []
    for node in module.graph.nodes:
        if node.op in ("call_module", "get_attr"):
            inner = attribute(module, node)
            if isinstance(inner, GraphModule):
                path = f"{prefix}{node.name}"
                call = next(iter(node.users), node) if node.op == "get_attr" else node
                found += [NestedGraph(path, inner, call), *nested_graphs(inner, f"{path}/")]
    return found

"""Tells how large the operators of a float graph are: their multiply-accumulates and their parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import nn
from torch.fx import GraphModule, Node

from qviz.document.graph import Value
from qviz.document.snapshot import OperatorSize
from qviz.engine.nodes.called import called_module
from qviz.engine.nodes.macs import macs_of
from qviz.engine.recording.nested_graphs import nested_graphs
from qviz.engine.recording.values import attribute


def operator_sizes(module: GraphModule, values: Mapping[str, Sequence[Value]]) -> dict[str, OperatorSize]:
    """Return the size of every node that multiplies or has parameters; inner ones as ``outer/inner``.

    Args:
        module: A float graph; it stays as it is.
        values: Shapes and dtypes by node, inner ones as ``outer/inner``.
    """
    found: dict[str, OperatorSize] = {}
    seen: set[int] = set()
    graphs = {"": module} | {f"{each.path}/": each.graph for each in nested_graphs(module)}
    for prefix, graph in graphs.items():
        inside = {name.removeprefix(prefix): each for name, each in values.items() if name.startswith(prefix)}
        for node in graph.graph.nodes:
            total, parts = macs_of(graph, node, inside)
            called = called_module(graph, node) if parts else graph
            insides = {path: OperatorSize(each, _count(called.get_submodule(path))) for path, each in parts.items()}
            size = OperatorSize(total, _parameters(graph, node, seen), insides)
            if size != OperatorSize():
                found[f"{prefix}{node.name}"] = size
    return found


def _count(module: nn.Module) -> int:
    return sum(each.numel() for each in module.parameters())


def _parameters(module: GraphModule, node: Node, seen: set[int]) -> int:
    """Count what a node holds and none before it; `seen` takes up the ids of the parameters."""
    held: list[nn.Parameter] = []
    if node.op == "get_attr":
        value = attribute(module, node)
        held = [value] if isinstance(value, nn.Parameter) else []
    elif node.op == "call_module" and not isinstance(called_module(module, node), GraphModule):
        held = [*called_module(module, node).parameters()]
    new = [each for each in held if id(each) not in seen]
    seen.update(map(id, new))
    return sum(each.numel() for each in new)

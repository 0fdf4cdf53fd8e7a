"""Finds what torch.fx computed from a buffer while it traced, and holds as a constant though forward() updates it."""

from __future__ import annotations

import copy
from collections.abc import Collection

import torch
from torch import nn
from torch.ao.quantization.fx.tracer import QuantizationTracer
from torch.fx import GraphModule, Node
from torch.fx.node import map_arg

from qviz.engine.recording.values import attribute


def computed_from(model: nn.Module, buffers: Collection[str], captured: GraphModule) -> dict[str, tuple[str, ...]]:
    """Return the nodes of a captured graph that hold what was computed from each buffer while it was traced.

    A copy of the model is traced as it is and with another value in the buffer: what differs was computed from it.
    Nothing is said of a model that takes other ways then.
    """
    try:
        plain = _traced(model, "")
        found = {name: _differing(captured, plain, _traced(model, name)) for name in buffers}
    except Exception:  # forward() may raise anything when it meets another value
        return {}
    return {name: nodes for name, nodes in found.items() if nodes}


def _traced(model: nn.Module, changed: str) -> GraphModule:
    """Trace a copy of a model, with the same random numbers each time; the buffer named is `changed` before."""
    copied = copy.deepcopy(model)
    if changed:
        buffer = {**dict(copied.named_buffers()), **dict(copied.named_parameters())}[changed]
        with torch.no_grad():
            buffer.copy_(~buffer if buffer.dtype is torch.bool else buffer + 1)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return GraphModule(copied, QuantizationTracer([], []).trace(copied))


def _differing(captured: GraphModule, one: GraphModule, other: GraphModule) -> tuple[str, ...]:
    """Return the nodes that hold another constant in one trace than in the other, or have another number."""
    graphs = (captured, one, other)
    if len({tuple(map(_called, graph.graph.nodes)) for graph in graphs}) > 1:  # other ways, or another tracer
        return ()
    places: list[dict[Node, int]] = [{node: at for at, node in enumerate(graph.graph.nodes)} for graph in graphs]
    found = []
    for node, first, second in zip(*places, strict=True):
        if _is_made(node):
            differs = not torch.equal(attribute(one, first), attribute(other, second))
        else:
            differs = _arguments(first, places[1]) != _arguments(second, places[2])
        if differs:
            found.append(node.name)
    return tuple(found)


def _is_made(node: Node) -> bool:
    """Return whether a node gives a tensor that the tracer put into the model."""
    return node.op == "get_attr" and str(node.target).startswith("_tensor_constant")


def _called(node: Node) -> tuple[str, str]:
    return node.op, "" if _is_made(node) else str(node.target)


def _arguments(node: Node, places: dict[Node, int]) -> str:
    """Return the arguments of a node in words, with the places of others for their names."""
    return repr(map_arg((node.args, node.kwargs), lambda each: f"node {places[each]}"))

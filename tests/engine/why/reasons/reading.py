"""Reads torch's own graphs: observers, casts, kernels, and what is computed."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.fx import GraphModule, Node

from tests.engine.why.reasons.flows import named, watchers


def past(node: Any, graph: GraphModule) -> Any:
    """Return what an observer or cast gets, past others."""
    watching = watchers(graph)
    while isinstance(node, Node) and (node in watching or is_cast(node)):
        node = node.args[0]
    return node


def is_cast(node: Node) -> bool:
    target = str(getattr(node.target, "__name__", node.target))
    return node.op in ("call_function", "call_method") and target.partition(".")[0] in (
        "dequantize",
        "quantize_per_tensor",
        "quantize_per_channel",
        "dequantize_per_tensor",
        "dequantize_per_channel",
        "quantize_per_tensor_dynamic",
        "choose_qparams",
    )


def readers(node: Node, graph: GraphModule) -> set[str]:
    """Return who reads a node, past observers and casts."""
    watching = watchers(graph)
    found: set[str] = set()
    for user in node.users:
        found |= readers(user, graph) if user in watching or is_cast(user) else {user.name}
    return found


def on(graph: GraphModule, subject: str) -> dict[str, nn.Module]:
    """Return the observers on the output of a node by what calls them."""
    return {node.name: each for node, each in watchers(graph).items() if past(node, graph).name == subject}


def around(graph: GraphModule, name: str) -> list[str]:
    """Return the types of the observers next to a node."""
    node, watching = named(graph, name), watchers(graph)
    assert node is not None
    return sorted(type(watching[each]).__name__ for each in (*node.all_input_nodes, *node.users) if each in watching)


def is_kernel(graph: GraphModule, name: str) -> bool:
    node = named(graph, name)
    if node is None:
        return False
    if node.op == "call_module":
        place = type(graph.get_submodule(str(node.target))).__module__
        return ".quantized" in place and ".reference" not in place
    return "quantized" in str(node.target) or "quantized" in str(getattr(node.target, "__module__", ""))


def kernels(graph: GraphModule) -> int:
    """Return how many nodes of a graph are kernels."""
    return sum(is_kernel(graph, node.name) for node in graph.graph.nodes)


def computed(graph: GraphModule, inputs: Any, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what comes out of each node, where some give what is `given` instead of their own."""
    found: dict[str, Any] = {}
    replaced = given or {}

    class Watching(torch.fx.Interpreter):
        def run_node(self, n: Node) -> Any:
            found[n.name] = replaced[n.name] if n.name in replaced else super().run_node(n)
            return found[n.name]

    with contextlib.suppress(RuntimeError, NotImplementedError):  # behind what was changed a kernel may refuse
        Watching(graph).run(*inputs)
    return found


class Whole(torch.fx.Tracer):
    """Takes every module as it is, stubs too."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return True


def of_modules(model: nn.Module) -> GraphModule:
    """Return the graph of an eager model; the modules are shared with it."""
    return GraphModule(model, Whole().trace(model))


def node_of(graph: GraphModule, name: str) -> Node:
    found = named(graph, name)
    assert found is not None
    return found

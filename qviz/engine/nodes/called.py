"""Finds the modules that the nodes of a graph call."""

from __future__ import annotations

from torch import nn
from torch.fx import GraphModule, Node


def called_module(module: GraphModule, node: Node) -> nn.Module:
    """Return the module that a ``call_module`` node calls.

    As ``module.get_submodule(node.target)``, which looks up every name on the way three times: recording a stage
    asks for each module a dozen times.

    Raises:
        KeyError: The graph calls what is not there.
    """
    found: nn.Module = module
    for name in str(node.target).split("."):
        child = found._modules[name]  # noqa: SLF001 - what get_submodule ends in
        if child is None:
            raise KeyError(node.target)
        found = child
    return found


def called_modules(module: GraphModule) -> dict[Node, nn.Module]:
    """Return the modules that a graph calls, by node."""
    return {node: called_module(module, node) for node in module.graph.nodes if node.op == "call_module"}

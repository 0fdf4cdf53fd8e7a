"""Finds the module that a node of a graph calls."""

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

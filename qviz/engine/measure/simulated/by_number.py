"""Finds observers that a converted graph has no rounding for: kernels that compute with a number choose the scale."""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch import nn
from torch.fx import GraphModule, Node

_WITH_NUMBER = frozenset({operator.add, torch.add, operator.mul, torch.mul})
"""Of two tensors these take the scale of the observer behind them, of a tensor and a number none."""
_FOLLOWERS = frozenset({torch.relu, nn.functional.relu, nn.ReLU, "relu"})
"""What one kernel computes together with them."""
_KERNELS = ("add", "mul", "add_relu", "mul_relu")


def behind_numbers(prepared: GraphModule, converted: nn.Module) -> frozenset[str]:
    """Return the paths of observers behind a sum or product with a number, where conversion made kernels of these.

    ``quantized::mul`` of a tensor and a number multiplies the scale and keeps the integers, ``quantized::add`` moves
    the zero point: nothing is clipped to the range that the observer, shared with the input, stands for.
    """
    if not isinstance(converted, GraphModule) or not any(map(_is_kernel, converted.graph.nodes)):
        return frozenset()
    return frozenset(
        str(node.target)
        for node in prepared.graph.nodes
        if node.op == "call_module" and node.args and _is_behind_number(prepared, node)
    )


def _is_kernel(node: Node) -> bool:
    kernels = {getattr(torch.ops.quantized, each) for each in _KERNELS}
    return node.op == "call_function" and node.target in kernels and _takes_number(node)


def _is_behind_number(prepared: GraphModule, call: Node) -> bool:
    """Return whether a module is called on such a sum or product, and on its input as well."""
    node: Any = call.args[0]
    if isinstance(node, Node) and _called(prepared, node) in _FOLLOWERS and node.args:
        node = node.args[0]
    if not isinstance(node, Node) or node.target not in _WITH_NUMBER or not _takes_number(node):
        return False
    (given,) = node.all_input_nodes
    own = prepared.get_submodule(str(call.target))
    return given.op == "call_module" and prepared.get_submodule(str(given.target)) is own


def _takes_number(node: Node) -> bool:
    return sum(isinstance(each, Node) for each in node.args[:2]) == 1


def _called(prepared: GraphModule, node: Node) -> Any:
    """Return the function of a call, or the type of the module."""
    return type(prepared.get_submodule(str(node.target))) if node.op == "call_module" else node.target

"""Reads the whole numbers that a quantized weight is made of, a sample of them."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.fx import GraphModule, Node

from qviz.document.graph import QParams
from qviz.document.snapshot import Integers
from qviz.engine.module_roles import LOW, role_of
from qviz.engine.qparams import Numbers, of_tensor, unpacked
from qviz.engine.values import attribute

CHANNELS, VALUES = 16, 32
"""How many rows are kept, and how much of each."""

_WHOLE = (torch.int8, torch.uint8, torch.int16, torch.uint16, torch.int32)


def integers_of(module: GraphModule, node: Node, params: QParams | None) -> Integers | None:
    """Return the integers of a constant, or of the weight inside a low-precision module; None for any other node.

    Args:
        module: Holds the node.
        node: Any node.
        params: How a constant of plain integers is quantized; its reader knows.
    """
    if node.op == "call_module":
        child = module.get_submodule(str(node.target))
        return _of_quantized(_weight_of(child)) if role_of(child) in LOW else None
    if node.op != "get_attr":
        return None
    value = attribute(module, node)
    if isinstance(value, torch.ScriptObject):
        return _of_quantized(unpacked(value))
    if not isinstance(value, torch.Tensor):
        return None
    if value.is_quantized:
        return _of_quantized(value)
    return _sample(value, str(value.dtype), params) if value.dtype in _WHOLE else None


def _of_quantized(weight: Any) -> Integers | None:
    if not isinstance(weight, torch.Tensor) or not weight.is_quantized:
        return None
    if weight.dtype in (torch.quint4x2, torch.quint2x4):  # several share a byte, and torch does not take them apart
        return None
    return _sample(weight.int_repr(), str(weight.dtype), of_tensor(weight))


def _weight_of(child: nn.Module) -> Any:
    weight = getattr(child, "weight", None)
    return weight() if callable(weight) and not isinstance(weight, nn.Module) else weight


def _sample(integers: torch.Tensor, dtype: str, params: QParams | None) -> Integers | None:
    if params is None or params.scale is None or params.zero_point is None or not integers.numel():
        return None
    axis = params.axis or 0
    rows = integers.movedim(axis, 0) if integers.dim() else integers.reshape(1)
    kept = rows[:CHANNELS].reshape(min(CHANNELS, rows.shape[0]), -1)[:, :VALUES]
    low, high = torch.aminmax(integers.to(torch.int32) if integers.dtype is torch.uint16 else integers)
    return Integers(
        dtype=dtype,
        shape=tuple(integers.shape),
        channels=tuple(tuple(row) for row in kept.tolist()),
        min=int(low),
        max=int(high),
        axis=axis,
        scale=_first_rows(params.scale),
        zero_point=_first_rows(params.zero_point),
        total=rows.shape[0],
    )


def _first_rows(numbers: Numbers) -> Any:
    return numbers[:CHANNELS] if isinstance(numbers, tuple) else numbers

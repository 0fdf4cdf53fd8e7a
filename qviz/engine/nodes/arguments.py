"""Turns the arguments of fx nodes into plain JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch.fx import Node

from qviz.document.graph import Json, Number
from qviz.engine.nodes.targets import target_name


def plain(value: Any) -> Json:
    """Return an argument as JSON: nodes as ``{"node": id}``, torch's own things by their names."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, set | frozenset):
        return [plain(each) for each in sorted(value, key=str)]
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return _plain_leaf(value)


def _plain_leaf(value: Any) -> Json:
    plain_value: Json
    match value:
        case None | bool() | str():
            plain_value = value
        case Node():
            plain_value = {"node": value.name}
        case int():
            plain_value = int(value)
        case float():
            plain_value = number(value)
        case slice():
            plain_value = {"slice": [plain(value.start), plain(value.stop), plain(value.step)]}
        case torch.Tensor():
            plain_value = {"tensor": str(value.dtype), "shape": [plain(size) for size in value.shape]}
        case _:
            plain_value = _name(value)
    return plain_value


def number(value: float) -> Number:
    """Return a number as the document has it: one that is not finite is a string."""
    return float(value) if math.isfinite(value) else str(float(value))


def _name(value: Any) -> str:
    if value is Ellipsis:
        return "..."
    if callable(value) and not isinstance(value, torch.nn.Module):
        return target_name(value)
    # an object without a text of its own prints its address, which no two runs share
    text = str(value)
    return text if " at 0x" not in text else type(value).__name__

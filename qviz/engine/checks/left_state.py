"""Finds a state that calibration left in the attributes of a model that eager mode converts as it is."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from qviz.document.graph import Json
from qviz.document.snapshot import Finding, Level
from qviz.engine.loading.forward import Arguments
from qviz.engine.nodes import held_state
from qviz.engine.nodes.held_state import HeldState


def of_converted(
    model: nn.Module, inputs: Arguments, start: HeldState, left: HeldState, names: tuple[str, ...]
) -> Finding | None:
    """Return that the converted model goes on from what calibration left, where that changes what it gives.

    Args:
        model: It runs from its start.
        inputs: A call.
        start: What the model held before the flow.
        left: What it held after calibration.
        names: The attributes that differ.
    """
    args: dict[str, Json] = {"attributes": [*names]}
    with held_state.starting_from(model, start):
        expected = _run(model, inputs)
    with held_state.starting_from(model, left):
        try:
            given = _run(model, inputs)
        except Exception as error:  # the user's forward and torch's kernels may raise anything
            text = str(error).strip().partition("\n")[0].partition(". ")[0]
            args |= {"type": type(error).__name__, "text": text}
            return Finding("state_left", Level.ERROR, "converted", (), "state_left.stops", {}, args, names)
    if _is_same(expected, given):
        return None
    return Finding("state_left", Level.INFO, "converted", (), "state_left", {}, args, names)


def _run(model: nn.Module, inputs: Arguments) -> list[Any]:
    with torch.no_grad():
        return pytree.tree_leaves(inputs.cloned().call(model))


def _is_same(one: list[Any], other: list[Any]) -> bool:
    if len(one) != len(other):
        return False
    tensors = [(a, b) for a, b in zip(one, other, strict=True) if isinstance(a, Tensor) and isinstance(b, Tensor)]
    return all(a.shape == b.shape and a.dtype == b.dtype and torch.equal(a, b) for a, b in tensors)

"""Compares the outputs of two models on the same inputs."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import islice

import torch
from torch.nn import Module
from torch.utils import _pytree as pytree

from qviz.document.graph import Number
from qviz.engine.loading.forward import Arguments

MAX_BATCHES = 8


def first(batches: Iterable[Arguments]) -> list[Arguments]:
    """Return the batches that errors are measured on; outputs of more would fill the memory."""
    return list(islice(batches, MAX_BATCHES))


def outputs(module: Module, batches: Iterable[Arguments]) -> list[torch.Tensor]:
    """Return all floating outputs, in their order; ``forward`` may change its inputs, so it gets copies."""
    found: list[torch.Tensor] = []
    with torch.no_grad():
        for batch in batches:
            leaves = pytree.tree_leaves(batch.cloned().call(module))
            found += [each.detach().clone() for each in leaves if isinstance(each, torch.Tensor) and _is_number(each)]
    return found


def _is_number(tensor: torch.Tensor) -> bool:
    return tensor.is_floating_point() or tensor.is_quantized


def sqnr_db(expected: list[torch.Tensor], got: list[torch.Tensor]) -> Number | None:
    """Return 10 lg(sum of squares of `expected` / of the differences); "inf" if there are none.

    None where it says nothing: no outputs, other shapes, all zeros expected, numbers that are not finite.
    """
    if not expected or [each.shape for each in expected] != [each.shape for each in got]:
        return None
    signal = noise = 0.0
    for reference, value in zip(expected, got, strict=True):
        wanted, have = _float64(reference), _float64(value)
        signal += float(wanted.square().sum())
        noise += float((wanted - have).square().sum())
    if noise == 0:
        return "inf"
    if not (math.isfinite(signal) and math.isfinite(noise)) or signal == 0:
        return None
    return 10 * math.log10(signal / noise)


def _float64(tensor: torch.Tensor) -> torch.Tensor:
    return (tensor.dequantize() if tensor.is_quantized else tensor).to(torch.float64)

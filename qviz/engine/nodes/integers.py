"""Reads the whole numbers that a quantized weight is made of, a sample of them."""

from __future__ import annotations

from typing import Any

import torch
from torch._subclasses import FakeTensor

from qviz.document.graph import Numbers, QParams
from qviz.document.snapshot import Integers
from qviz.engine.nodes.qparams import of_tensor

CHANNELS, VALUES = 16, 32
"""How many rows are kept, and how much of each."""

BINS = 64
_PIECE = 1 << 20

_WHOLE = (torch.int8, torch.uint8, torch.int16, torch.uint16, torch.int32)


def of_quantized(weight: torch.Tensor) -> Integers | None:
    """Return the integers of a tensor with one of torch's quantized dtypes; None for any other."""
    if not weight.is_quantized:
        return None
    if weight.dtype in (torch.quint4x2, torch.quint2x4):  # several share a byte, and torch does not take them apart
        return None
    return _sample(weight.int_repr(), str(weight.dtype), of_tensor(weight))


def of_plain(constant: torch.Tensor, params: QParams | None) -> Integers | None:
    """Return the integers of a constant that a dequantize reads as `params` say; None of floats."""
    return _sample(constant, str(constant.dtype), params) if constant.dtype in _WHOLE else None


def _sample(integers: torch.Tensor, dtype: str, params: QParams | None) -> Integers | None:
    if isinstance(integers, FakeTensor):  # it has none
        return None
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
        narrow=_narrow(rows, params),
        counts=_counts(integers, int(low), int(high)),
    )


def _counts(integers: torch.Tensor, low: int, high: int) -> tuple[int, ...]:
    """Count what lies in each bin; piece by piece, since a weight of bytes is eight times as large in 64 bits."""
    bins = min(BINS, high - low + 1)
    found = torch.zeros(bins, dtype=torch.int64)
    for piece in integers.reshape(-1).split(_PIECE):
        places = (piece.to(torch.int64) - low) * bins // (high - low + 1)
        found += torch.bincount(places, minlength=bins)
    return tuple(found.tolist())


def _narrow(rows: torch.Tensor, params: QParams) -> int | None:
    """Count the rows that one scale for all leaves few levels; rows of zeros need none."""
    if isinstance(params.scale, tuple) or isinstance(params.zero_point, tuple) or rows.dim() < 2:
        return None
    low, high = torch.aminmax(rows.reshape(rows.shape[0], -1).to(torch.int32) - int(params.zero_point or 0), dim=1)
    reach = torch.maximum(low.abs(), high.abs())
    return int(((reach > 0) & (reach * 16 < reach.max())).sum())


def _first_rows(numbers: Numbers) -> Any:
    return numbers[:CHANNELS] if isinstance(numbers, tuple) else numbers

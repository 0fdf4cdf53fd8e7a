"""Why a quantizer is noisy, from what its tensors show."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor

from qviz.document.graph import Json
from qviz.document.said import Said
from qviz.engine.measure.ledger.tensors import TensorNoise
from qviz.engine.measure.simulated.rounding import Affine, affine_of
from qviz.engine.measure.simulated.simulation import MeasuredQuantizer
from qviz.engine.nodes.arguments import number

_QUIET_DB = 40.0
"""A tensor that is rounded this well shows no cause in its channels."""
_CLIPS = 0.5
"""Clipping is the cause where it makes most of the noise; ranges of least error clip a little."""
_FEW_LEVELS = 32
_UNEVEN = 4.0
"""Two bits: the widest channel against the median one."""
_SEVERAL = 4
"""Of fewer channels the median tells nothing."""
_NEARLY_ALL, _SMALL_PART = 0.999, 1 / 8
_ENOUGH = 500
"""Of fewer values nothing tells about the rare ones."""
_MOST = 0.5

_CauseLook: TypeAlias = Callable[[MeasuredQuantizer, TensorNoise, Affine], Said | None]


def cause_of(quantizer: MeasuredQuantizer, noise: TensorNoise) -> Said | None:
    """Return why a quantizer is noisy; None where its tensors do not show it."""
    affine = affine_of(quantizer.rounding)
    if noise.not_finite:
        return _said("not_finite", count=noise.not_finite, low=number(noise.low), high=number(noise.high))
    if affine is None or not noise.count or not noise.noise:
        return None
    if not bool(torch.isfinite(affine.scale).all()):
        return _said("infinite_range")
    return next((found for look in _LOOKS if (found := look(quantizer, noise, affine)) is not None), None)


def _wrong_axis(quantizer: MeasuredQuantizer, noise: TensorNoise, affine: Affine) -> Said | None:
    """Scales go along another axis than the output channels of the operator."""
    if quantizer.kind != "weight" or affine.axis is None or noise.axis is None or affine.axis == noise.axis:
        return None
    return _said("wrong_axis", axis=affine.axis, expected=noise.axis)


def _constant_lost(_: MeasuredQuantizer, noise: TensorNoise, affine: Affine) -> Said | None:
    """Everything becomes zero, such as the eps of a norm."""
    if affine.axis is not None or noise.low != noise.high or not noise.low:
        return None
    return _said("constant_lost", value=noise.low, step=_step(affine)) if abs(noise.low) < _step(affine) / 2 else None


def _clipped(_: MeasuredQuantizer, noise: TensorNoise, affine: Affine) -> Said | None:
    share, clipped = noise.clipping_share, noise.clipped
    if share is None or not clipped or share < _CLIPS:
        return None
    args: dict[str, Json] = {"clipped": clipped, "low": number(noise.low), "high": number(noise.high)}
    if affine.axis is None:
        scale, zero_point = float(affine.scale), float(affine.zero_point)
        args |= {"least": (affine.low - zero_point) * scale, "greatest": (affine.high - zero_point) * scale}
    return _said("clipped", **args)


def _few_levels(_: MeasuredQuantizer, noise: TensorNoise, affine: Affine) -> Said | None:
    """The integers in use span little of a byte: of four bits, or because the range is far too wide."""
    there = affine.high - affine.low + 1
    if there <= _FEW_LEVELS:
        return _said("few_levels.there", levels=there)
    if noise.levels is None or noise.count < _ENOUGH:
        return None
    used = torch.nonzero(noise.levels).reshape(-1)
    span = int(used[-1] - used[0]) + 1
    return _said("few_levels.used", levels=span, there=there) if span <= _FEW_LEVELS else None


def _uneven(_: MeasuredQuantizer, noise: TensorNoise, affine: Affine) -> Said | None:
    """One channel sets the scale for all."""
    reach, quality = noise.reach, noise.local_db
    if (
        affine.axis is not None
        or reach is None
        or not _makes_range(noise, affine)
        or (isinstance(quality, float) and quality >= _QUIET_DB)
    ):
        return None
    alive = reach[reach > 0]
    if len(alive) < _SEVERAL:
        return None
    ratio = float(reach.max() / alive.median())
    if not math.isfinite(ratio) or ratio < _UNEVEN:
        return None
    return _said("uneven_channels", channel=int(reach.argmax()), ratio=float(f"{ratio:.3g}"))


def _stretched(_: MeasuredQuantizer, noise: TensorNoise, affine: Affine) -> Said | None:
    """Few values widen the range so far that most others share a few levels."""
    levels, values = noise.levels, noise.count - noise.zeros
    if levels is None or not values or affine.axis is not None or not _makes_range(noise, affine):
        return None
    args: dict[str, Json] = {"low": number(noise.low), "high": number(noise.high)}
    middle = int(affine.zero_point) - affine.low
    close = int(levels[max(middle - 1, 0) : middle + 2].sum()) - noise.zeros
    far = values - close
    if far and close >= _MOST * values:
        return _said("stretched.within_a_step", share=close / values, step=_step(affine), **args)
    part = _narrowest(levels, _NEARLY_ALL * noise.count)
    if noise.count >= _ENOUGH and 1 < part <= _SMALL_PART * len(levels):
        return _said("stretched.few_levels", levels=part, there=len(levels), **args)
    return None


def _makes_range(noise: TensorNoise, affine: Affine) -> bool:
    """Return whether the largest values come near an end of the range: that of an observer without data is anything."""
    return max(abs(noise.low), abs(noise.high)) >= _step(affine) * (affine.high - affine.low + 1) / 4


def _narrowest(levels: Tensor, enough: float) -> int:
    """Return the length of the shortest run of levels that holds so many values."""
    sums = [0, *levels.cumsum(0).tolist()]
    best, start = len(levels), 0
    for end in range(1, len(sums)):
        while sums[end] - sums[start + 1] >= enough:
            start += 1
        if sums[end] - sums[start] >= enough:
            best = min(best, end - start)
    return best


def _step(affine: Affine) -> float:
    return float(affine.scale.double().max())


def _said(code: str, **args: Json) -> Said:
    return Said(f"cause.{code}", {}, args)


_LOOKS: tuple[_CauseLook, ...] = (_wrong_axis, _constant_lost, _clipped, _few_levels, _uneven, _stretched)
"""The first that finds something tells the cause."""

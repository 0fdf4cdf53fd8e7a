"""Other ways to round what a quantizer rounds: made from the range, or a histogram, of its float values.

Scales and zero points are computed as torch's ``UniformQuantizationObserverBase`` does it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from qviz.engine.measure.simulated.rounding import Affine, HeldWeight, Rounding
from qviz.engine.measure.simulated.simulation import MeasuredQuantizer
from qviz.engine.nodes.observers import statistics

PERCENTILE = 0.9999
"""The share of values that the percentile range keeps; half of the others are cut at either end."""
CLIPPING = ("percentile", "mse")
"""Ranges narrower than the data: what they give is foretold badly by the noise alone."""
_BINS = 4096
_EPS = torch.finfo(torch.float32).eps
_COARSER = 8
"""Bins of the search for the least error, in bins of the histogram."""
_FACTORS = torch.linspace(0.2, 1.0, 17)
_MOST_LOOKED_AT = 2**17


@dataclass
class SeenValues:
    """What was seen of the values at one place: their range first, then a histogram of it.

    Zeros are counted apart: they are rounded to themselves by every range.
    """

    low: float = float("inf")
    high: float = float("-inf")
    counts: Tensor | None = None

    def widen(self, values: Tensor) -> None:
        """Take values for the range; those that are not finite do not count."""
        if not values.numel():
            return
        low, high = (float(each) for each in values.aminmax())
        if not (low > float("-inf") and high < float("inf")):
            finite = values[torch.isfinite(values)]
            if not finite.numel():
                return
            low, high = (float(each) for each in finite.aminmax())
        self.low, self.high = min(self.low, low), max(self.high, high)

    def count(self, values: Tensor) -> None:
        """Take values for the histogram."""
        if not self.low < self.high:
            return
        counts = torch.histc(values.float(), _BINS, self.low, self.high).double()
        zero = int((0 - self.low) / (self.high - self.low) * _BINS)
        if self.low <= 0 <= self.high:
            counts[min(zero, _BINS - 1)] -= int((values == 0).sum())
        self.counts = counts if self.counts is None else self.counts + counts

    @property
    def is_known(self) -> bool:
        """Whether there is a range."""
        return self.low <= self.high

    def centers(self) -> Tensor:
        """Return the middle of each bin."""
        width = (self.high - self.low) / _BINS
        return self.low + width * (torch.arange(_BINS, dtype=torch.float64) + 0.5)

    def percentiles(self) -> tuple[float, float]:
        """Return the range without the outermost values of both ends; exact to a bin."""
        assert self.counts is not None
        summed = self.counts.cumsum(0)
        cut = float(summed[-1]) * (1 - PERCENTILE) / 2
        first = int((summed > cut).nonzero()[0])
        last = int((summed >= float(summed[-1]) - cut).nonzero()[0])
        width = (self.high - self.low) / _BINS
        return self.low + width * first, self.low + width * (last + 1)


@dataclass(frozen=True)
class RoundingGrid:
    """The integers that a quantizer may use, and how it lays them over a range.

    Attributes:
        base: How it rounds now.
        low: The smallest integer that scales are computed for; kernels may know more of them.
        high: The largest.
        is_symmetric: Whether zero is in the middle.
        eps: The smallest scale.
    """

    base: Affine
    low: int
    high: int
    is_symmetric: bool
    eps: float = _EPS

    def over(self, low: Tensor, high: Tensor, axis: int | None = None) -> Affine:
        """Return the rounding for a range; of tensors, one for each channel along an axis."""
        low, high = torch.clamp(low.double(), max=0), torch.clamp(high.double(), min=0)
        if self.is_symmetric:
            scale = torch.maximum(-low, high) / ((self.high - self.low) / 2)
            middle = 0 if self.low < 0 else (self.low + self.high + 1) // 2
            zero_point = torch.full_like(scale, middle)
        else:
            scale = (high - low) / (self.high - self.low)
            zero_point = self.low - torch.round(low / scale.clamp(min=self.eps))
        scale = scale.float().clamp(min=self.eps)
        zero_point = zero_point.clamp(self.low, self.high).long()
        return replace(self.base, scale=scale, zero_point=zero_point, axis=axis)


def grid_of(quantizer: MeasuredQuantizer) -> RoundingGrid | None:
    """Return the integers of a quantizer; None of what is not laid over a range."""
    rounding = quantizer.rounding
    base = rounding.affine if isinstance(rounding, HeldWeight) else rounding
    if not isinstance(base, Affine) or base.bits > 8:
        return None
    low, high, eps = base.low, base.high, _EPS
    if quantizer.observer is not None:
        keeper = statistics(quantizer.observer)
        low = _bound(keeper, "quant_min", low)
        high = _bound(keeper, "quant_max", high)
        eps = float(getattr(keeper, "eps", _EPS))
    middle = 0 if base.low < 0 else (low + high + 1) // 2
    return RoundingGrid(base, low, high, is_symmetric=bool((base.zero_point == middle).all()), eps=eps)


def _bound(observer: object, name: str, other: int) -> int:
    value = getattr(observer, name, None)
    return value if isinstance(value, int) else other


def of_activation(grid: RoundingGrid, seen: SeenValues) -> dict[str, Rounding]:
    """Return the other ways to round an activation, by the names of alternatives."""
    if not seen.is_known:
        return {}
    other = replace(grid, is_symmetric=not grid.is_symmetric)
    low, high = torch.tensor(seen.low), torch.tensor(seen.high)
    found: dict[str, Rounding] = {
        "affine" if grid.is_symmetric else "symmetric": other.over(low, high),
        "min_max": grid.over(low, high),
        "sixteen_bits": _sixteen(grid, low, high),
    }
    if seen.counts is not None and float(seen.counts.sum()) > 0:
        lowest, highest = seen.percentiles()
        found["percentile"] = grid.over(torch.tensor(lowest), torch.tensor(highest))
        found["mse"] = _least(grid, seen)
    return found


def _sixteen(grid: RoundingGrid, low: Tensor, high: Tensor, axis: int | None = None) -> Affine:
    lowest, highest = -(2**15), 2**15 - 1
    base = replace(grid.base, dtype=torch.int16, low=lowest, high=highest, by_kernel=False)
    return replace(grid, base=base, low=lowest, high=highest, is_symmetric=True).over(low, high, axis)


def _least(grid: RoundingGrid, seen: SeenValues) -> Affine:
    """Return the range of the least squared error, by the histogram: both ends drawn in, apart from each other."""
    assert seen.counts is not None
    used = seen.counts.reshape(-1, _COARSER).sum(1) > 0
    centers = seen.centers().reshape(-1, _COARSER).mean(1)[used]
    counts = seen.counts.reshape(-1, _COARSER).sum(1)[used]
    ends = [end * _FACTORS.double() if end else torch.zeros(1, dtype=torch.float64) for end in (seen.low, seen.high)]
    if grid.is_symmetric:
        largest = max(-seen.low, seen.high) * _FACTORS.double()
        ranges = torch.stack([-largest, largest], 1)
    else:
        ranges = torch.cartesian_prod(*ends)
    affine = grid.over(ranges[:, 0], ranges[:, 1], 0)
    errors = _squares(centers, grid, affine) @ counts
    best = int(errors.argmin())
    return grid.over(ranges[best, 0], ranges[best, 1])


def _squares(centers: Tensor, grid: RoundingGrid, affine: Affine) -> Tensor:
    """Return the mean squared error of values near each center: clipping, and a twelfth of a step squared inside.

    Clipped where scales are computed for, not where a kernel does it: an x86 kernel without VNNI must not see more.
    """
    scale, zero_point = affine.scale.double()[:, None], affine.zero_point.double()[:, None]
    low, high = (grid.low - zero_point) * scale, (grid.high - zero_point) * scale
    clipped = centers - torch.minimum(torch.maximum(centers, low - scale / 2), high + scale / 2)
    outside = (centers < low - scale / 2) | (centers > high + scale / 2)
    return torch.where(outside, (clipped.abs() + scale / 2).square(), scale.square() / 12)


def of_weight(grid: RoundingGrid, weight: Tensor, axis: int) -> dict[str, Rounding]:
    """Return the other ways to round a weight, by the names of alternatives.

    Args:
        grid: Its integers.
        weight: In float.
        axis: Of its output channels.
    """
    weight = weight.detach().float()
    if not weight.numel() or not bool(torch.isfinite(weight).all()):
        return {}
    now = grid.base.axis
    ranges = {each: _ranges(weight, each) for each in {None, now, axis if weight.dim() > 1 else None}}
    other = replace(grid, is_symmetric=not grid.is_symmetric)
    found: dict[str, Rounding] = {
        "affine" if grid.is_symmetric else "symmetric": other.over(*ranges[now], now),
        "min_max": grid.over(*ranges[now], now),
        "sixteen_bits": _sixteen(grid, *ranges[now], now),
        "mse": _least_of_weight(grid, weight, now),
    }
    cut = int(_channels(weight, now).shape[1] * (1 - PERCENTILE) / 2)
    if cut:
        found["percentile"] = grid.over(*_percentiles(weight, now, cut), now)
    if now is None and axis in ranges and weight.shape[axis] > 1:
        found["per_channel"] = grid.over(*ranges[axis], axis)
    if now is not None:
        found["per_tensor"] = grid.over(*ranges[None], None)
    return found


def _channels(weight: Tensor, axis: int | None) -> Tensor:
    """Return the values with one row for each channel, or one for all."""
    return weight.reshape(1, -1) if axis is None else weight.movedim(axis, 0).reshape(weight.shape[axis], -1)


def _shaped(axis: int | None) -> Callable[[Tensor], Tensor]:
    return (lambda rows: rows.reshape(())) if axis is None else (lambda rows: rows)


def _ranges(weight: Tensor, axis: int | None) -> tuple[Tensor, Tensor]:
    low, high = _channels(weight, axis).aminmax(dim=1)
    return _shaped(axis)(low), _shaped(axis)(high)


def _percentiles(weight: Tensor, axis: int | None, cut: int) -> tuple[Tensor, Tensor]:
    rows = _channels(weight, axis)
    low, high = rows.kthvalue(cut + 1, dim=1).values, rows.kthvalue(rows.shape[1] - cut, dim=1).values
    return _shaped(axis)(low), _shaped(axis)(high)


def _least_of_weight(grid: RoundingGrid, weight: Tensor, axis: int | None) -> Affine:
    """Return the range of the least squared error of each channel; of large ones every n-th value is looked at."""
    rows = _channels(weight, axis)
    step = max(1, weight.numel() // _MOST_LOOKED_AT)
    sample = rows[:, ::step].double()
    low, high = (each.double() for each in rows.aminmax(dim=1))
    best = torch.full((len(rows),), float("inf"), dtype=torch.float64)
    factor = torch.ones(len(rows), dtype=torch.float64)
    for each in _FACTORS.double():
        affine = grid.over(low * each, high * each, 0)
        scale, zero_point = affine.scale.double()[:, None], affine.zero_point.double()[:, None]
        integers = (torch.round(sample / scale) + zero_point).clamp(grid.low, grid.high)
        errors = ((integers - zero_point) * scale - sample).square().sum(1)
        factor = torch.where(errors < best, each, factor)
        best = torch.minimum(best, errors)
    return grid.over(_shaped(axis)(low * factor), _shaped(axis)(high * factor), axis)

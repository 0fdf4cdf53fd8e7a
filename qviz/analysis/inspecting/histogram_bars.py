"""A histogram as bars between 0 and 1, with the ends of the integers and what lies beyond them."""

from __future__ import annotations

import math
from typing import NamedTuple

from qviz.document.graph import Number, Numbers, QParams
from qviz.document.integers import limits_of
from qviz.document.snapshot import Histogram, Integers


class Bar(NamedTuple):
    """One bin: from where to where it reaches, from 0 to 1; its height on a log scale; whether it is clipped."""

    left: float
    right: float
    height: float
    is_clipped: bool


class BarChart(NamedTuple):
    """A histogram to paint.

    Attributes:
        bars: Those that are not empty.
        ends: Where the smallest and the largest integer lie, from 0 to 1; none where there is no scale.
        integers: The two.
        low: What the left edge stands for.
        high: What the right edge stands for.
    """

    bars: tuple[Bar, ...]
    ends: tuple[float, float] | None
    integers: tuple[int, int] | None
    low: float
    high: float


def integer_limits(params: QParams) -> tuple[int, int] | None:
    """Return the smallest and the largest integer of a quantizer, its own or its dtype's; None of a float dtype."""
    if isinstance(params.quant_min, (int, float)) and isinstance(params.quant_max, (int, float)):
        return round(params.quant_min), round(params.quant_max)
    return limits_of(params.dtype)


def covered(params: QParams | None) -> tuple[float, float] | None:
    """Return the range that a scale can tell apart, the widest of all channels; None where it is not known."""
    limits = integer_limits(params) if params is not None else None
    if params is None or limits is None:
        return None
    scales, zeros = _finite(params.scale), _finite(params.zero_point)
    if not scales or len(zeros) not in (0, 1, len(scales)):
        return None
    points = zeros if len(zeros) == len(scales) else [*(zeros or [0.0])] * len(scales)
    lows = [(limits[0] - point) * scale for scale, point in zip(scales, points, strict=True)]
    highs = [(limits[1] - point) * scale for scale, point in zip(scales, points, strict=True)]
    return min(lows), max(highs)


def bar_chart(histogram: Histogram | None, params: QParams | None) -> BarChart | None:
    """Return the bars of a histogram beside the range of a quantizer; None without a histogram."""
    if histogram is None:
        return None
    first, last = _number(histogram.min), _number(histogram.max)
    counts = [_number(each) or 0.0 for each in histogram.counts]
    most = max(counts, default=0.0)
    if first is None or last is None or last <= first or most <= 0:
        return None
    reach = covered(params)
    low, high = (first, last) if reach is None else (min(first, reach[0]), max(last, reach[1]))
    width, step = high - low, (last - first) / len(counts)
    bars = []
    for place, count in enumerate(counts):
        if count <= 0:
            continue
        left, right = first + place * step, first + (place + 1) * step
        is_clipped = reach is not None and not reach[0] <= (left + right) / 2 <= reach[1]
        height = math.log1p(count) / math.log1p(most)
        bars.append(Bar((left - low) / width, (right - low) / width, height, is_clipped))
    ends = None if reach is None else ((reach[0] - low) / width, (reach[1] - low) / width)
    limits = integer_limits(params) if params is not None and reach is not None else None
    return BarChart(tuple(bars), ends, limits, low, high)


def integer_chart(integers: Integers | None, params: QParams | None) -> BarChart | None:
    """Return the bars of the integers of a weight, from the smallest to the largest that its dtype has."""
    limits = integer_limits(params) if params is not None else None
    if integers is None or not integers.counts or limits is None or limits[1] <= limits[0]:
        return None
    low, high = min(limits[0], integers.min), max(limits[1], integers.max)
    width, step = high - low + 1, (integers.max - integers.min + 1) / len(integers.counts)
    most = max(integers.counts)
    bars = tuple(
        Bar(
            (integers.min - low + place * step) / width,
            (integers.min - low + (place + 1) * step) / width,
            math.log1p(count) / math.log1p(most),
            is_clipped=False,
        )
        for place, count in enumerate(integers.counts)
        if count > 0
    )
    return BarChart(bars, (0.0, 1.0), limits, low, high)


def _number(value: Number | None) -> float | None:
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None


def _finite(values: Numbers) -> list[float]:
    """Return the finite ones of one number or a number for each channel."""
    all_of_them = values if isinstance(values, tuple) else (values,)
    return [float(each) for each in all_of_them if isinstance(each, (int, float)) and math.isfinite(each)]

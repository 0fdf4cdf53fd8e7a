"""The axes of the chart: where a figure lies between 0 and 1, and which round figures are written beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from qviz.words.formats import number, percent, size

_STEPS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
_MOST_TICKS = 6
_APART = 0.09
"""Ticks of added bytes stand at least so far apart; the whole axis is 1."""
_SMALL = 0.5
"""Of the smallest figure above 0: below it the axis of bytes is linear, far above it logarithmic."""


class AxisTick(NamedTuple):
    """A figure written at an axis, and where that is."""

    at: float
    text: str


class ChartAxis(NamedTuple):
    """One axis.

    Attributes:
        low: The figure at 0.
        high: The figure at 1.
        small: Figures far above this one stand as far apart as their logarithms; 0 makes all of it linear.
        ticks: What is written beside it.
    """

    low: float
    high: float
    small: float = 0.0
    ticks: tuple[AxisTick, ...] = ()

    def at(self, value: float) -> float:
        """Return where a figure lies; beyond 0 and 1 outside of the axis."""
        if not self.small:
            return (value - self.low) / (self.high - self.low)
        first, last = math.asinh(self.low / self.small), math.asinh(self.high / self.small)
        return (math.asinh(value / self.small) - first) / (last - first)


def level_axis(levels: Iterable[float]) -> ChartAxis:
    """Return the axis of levels in dB, which begins and ends at round figures."""
    found = [*levels] or [0.0]
    low, high = min(found), max(found)
    step = next((each for each in _STEPS if (high - low) / each <= _MOST_TICKS), (high - low) / _MOST_TICKS)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    last = max(last, first + 1)
    axis = ChartAxis(first * step, last * step)
    ticks = (round(count * step, 6) for count in range(first, last + 1))
    return axis._replace(ticks=tuple(AxisTick(axis.at(each), number(each)) for each in ticks))


def bytes_axis(added: Iterable[float]) -> ChartAxis:
    """Return the axis of added bytes, on which small and large ones can be told apart."""
    found = [each for each in added if each > 0] or [1000.0]
    axis = ChartAxis(0.0, max(found) * 1.15, _SMALL * min(found))
    ticks = [AxisTick(0.0, "0")]
    for power in range(math.floor(math.log10(min(found))), math.ceil(math.log10(max(found))) + 1):
        for value in (each * 10.0**power for each in (1, 2, 5)):
            at = axis.at(value)
            if ticks[-1].at + _APART <= at <= 1.0:
                ticks.append(AxisTick(at, size(value)))
    return axis._replace(ticks=tuple(ticks))


def share_axis(shares: Iterable[float]) -> ChartAxis:
    """Return the axis of a share from 0 on, in percent."""
    high = max([*shares, 0.01]) * 1.08
    step = next((each / 100 for each in _STEPS if 100 * high / each <= _MOST_TICKS), 0.2)
    axis = ChartAxis(0.0, high)
    count = math.floor(high / step + 1e-9)
    return axis._replace(
        ticks=tuple(AxisTick(axis.at(each * step), percent(round(each * step, 6))) for each in range(count + 1))
    )

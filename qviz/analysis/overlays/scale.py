"""How the values of an overlay are told apart: by a range of numbers, or by categories in order."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias

from qviz.document.graph import Record
from qviz.words import tr
from qviz.words.formats import number

Amount: TypeAlias = float | str
"""A number on a range, or the code of a category."""
Stroke: TypeAlias = Literal["plain", "heavy", "dashed", "dotted"]

SHADES = 9
"""Colors of a range: the theme's tokens ``scale.0`` to ``scale.8``, from low to high; an eye tells no more apart."""


class Look(NamedTuple):
    """How a value is drawn: the theme's token of its color, how lines are stroked, and how wide, in pixels."""

    token: str
    stroke: Stroke = "plain"
    width: float | None = None


class Category(Record, frozen=True):
    """One of the values that there can be; `title` is what a reader calls it, in English, `sign` what marks a box."""

    code: str
    title: str
    token: str
    stroke: Stroke = "plain"
    sign: str = ""


class Categories(Record, frozen=True):
    """Values that are codes.

    Attributes:
        order: The least important first; of several values in one place, the last counts.
        mixed: The code that stands for several different values in one place instead.
    """

    order: tuple[Category, ...]
    mixed: str | None = None

    def merged(self, values: Iterable[Amount]) -> Amount | None:
        """Return the one value that stands for several; None for none."""
        found = set(values)
        if len(found) < 2:
            return found.pop() if found else None
        if self.mixed is not None:
            return self.mixed
        return [each.code for each in self.order if each.code in found][-1]

    def look(self, value: Amount) -> Look:
        """Return how a value is drawn."""
        category = self._category(value)
        return Look(category.token, category.stroke)

    def text(self, value: Amount) -> str:
        """Return a value in words."""
        return tr(self._category(value).title)

    def _category(self, value: Amount) -> Category:
        return next(each for each in self.order if each.code == value)


class Range(Record, frozen=True):
    """Values that are numbers from `low` to `high`; those beyond an end are drawn as the end.

    Attributes:
        low: Where the colors begin; above 0 where the range is logarithmic.
        high: Where they end.
        is_log: Whether equal factors, not equal differences, are equally far apart.
        worst: Which end counts where several values share one place.
    """

    low: float
    high: float
    is_log: bool = False
    worst: Literal["low", "high"] = "high"

    def merged(self, values: Iterable[Amount]) -> Amount | None:
        """Return the one value that stands for several; None for none."""
        numbers = [each for each in values if isinstance(each, float | int) and not math.isnan(each)]
        if not numbers:
            return None
        return max(numbers) if self.worst == "high" else min(numbers)

    def look(self, value: Amount) -> Look:
        """Return how a value is drawn."""
        return Look(f"scale.{round(self._share(float(value)) * (SHADES - 1))}")

    def width(self, value: Amount) -> float | None:
        """Return how wide a value makes a line, in pixels; None where width says nothing."""
        return None

    def width_ticks(self) -> tuple[float, ...]:
        """Return values of some widths; none where width says nothing."""
        return ()

    def text(self, value: Amount) -> str:
        """Return a value with at most four significant digits."""
        return number(value)

    def ticks(self) -> tuple[float, ...]:
        """Return round numbers within the range, five or so."""
        if self.low >= self.high:
            return (self.low,)
        if self.is_log:
            first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            powers = range(first, last + 1, max(math.ceil((last - first) / 5), 1))
            return tuple(10.0**power for power in powers) or (self.low, self.high)
        rough = (self.high - self.low) / 5
        power = 10.0 ** math.floor(math.log10(rough))
        step = next((each * power for each in (1, 2, 5) if each * power >= rough * (1 - 1e-9)), 10 * power)
        counts = range(math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9) + 1)
        return tuple(count * step for count in counts)

    def _share(self, value: float) -> float:
        """Return where in the range a number is, from 0 to 1."""
        if self.low >= self.high or math.isnan(value):
            return 0.0
        value = min(max(value, self.low), self.high)
        if self.is_log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


def range_of(values: Iterable[float], is_log: bool = False, worst: Literal["low", "high"] = "high") -> Range:
    """Return the range of some numbers, those aside that are not finite, or on a logarithmic range not above 0."""
    fit = [each for each in values if math.isfinite(each) and (each > 0 or not is_log)]
    low, high = (min(fit), max(fit)) if fit else (1.0, 1.0)
    return Range(low, high, is_log, worst)

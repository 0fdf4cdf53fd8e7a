"""Ranks and their correlation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence


def ranks(values: Sequence[float]) -> list[float]:
    """Return the rank of each value from 1 on, the smallest first; equal values share their mean rank."""
    order = sorted(range(len(values)), key=lambda place: values[place])
    found = [0.0] * len(values)
    begin = 0
    while begin < len(order):
        end = begin
        while end + 1 < len(order) and values[order[end + 1]] == values[order[begin]]:
            end += 1
        for place in order[begin : end + 1]:
            found[place] = (begin + end) / 2 + 1
        begin = end + 1
    return found


def spearman(one: Sequence[float], other: Sequence[float]) -> float:
    """Return Spearman's rank correlation; nan where one of them is constant."""
    left, right = ranks(one), ranks(other)
    middle = (len(left) + 1) / 2
    product = sum((a - middle) * (b - middle) for a, b in zip(left, right, strict=True))
    squares = [sum((each - middle) ** 2 for each in side) for side in (left, right)]
    return product / math.sqrt(squares[0] * squares[1]) if all(squares) else math.nan


def place_of(wanted: int, values: Mapping[int, float]) -> int:
    """Return the place of a key when the largest value comes first; 0 where it has none."""
    if wanted not in values:
        return 0
    return 1 + sum(each > values[wanted] for key, each in values.items() if key != wanted)

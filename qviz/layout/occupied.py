"""Rectangles in a grid, to ask quickly what lies in the way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from qviz.layout.place import Rect

CELL = 200.0
"""The smallest cell's side."""


class Occupied:
    """What is taken so far.

    Args:
        expected: Rectangles like those to come; cells as large as they on the average cost least.
    """

    def __init__(self, expected: Sequence[Rect] = ()) -> None:
        sides = sum(each.width + each.height for each in expected)
        self._side = max(CELL, sides / (2 * len(expected))) if expected else CELL
        self._cells: defaultdict[tuple[int, int], list[Rect]] = defaultdict(list)

    def add(self, rect: Rect) -> None:
        """Take a place."""
        for cell in self._covered(rect):
            self._cells[cell].append(rect)

    def is_free(self, rect: Rect) -> bool:
        """Return whether nothing taken lies there; borders may touch."""
        return not any(_overlap(rect, other) for cell in self._covered(rect) for other in self._cells.get(cell, ()))

    def _covered(self, rect: Rect) -> Iterator[tuple[int, int]]:
        side = self._side
        for column in range(int(rect.x // side), int(rect.right // side) + 1):
            for row in range(int(rect.y // side), int(rect.bottom // side) + 1):
                yield column, row


def _overlap(one: Rect, other: Rect) -> bool:
    return one.x < other.right and other.x < one.right and one.y < other.bottom and other.y < one.bottom

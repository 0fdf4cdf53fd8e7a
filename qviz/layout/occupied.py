"""Rectangles in a grid, to ask quickly what lies in the way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from qviz.layout.place import Rect

CELL = 200.0


class Occupied:
    """What is taken so far."""

    def __init__(self) -> None:
        self._cells: defaultdict[tuple[int, int], list[Rect]] = defaultdict(list)

    def add(self, rect: Rect) -> None:
        """Take a place."""
        for cell in _cells(rect):
            self._cells[cell].append(rect)

    def is_free(self, rect: Rect) -> bool:
        """Return whether nothing taken lies there; borders may touch."""
        return not any(_overlap(rect, other) for cell in _cells(rect) for other in self._cells.get(cell, ()))


def _overlap(one: Rect, other: Rect) -> bool:
    return one.x < other.right and other.x < one.right and one.y < other.bottom and other.y < one.bottom


def _cells(rect: Rect) -> Iterator[tuple[int, int]]:
    for column in range(int(rect.x // CELL), int(rect.right // CELL) + 1):
        for row in range(int(rect.y // CELL), int(rect.bottom // CELL) + 1):
            yield column, row

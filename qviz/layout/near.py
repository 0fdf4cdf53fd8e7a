"""Tells what of a placed group lies in an area, in the group's own coordinates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from qviz.layout.place import Point, Rect, Route

CELL = 256.0
"""The smallest cell's side; larger rectangles have larger cells."""
OVER = 8.0
"""What stands over a box's corner, a ring or a flag, belongs to the box; pens and arrows have widths."""
FEW = 48
"""So few rectangles are looked at one by one."""


class Near:
    """An index of a group's items and edges by place.

    Attributes:
        bounds: What holds all of it.
    """

    __slots__ = ("_edge_of", "_items", "_pieces", "bounds")

    def __init__(self, items: Sequence[Rect], routes: Sequence[Route], labels: Sequence[Rect | None]) -> None:
        pieces = [(edge, _hull(*ends)) for edge, route in enumerate(routes) for ends in pairwise(route)]
        pieces += [(edge, label) for edge, label in enumerate(labels) if label is not None]
        self.bounds = hull([*items, *(rect for _, rect in pieces)])
        self._items = _Grid([_grown(rect) for rect in items])
        self._edge_of = [edge for edge, _ in pieces]
        self._pieces = _Grid([_grown(rect) for _, rect in pieces])

    def items(self, area: Rect) -> list[int]:
        """Return the numbers of the items in an area, in their order."""
        return self._items.meeting(area)

    def edges(self, area: Rect) -> list[int]:
        """Return the numbers of the edges that run or are labelled in an area, in their order."""
        return sorted({self._edge_of[piece] for piece in self._pieces.meeting(area)})


class _Grid:
    """Rectangles; many are found by the cells that they lie in, which are filled when first asked."""

    __slots__ = ("_cells", "_side", "_sides")

    def __init__(self, rects: list[Rect]) -> None:
        self._sides = [(x, y, x + width, y + height) for x, y, width, height in rects]
        self._side = max(CELL, sum(each.width + each.height for each in rects) / (2 * max(len(rects), 1)))
        self._cells: defaultdict[tuple[int, int], list[int]] = defaultdict(list)

    def meeting(self, area: Rect) -> list[int]:
        x, y, width, height = area
        right, bottom = x + width, y + height
        few, sides = self._candidates(area), self._sides
        if few is None:
            return [
                number
                for number, (left, top, end, foot) in enumerate(sides)
                if top <= bottom and y <= foot and left <= right and x <= end
            ]
        return [
            number
            for number in few
            if sides[number][0] <= right
            and x <= sides[number][2]
            and sides[number][1] <= bottom
            and y <= sides[number][3]
        ]

    def _candidates(self, area: Rect) -> Sequence[int] | None:
        """Return those that may be in an area; None for all of them."""
        count = len(self._sides)
        if count <= FEW or (area.width // self._side + 2) * (area.height // self._side + 2) > count:
            return None
        if not self._cells:
            for number, sides in enumerate(self._sides):
                for cell in self._covered(*sides):
                    self._cells[cell].append(number)
        covered = self._covered(area.x, area.y, area.right, area.bottom)
        return sorted({number for cell in covered for number in self._cells.get(cell, ())})

    def _covered(self, left: float, top: float, right: float, bottom: float) -> Iterator[tuple[int, int]]:
        for column in range(int(left // self._side), int(right // self._side) + 1):
            for row in range(int(top // self._side), int(bottom // self._side) + 1):
                yield column, row


def hull(rects: Sequence[Rect]) -> Rect:
    """Return the smallest rectangle that holds all of these."""
    left, top = min((each.x for each in rects), default=0.0), min((each.y for each in rects), default=0.0)
    right, bottom = max((each.right for each in rects), default=0.0), max((each.bottom for each in rects), default=0.0)
    return Rect(left, top, right - left, bottom - top)


def _grown(rect: Rect) -> Rect:
    return Rect(rect.x - OVER, rect.y - OVER, rect.width + 2 * OVER, rect.height + 2 * OVER)


def _hull(one: Point, other: Point) -> Rect:
    left, top = min(one.x, other.x), min(one.y, other.y)
    return Rect(left, top, abs(one.x - other.x), abs(one.y - other.y))

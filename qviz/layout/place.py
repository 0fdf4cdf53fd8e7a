"""Points, sizes and rectangles of boxes, and the routes of lines.

Lengths are logical pixels; x grows to the right, y downward. The same view and sizes give the
same places, in every process.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

Direction: TypeAlias = Literal["down", "right"]


class Size(NamedTuple):
    """Width and height of a box."""

    width: float
    height: float


class Point(NamedTuple):
    """A place on the canvas."""

    x: float
    y: float


class Rect(NamedTuple):
    """A box's place: its upper left corner and its size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The x of the right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The y of the lower edge."""
        return self.y + self.height


Route: TypeAlias = tuple[Point, ...]
"""The polyline of a line from border to border."""


def turned(rect: Rect) -> Rect:
    """Return a place with x and y changed."""
    return Rect(rect.y, rect.x, rect.height, rect.width)

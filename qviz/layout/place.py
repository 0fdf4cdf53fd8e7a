"""Places of boxes and routes of lines, and the protocol of the engines that find them.

Lengths are logical pixels; x grows to the right, y downward. The same view and sizes give the
same places, in every process.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias

from qviz.analysis.view import View

if TYPE_CHECKING:
    from qviz.layout.places import Places

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


class LayoutEngine(Protocol):
    """Places a view; `sizes` hold every box that is not an open frame."""

    name: str

    def place(self, view: View, sizes: Mapping[str, Size], direction: Direction = "down") -> Places:
        """Return the places.

        Raises:
            QvizError: The engine is missing or failed; the hint names another.
        """
        ...

"""One group's boxes and lines to place by themselves: what the hierarchy asks of an engine.

Everything here is in flow coordinates: y grows along the flow, x across it, whatever the
direction on the screen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

from qviz.layout.place import Point

Rank = Literal["first", "free", "last"]


class LevelNode(NamedTuple):
    """A box, an open group already placed, or a port of the frame around.

    Attributes:
        width: Across the flow.
        height: Along it.
        spine: Where its main line enters, from its left edge; neighbours align with it.
        rank: Ports that lines come in through are first, those that they leave through last.
    """

    width: float
    height: float
    spine: float
    rank: Rank = "free"


class LevelEdge(NamedTuple):
    """A line between two nodes.

    Attributes:
        source: Index of a node.
        target: Index of a node.
        leaves_at: Where the line is fixed at the source's border, from its left edge.
        enters_at: The same at the target.
        beside: The room that the line's label wants beside it.
        weight: How much the line should be short and straight.
    """

    source: int
    target: int
    leaves_at: float | None = None
    enters_at: float | None = None
    beside: float = 0.0
    weight: float = 1.0


class GroupLevel(NamedTuple):
    """A structure to place: equal levels have equal places."""

    nodes: tuple[LevelNode, ...]
    edges: tuple[LevelEdge, ...]


class PlacedLevel(NamedTuple):
    """The upper left corner of every node, and the polyline of every edge from border to border."""

    corners: tuple[Point, ...]
    routes: tuple[tuple[Point, ...], ...]


PlaceLevel: TypeAlias = Callable[[GroupLevel], PlacedLevel]

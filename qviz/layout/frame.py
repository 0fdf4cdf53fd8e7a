"""Draws the border around a group whose boxes have places: its size, its ports on the border, its labels.

Groups of equal structure share one frame, in coordinates of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import ceil, floor
from typing import NamedTuple

from qviz.layout.labels import TITLE, Wish, label_rect, spots
from qviz.layout.level import GroupLevel, PlacedLevel, PlaceLevel
from qviz.layout.near import Near
from qviz.layout.place import Point, Rect, Route, Size, turned
from qviz.layout.spacing import ROOMY


class Outline(NamedTuple):
    """What decides a frame beside its level.

    Attributes:
        title: The room that its title takes; None for what has no border: the whole model, a group with a bracket.
        is_turned: Whether the flow runs to the right on screen.
        wishes: The label that each edge wants, if any.
        gutter: The room of the bracket beside a group without border, and of its name.
        head: From the upper border to the first box.
        pad: From the other borders to what is inside.
        least: The least width on the screen.
    """

    title: float | None
    is_turned: bool
    wishes: tuple[Wish | None, ...]
    gutter: float = 0.0
    head: float = ROOMY.head
    pad: float = ROOMY.pad
    least: float = 0.0


class Frame:
    """A placed group, all from its upper left corner, in the order of its level.

    Attributes:
        size: Its own size in flow coordinates, as are the ports and the spine: the group around it needs them so.
        ports: Where the items that are ports stand on its border, across the flow.
        spine: Where its main line enters, across the flow.
        rects: The places of what it holds, on the screen; so are routes and labels.
        routes: Its edges.
        labels: The left middle of each edge's label; None where there is none, or no room.
        near: Tells what is where.
    """

    __slots__ = ("labels", "near", "ports", "rects", "routes", "size", "spine")

    def __init__(self, level: GroupLevel, placed: PlacedLevel, outline: Outline) -> None:
        border = _border(level, placed, outline)
        self.size = Size(border.width, border.height)
        routes = list(_routes(level, placed, border))
        self.ports = _ports(level, routes)
        self.spine = _spine(level, self.ports, border.width)
        rects = [
            Rect(at.x - border.x, at.y - border.y, node.width, node.height)
            for node, at in zip(level.nodes, placed.corners, strict=True)
        ]
        whole = Rect(0.0, 0.0, *self.size)
        if outline.is_turned:
            rects, routes, whole = [turned(each) for each in rects], [_turned(each) for each in routes], turned(whole)
        self.rects, self.routes = tuple(rects), tuple(routes)
        boxes = [rect for rect, node in zip(rects, level.nodes, strict=True) if node.rank == "free"]
        self.labels = spots(boxes, routes, outline.wishes, None if outline.title is None else whole, outline.title)
        texts = [
            label_rect(at, wish.text) if at is not None and wish is not None else None
            for at, wish in zip(self.labels, outline.wishes, strict=True)
        ]
        self.near = Near(rects, routes, texts)

    @classmethod
    def placed(
        cls,
        rects: Sequence[Rect],
        routes: Sequence[Route],
        labels: Sequence[Point | None],
        texts: Sequence[Rect | None],
    ) -> Frame:
        """Return a frame without a border around what has its places already; `texts` are where the labels are."""
        made = cls.__new__(cls)
        made.near = Near(rects, routes, texts)
        made.size, made.ports, made.spine = Size(*made.near.bounds[2:]), {}, 0.0
        made.rects, made.routes, made.labels = tuple(rects), tuple(routes), tuple(labels)
        return made


@lru_cache(maxsize=4096)
def framed(place_level: PlaceLevel, level: GroupLevel, outline: Outline) -> Frame:
    """Return the frame of a group; equal groups share it."""
    return Frame(level, place_level(level), outline)


def _turned(route: Route) -> Route:
    return tuple(Point(point.y, point.x) for point in route)


def _routes(level: GroupLevel, placed: PlacedLevel, border: Rect) -> Iterator[Route]:
    """Yield the edges, those through ports drawn out to the border."""
    for edge, route in zip(level.edges, placed.routes, strict=True):
        start, *inner, end = (Point(point.x - border.x, point.y - border.y) for point in route)
        if level.nodes[edge.source].rank == "first":
            start = Point(start.x, 0.0)
        if level.nodes[edge.target].rank == "last":
            end = Point(end.x, border.height)
        yield (start, *inner, end)


def _ports(level: GroupLevel, routes: list[Route]) -> dict[int, float]:
    ports: dict[int, float] = {}
    for edge, route in zip(level.edges, routes, strict=True):
        for item, point in ((edge.source, route[0]), (edge.target, route[-1])):
            if level.nodes[item].rank != "free":
                ports.setdefault(item, point.x)
    return ports


def _border(level: GroupLevel, placed: PlacedLevel, outline: Outline) -> Rect:
    inner = [
        Rect(*corner, node.width, node.height)
        for corner, node in zip(placed.corners, level.nodes, strict=True)
        if node.rank == "free"
    ]
    pairs = list(zip(level.edges, placed.routes, strict=True))
    beside = [] if outline.is_turned else [route[0].x + edge.beside for edge, route in pairs]
    bends = [point for route in placed.routes for point in route[1:-1]]
    left = min([each.x for each in inner] + [point.x for point in bends], default=0.0)
    top = min([each.y for each in inner], default=0.0)
    right = max([each.right for each in inner] + [point.x for point in bends] + beside, default=0.0)
    bottom = max([each.bottom for each in inner] + [point.y for point in bends], default=0.0)
    highest = min([top, *(point.y for point in bends)])
    title, head, pad = outline.title, outline.head, outline.pad
    if title is None:
        left = 2 * floor((left - outline.gutter) / 2)
        return Rect(left, highest, 2 * ceil((right - left) / 2), bottom - highest)
    if outline.is_turned:
        left, top, right, bottom = left - head, highest - pad, right + pad, max(bottom + pad, highest - pad + title)
    else:
        entries = [route[0].x for edge, route in pairs if level.nodes[edge.source].rank == "first"]
        left, right = left - pad, right + pad
        # The title stands left of the lines that come in.
        left = min(left, min(entries, default=left + title) - title)
        right = max(right, left + max(title, outline.least))
        top, bottom = min(top - head, highest - TITLE), bottom + pad
    # Whole even numbers: dot knows no others, and middles stay whole.
    return Rect(left, top, 2 * ceil((right - left) / 2), 2 * ceil((bottom - top) / 2))


def _spine(level: GroupLevel, ports: dict[int, float], width: float) -> float:
    """Return where the main line runs: straight through where one does, else where the first comes in."""
    ins = [x for item, x in ports.items() if level.nodes[item].rank == "first"]
    outs = [x for item, x in ports.items() if level.nodes[item].rank == "last"]
    through = (x for x in ins if any(abs(x - other) < 1.0 for other in outs))
    return next(through, next(iter(ins or outs), width / 2))

"""Draws the border around a group whose boxes have places: its size, and its ports on the border."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import NamedTuple, TypeAlias

from qviz.layout.labels import TITLE
from qviz.layout.level import Level, PlacedLevel
from qviz.layout.place import Point, Rect, Size

HEAD = 34.0
"""From a frame's upper border to its first box: a row of 22 for the title, and air."""
PAD = 14.0
Port: TypeAlias = tuple[str, str]
"""``("in", id of the box that the line comes from)``, or ``("out", ...)``."""
Item: TypeAlias = "str | Port"


class Frame(NamedTuple):
    """A placed group, in coordinates of its own: its size, what is in it, where its ports are."""

    size: Size
    items: dict[Item, Point]
    routes: tuple[tuple[Point, ...], ...]
    ports: dict[Port, float]
    spine: float


def trim(level: Level, items: list[Item], placed: PlacedLevel, title: float | None, turned: bool) -> Frame:
    """Return the frame around a placed group: its border, its ports on it, all from its upper left corner."""
    rect = _border(level, placed, title, turned)
    routes = []
    for edge, route in zip(level.edges, placed.routes, strict=True):
        start, *inner, end = (Point(point.x - rect.x, point.y - rect.y) for point in route)
        if level.nodes[edge.source].rank == "first":
            start = Point(start.x, 0.0)
        if level.nodes[edge.target].rank == "last":
            end = Point(end.x, rect.height)
        routes.append((start, *inner, end))
    ports: dict[Port, float] = {}
    for edge, route in zip(level.edges, routes, strict=True):
        for item, point in ((items[edge.source], route[0]), (items[edge.target], route[-1])):
            if isinstance(item, tuple):
                ports.setdefault(item, point.x)
    corners = {item: Point(at.x - rect.x, at.y - rect.y) for item, at in zip(items, placed.corners, strict=True)}
    return Frame(Size(rect.width, rect.height), corners, tuple(routes), ports, _spine(ports, rect.width))


def _border(level: Level, placed: PlacedLevel, title: float | None, turned: bool) -> Rect:
    inner = [
        Rect(*corner, node.width, node.height)
        for corner, node in zip(placed.corners, level.nodes, strict=True)
        if node.rank == "free"
    ]
    beside = (
        [] if turned else [route[0].x + edge.beside for edge, route in zip(level.edges, placed.routes, strict=True)]
    )
    bends = [point for route in placed.routes for point in route[1:-1]]
    left = min([each.x for each in inner] + [point.x for point in bends], default=0.0)
    top = min([each.y for each in inner], default=0.0)
    right = max([each.right for each in inner] + [point.x for point in bends] + beside, default=0.0)
    bottom = max([each.bottom for each in inner] + [point.y for point in bends], default=0.0)
    highest = min([top, *(point.y for point in bends)])
    if title is None:
        return Rect(left, highest, right - left, bottom - highest)
    if turned:
        left, top, right, bottom = left - HEAD, highest - PAD, right + PAD, max(bottom + PAD, highest - PAD + title)
    else:
        entries = [
            route[0].x
            for edge, route in zip(level.edges, placed.routes, strict=True)
            if level.nodes[edge.source].rank == "first"
        ]
        left, right = left - PAD, right + PAD
        # The title stands left of the lines that come in.
        left = min(left, min(entries, default=left + title) - title)
        right = max(right, left + title)
        top, bottom = min(top - HEAD, highest - TITLE), bottom + PAD
    # Whole even numbers: dot knows no others, and middles stay whole.
    return Rect(left, top, 2 * ceil((right - left) / 2), 2 * ceil((bottom - top) / 2))


def _spine(ports: Mapping[Port, float], width: float) -> float:
    """Return where the main line runs: straight through where one does, else where the first comes in."""
    ins = [x for (way, _), x in ports.items() if way == "in"]
    outs = [x for (way, _), x in ports.items() if way == "out"]
    through = (x for x in ins if any(abs(x - other) < 1.0 for other in outs))
    return next(through, next(iter(ins or outs), width / 2))

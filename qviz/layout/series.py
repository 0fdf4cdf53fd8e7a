"""Places a long level piece by piece: it is cut where everything flows through one box.

Layers of a network follow each other, so that a group of a thousand boxes is a chain of small pieces, most
of them alike. Each is placed by itself, once if equal, and stands below the one before, with which it shares
the box between them. What took seconds for the whole takes as long as its different pieces.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from qviz.layout.level import GroupLevel, PlacedLevel, PlaceLevel, Rank
from qviz.layout.place import Point, Route

SHORT = 40
"""Boxes; shorter levels are placed whole."""


class _SeriesPart(NamedTuple):
    """A part of a level: the numbers of its nodes, the box shared with the piece before first, and of its edges."""

    nodes: list[int]
    edges: list[int]
    before: int | None
    after: int | None


def place_in_series(level: GroupLevel, place: PlaceLevel) -> PlacedLevel | None:
    """Return the places of a level, or None where it is to be placed whole.

    Args:
        level: The level.
        place: Places a piece; equal pieces have equal places.
    """
    if len(level.nodes) <= SHORT:
        return None
    pieces = list(_pieces(level))
    if len(pieces) < 2:
        return None
    corners: dict[int, Point] = {}
    routes: dict[int, Route] = {}
    for piece in pieces:
        placed = place(_level(level, piece))
        if not _fits(level, piece, placed):
            return None
        way = Point(0.0, 0.0)
        if piece.before is not None:
            here, there = placed.corners[0], corners[piece.before]
            way = Point(there.x - here.x, there.y - here.y)
        for node, at in zip(piece.nodes, placed.corners, strict=True):
            corners.setdefault(node, Point(at.x + way.x, at.y + way.y))
        for edge, route in zip(piece.edges, placed.routes, strict=True):
            routes[edge] = tuple(Point(point.x + way.x, point.y + way.y) for point in route)
    return PlacedLevel(
        tuple(corners[node] for node in range(len(level.nodes))),
        tuple(routes[edge] for edge in range(len(level.edges))),
    )


def _level(level: GroupLevel, piece: _SeriesPart) -> GroupLevel:
    at = {node: place for place, node in enumerate(piece.nodes)}
    edges = (level.edges[edge] for edge in piece.edges)
    ranks: dict[int | None, Rank] = {piece.before: "first", piece.after: "last"}
    return GroupLevel(
        tuple(level.nodes[node]._replace(rank=ranks.get(node, level.nodes[node].rank)) for node in piece.nodes),
        tuple(edge._replace(source=at[edge.source], target=at[edge.target]) for edge in edges),
    )


def _fits(level: GroupLevel, piece: _SeriesPart, placed: PlacedLevel) -> bool:
    """Return whether nothing of a piece stands above its first box, or beside and below its last."""
    top = placed.corners[0].y if piece.before is not None else None
    last = None if piece.after is None else placed.corners[piece.nodes.index(piece.after)].y
    for node, corner in zip(piece.nodes, placed.corners, strict=True):
        if top is not None and corner.y < top:
            return False
        if last is not None and node != piece.after and corner.y + level.nodes[node].height > last:
            return False
    ys = [point.y for route in placed.routes for point in route]
    return not ys or ((top is None or min(ys) >= top) and (last is None or max(ys) <= last + 1.0))


def _pieces(level: GroupLevel) -> Iterator[_SeriesPart]:
    """Yield the pieces from the first to the last."""
    order = _order(level)
    number = {node: place for place, node in enumerate(order)}
    leaving: defaultdict[int, list[int]] = defaultdict(list)
    for edge, each in enumerate(level.edges):
        leaving[number[each.source]].append(edge)
    before: int | None = None
    nodes: list[int] = []
    edges: list[int] = []
    open_until = -1
    for place, node in enumerate(order):
        nodes.append(node)
        # All that is still to flow on, flows out of this box.
        is_cut = open_until <= place and bool(leaving[place]) and len(nodes) > 1 and place + 1 < len(order)
        if is_cut:
            yield _SeriesPart(nodes, sorted(edges), before, node)
            before, nodes, edges = node, [node], []
        edges += leaving[place]
        open_until = max([open_until, *(number[level.edges[edge].target] for edge in leaving[place])])
    yield _SeriesPart(nodes, sorted(edges), before, None)


def _order(level: GroupLevel) -> list[int]:
    """Return the nodes in an order in which each follows all that it reads, and what reads little stands late."""
    readers: list[list[int]] = [[] for _ in level.nodes]
    read: list[list[int]] = [[] for _ in level.nodes]
    for edge in level.edges:
        readers[edge.source].append(edge.target)
        read[edge.target].append(edge.source)
    depths = _depths(readers, read)
    for each in read:
        each.sort(key=lambda node: -depths[node])
    ends = sorted((node for node in range(len(level.nodes)) if not readers[node]), key=lambda node: -depths[node])
    order: list[int] = []
    seen = [False] * len(level.nodes)
    for end in ends:
        waiting = [(end, iter(read[end]))]
        seen[end] = True
        while waiting:
            node, rest = waiting[-1]
            following = next((each for each in rest if not seen[each]), None)
            if following is None:
                order.append(node)
                waiting.pop()
            else:
                seen[following] = True
                waiting.append((following, iter(read[following])))
    return order


def _depths(readers: list[list[int]], read: list[list[int]]) -> list[int]:
    """Return how many nodes the longest way to each node has."""
    depths = [0] * len(read)
    waits = [len(each) for each in read]
    free = [node for node, count in enumerate(waits) if count == 0]
    while free:
        node = free.pop()
        for reader in readers[node]:
            depths[reader] = max(depths[reader], depths[node] + 1)
            waits[reader] -= 1
            if waits[reader] == 0:
                free.append(reader)
    return depths

"""The default engine: graphlay, layered, orthogonal; it needs no system binary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from qviz.analysis.views.view import View
from qviz.errors import QvizError
from qviz.layout.engine import LAYOUT_ENGINES
from qviz.layout.hierarchy import compose
from qviz.layout.level import GroupLevel, LevelEdge, LevelNode, PlacedLevel, PlaceLevel
from qviz.layout.occupied import Occupied
from qviz.layout.place import Direction, Point, Rect, Size
from qviz.layout.places import Places
from qviz.layout.series import place_in_series
from qviz.layout.spacing import ROOMY, Spacing
from qviz.words import tr

CORNER = 24.0
"""graphlay keeps ports this far from a box's corners."""
QUICK_FROM = 1500
"""Boxes in one group from which fewer crossings are not worth the wait."""

PORT = 1.0
"""What is no wider is a port, which takes no room."""
SLACK = 0.2
"""Borders may touch."""


class _Attempt(NamedTuple):
    is_tight: bool
    step_flatten: float


_ATTEMPTS = (_Attempt(True, 1e6), _Attempt(False, 1e6), _Attempt(True, 0.0), _Attempt(False, 0.0))
"""Narrow frames and few bends first; graphlay now and then pays for them with a line through a box."""

_OPTIONS: dict[str, Any] = {
    "direction": "topbottom",
    "routing": {"style": "orthogonal", "merge_edges": "forks", "port_sides": "facing_only"},
}


@LAYOUT_ENGINES.register("graphlay")
class GraphlayEngine:
    """Places each open group by itself; groups of equal structure are placed once."""

    name = "graphlay"

    def __init__(self, spacing: Spacing = ROOMY) -> None:
        self._spacing = spacing

    def place(self, view: View, sizes: Mapping[str, Size], direction: Direction = "down") -> Places:
        """Return the places.

        Raises:
            QvizError: graphlay refused the graph.
        """
        return compose(view, sizes, direction, _placer(self._spacing), self._spacing)


@cache
def _placer(spacing: Spacing) -> PlaceLevel:
    """Return what places a group; the same for the same spacing, for frames are known by it."""
    return lambda level: place_level(level, spacing)


@lru_cache(maxsize=2048)
def place_level(level: GroupLevel, spacing: Spacing = ROOMY) -> PlacedLevel:
    """Place one group.

    Raises:
        QvizError: graphlay refused the graph.
    """
    linked = sorted({end for edge in level.edges for end in (edge.source, edge.target)})
    if 0 < len(linked) < len(level.nodes):
        return _beside_linked(level, linked, spacing)
    return place_in_series(level, lambda piece: _place_piece(piece, spacing)) or _place_piece(level, spacing)


@lru_cache(maxsize=4096)
def _place_piece(level: GroupLevel, spacing: Spacing) -> PlacedLevel:
    placed = _lay_out(level, _ATTEMPTS[0], spacing)
    for attempt in _ATTEMPTS[1:]:
        if _is_clear(level, placed):
            break
        placed = _lay_out(level, attempt, spacing)
    return placed


def _beside_linked(level: GroupLevel, linked: list[int], spacing: Spacing) -> PlacedLevel:
    """Place what has lines, then the rest in columns to its right: graphlay puts it in the way of lines."""
    renumbered = {index: number for number, index in enumerate(linked)}
    edges = tuple(edge._replace(source=renumbered[edge.source], target=renumbered[edge.target]) for edge in level.edges)
    core = place_level(GroupLevel(tuple(level.nodes[index] for index in linked), edges), spacing)
    corners = dict(zip(linked, core.corners, strict=True))
    points = [point for route in core.routes for point in route]
    left = max(
        [corners[index].x + max(level.nodes[index].width, beside) for index, beside in _reach(level, linked)]
        + [point.x for point in points]
    )
    top, bottom = min(point.y for point in corners.values()), max(point.y for point in points)
    gap = spacing.node_gap
    x, y, widest = left + gap, top, 0.0
    for index, node in enumerate(level.nodes):
        if index in corners:
            continue
        if y > top and y + node.height > bottom:
            x, y, widest = x + widest + gap, top, 0.0
        corners[index] = Point(x, y)
        y, widest = y + node.height + gap, max(widest, node.width)
    return PlacedLevel(tuple(corners[index] for index in range(len(level.nodes))), core.routes)


def _reach(level: GroupLevel, linked: list[int]) -> Iterator[tuple[int, float]]:
    """Yield how far each box and its label reach from the box's left edge."""
    besides = _besides(level)
    for index in linked:
        yield index, level.nodes[index].spine + besides[index]


def _lay_out(level: GroupLevel, attempt: _Attempt, spacing: Spacing) -> PlacedLevel:
    import graphlay

    halves = _halves(level, attempt.is_tight)
    request = {
        "nodes": [_node(*each, spacing.lane_gap) for each in zip(level.nodes, halves, _besides(level), strict=True)],
        "edges": [_edge(edge, level, halves) for edge in level.edges],
    }
    tuning = {"routing": {"step_flatten": attempt.step_flatten}}
    gaps = {
        "layer_gap": spacing.layer_gap,
        "node_gap": spacing.node_gap,
        "dummy_gap": spacing.lane_gap,
        "port_gap": 14.0,
        "isolated_gap": spacing.node_gap,
    }
    effort = "fast" if len(level.nodes) > QUICK_FROM else "balanced"
    options = {**_OPTIONS, "spacing": gaps, "tuning": tuning, "effort": effort}
    try:
        laid = graphlay.layout(request, options=options)
    except graphlay.GraphlayError as error:
        raise QvizError(
            tr("graphlay could not place the graph: {error}", error=error), tr("Use the layout engine dot.")
        ) from error
    corners = tuple(
        Point(placed["center"]["x"] - node.spine, placed["center"]["y"] - node.height / 2)
        for node, placed in zip(level.nodes, laid.nodes, strict=True)
    )
    routes = tuple(tuple(Point(point["x"], point["y"]) for point in edge["points"]) for edge in laid.edges)
    return PlacedLevel(corners, routes)


def _halves(level: GroupLevel, is_tight: bool) -> list[float]:
    """Return half the width of the box that graphlay centres on each spine.

    Tight, what sticks out on the longer side is the box's margin; graphlay keeps boxes out of
    margins, but not always lines. Else the box is as wide on its shorter side as on the longer.
    """
    pick = min if is_tight else max
    halves = [pick(node.spine, node.width - node.spine) for node in level.nodes]
    for edge in level.edges:
        for end, at in ((edge.source, edge.leaves_at), (edge.target, edge.enters_at)):
            if at is not None:
                halves[end] = max(halves[end], abs(at - level.nodes[end].spine) + CORNER)
    return halves


def _is_clear(level: GroupLevel, placed: PlacedLevel) -> bool:
    """Return whether no boxes overlap and no line runs through one."""
    rects = [
        Rect(corner.x + SLACK, corner.y + SLACK, node.width - 2 * SLACK, node.height - 2 * SLACK)
        for node, corner in zip(level.nodes, placed.corners, strict=True)
        if node.width > PORT
    ]
    taken = Occupied(rects)
    for rect in rects:
        if not taken.is_free(rect):
            return False
        taken.add(rect)
    return all(taken.is_free(_hull(*segment)) for route in placed.routes for segment in pairwise(route))


def _hull(one: Point, other: Point) -> Rect:
    return Rect(min(one.x, other.x), min(one.y, other.y), abs(one.x - other.x), abs(one.y - other.y))


def _besides(level: GroupLevel) -> list[float]:
    """Return the room that the label under each node wants to the right of its spine."""
    besides = [0.0] * len(level.nodes)
    for edge in level.edges:
        besides[edge.source] = max(besides[edge.source], edge.beside)
    return besides


def _node(node: LevelNode, half: float, beside: float, air: float) -> dict[str, Any]:
    made: dict[str, Any] = {"size": {"width": 2 * half, "height": node.height}, "shape": "box", "rank": node.rank}
    left = node.spine - half
    right = max(node.width - node.spine, beside) - half
    if left > 0 or right > 0:
        made["margin"] = {
            "cross_neg": _clear(left, air),
            "cross_pos": _clear(right, air),
            "along_neg": 0.0,
            "along_pos": 0.0,
        }
    return made


def _clear(excess: float, air: float) -> float:
    return excess + air if excess > 0 else 0.0


def _edge(edge: LevelEdge, level: GroupLevel, halves: list[float]) -> dict[str, Any]:
    made: dict[str, Any] = {"source": edge.source, "target": edge.target, "weight": edge.weight}
    for key, side, end, at in (
        ("source_port", "bottom", edge.source, edge.leaves_at),
        ("target_port", "top", edge.target, edge.enters_at),
    ):
        if at is not None:
            made[key] = {"offset": {"side": side, "t": (at - level.nodes[end].spine) / halves[end]}}
    return made

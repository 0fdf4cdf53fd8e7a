"""Graphviz dot: curved lines and short ways, for pictures; the binary must be installed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

from qviz.analysis.views.view import View
from qviz.errors import QvizError
from qviz.layout.chains import chain_numbers, next_in_chain
from qviz.layout.engine import LAYOUT_ENGINES
from qviz.layout.hierarchy import compose
from qviz.layout.level import GroupLevel, LevelNode, PlacedLevel
from qviz.layout.place import Direction, Point, Size
from qviz.layout.places import Places
from qviz.words import tr

PER_INCH = 72.0
RANK_GAP = 32.0
NODE_GAP = 28.0
PIECE = 12.0
"""About the length of the straight pieces that a curve is drawn with."""
SNAP = 1.5
"""dot places ports at whole points; a line that misses its port by less is straight."""
CHAIN_PULL = 20
"""How much straighter a chain is to be than other lines."""
BINARY = "dot"


def is_installed() -> bool:
    """Return whether there is a dot to call."""
    return shutil.which(BINARY) is not None


@LAYOUT_ENGINES.register("dot")
class DotEngine:
    """Places each open group by itself: dot would let lines run through its own clusters, and tear them apart."""

    name = "dot"

    def place(self, view: View, sizes: Mapping[str, Size], direction: Direction = "down") -> Places:
        """Return the places.

        Raises:
            QvizError: dot is missing or failed.
        """
        return compose(view, sizes, direction, place_level)


@lru_cache(maxsize=2048)
def place_level(level: GroupLevel) -> PlacedLevel:
    """Place one group.

    Raises:
        QvizError: dot is missing or failed.
    """
    if not level.nodes:
        return PlacedLevel((), ())
    drawn = _run("\n".join(_source(level)))
    top, ports = _numbers(drawn["bb"])[3], _ports(level)
    corners = [Point(0.0, 0.0)] * len(level.nodes)
    for each in drawn["objects"]:
        if each["name"].startswith("n"):
            index = int(each["name"][1:])
            x, y = _numbers(each["pos"])
            node = level.nodes[index]
            corners[index] = Point(x - (node.width / 2 if ports[index] else node.spine), top - y - node.height / 2)
    routes: list[tuple[Point, ...]] = [()] * len(level.edges)
    for each in drawn.get("edges", ()):
        points = [Point(x, top - y) for x, y in (_numbers(pair) for pair in each["pos"].split())]
        routes[int(each["id"])] = _snapped(level, corners, int(each["id"]), list(_curve(points)))
    return PlacedLevel(tuple(corners), tuple(routes))


def _run(source: str) -> dict[str, Any]:
    import graphviz

    try:
        out = graphviz.pipe(BINARY, "json0", source.encode(), quiet=True)
    except graphviz.ExecutableNotFound as error:
        hint = tr("Install Graphviz (apt install graphviz), or use the layout engine graphlay.")
        raise QvizError(tr("Graphviz's dot is not installed"), hint) from error
    except graphviz.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines() if error.stderr else []
        message = tr("Graphviz's dot failed: {what}", what=said[0] if said else error)
        raise QvizError(message, tr("Use the layout engine graphlay.")) from error
    found: dict[str, Any] = json.loads(out)
    return found


def _source(level: GroupLevel) -> Iterator[str]:
    yield f"digraph {{ graph [ranksep={RANK_GAP / PER_INCH:.4f} nodesep={NODE_GAP / PER_INCH:.4f} splines=true]"
    yield 'node [shape=box fixedsize=true label=""] edge [arrowhead=none]'
    ports = _ports(level)
    following = next_in_chain(len(level.nodes), [(edge.source, edge.target, edge.weight) for edge in level.edges])
    chains = chain_numbers(following)
    for index, node in enumerate(level.nodes):
        if ports[index]:
            drawn = f"shape=plain fixedsize=false label=<{_table(node, ports[index])}>"
        else:
            # dot centers lines: what has its line elsewhere gets as much room on the shorter side.
            wide = 2 * max(node.spine, node.width - node.spine)
            drawn = f"width={wide / PER_INCH:.4f} height={node.height / PER_INCH:.4f}"
        yield f"n{index} [group=g{chains[index]} {drawn}]"
    for rank, name in (("first", "source"), ("last", "sink")):
        inside = " ".join(f"n{index};" for index, node in enumerate(level.nodes) if node.rank == rank)
        if inside:
            yield f"{{ rank={name}; {inside} }}"
    for number, edge in enumerate(level.edges):
        tail = _end(level.nodes[edge.source], "b", edge.leaves_at, ports[edge.source])
        head = _end(level.nodes[edge.target], "t", edge.enters_at, ports[edge.target])
        pull = CHAIN_PULL if following[edge.source] == edge.target else 1
        yield f"n{edge.source}{tail} -> n{edge.target}{head} [id={number} weight={round(edge.weight) * pull}]"
    yield "}"


def _end(node: LevelNode, side: str, at: float | None, ports: Sequence[int]) -> str:
    """Return where a line meets a node: at a port of an open group, straight at a port of the frame around."""
    compass = "s" if side == "b" else "n"
    if at is not None:
        return f":{side}{ports.index(_cut(at))}:{compass}"
    return "" if node.rank == "free" else f":{compass}"


def _cut(at: float) -> int:
    return round(at)


def _ports(level: GroupLevel) -> list[list[int]]:
    """Return where lines are fixed at each node's upper or lower border."""
    found: list[set[int]] = [set() for _ in level.nodes]
    for edge in level.edges:
        for end, at in ((edge.source, edge.leaves_at), (edge.target, edge.enters_at)):
            if at is not None:
                found[end].add(_cut(at))
    return [sorted(each) for each in found]


def _table(node: LevelNode, ports: Sequence[int]) -> str:
    """Return a table as large as the node, with a cell around each port in its first and last row."""
    width, height = round(node.width), round(node.height)
    middles = [(one + other) // 2 for one, other in pairwise(ports)]
    # A cell's port is its middle: a spare cell makes up for what is unequal at its sides.
    cells = []
    for number, (left, at, right) in enumerate(zip([0, *middles], ports, [*middles, width], strict=True)):
        half = max(min(at - left, right - at), 1)
        cells += [(None, at - half - left), (number, 2 * half), (None, right - at - half)]
    rows = []
    for side, high in (("t", 1), ("", max(height - 2, 1)), ("b", 1)):
        row = "".join(_cell(f"{side}{number}" if side and number is not None else "", size, high)
                      for number, size in cells if size > 0)  # fmt: skip
        rows.append(f"<TR>{row}</TR>")
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">{"".join(rows)}</TABLE>'


def _cell(port: str, width: int, height: int) -> str:
    named = f' PORT="{port}"' if port else ""
    return f'<TD{named} FIXEDSIZE="TRUE" WIDTH="{width}" HEIGHT="{height}"></TD>'


def _numbers(text: str) -> list[float]:
    return [float(each) for each in text.split(",")]


def _curve(points: Sequence[Point]) -> Iterator[Point]:
    """Yield the points of a polyline along a chain of cubic Bézier curves."""
    yield points[0]
    for start in range(0, len(points) - 3, 3):
        a, b, c, d = points[start : start + 4]
        if a.x == b.x == c.x == d.x:
            yield d
            continue
        steps = min(max(round((abs(a.x - d.x) + abs(a.y - d.y)) / PIECE), 6), 60)
        for step in range(1, steps + 1):
            t = step / steps
            u = 1 - t
            weights = (u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t)
            yield Point(
                sum(weight * point.x for weight, point in zip(weights, (a, b, c, d), strict=True)),
                sum(weight * point.y for weight, point in zip(weights, (a, b, c, d), strict=True)),
            )


def _snapped(level: GroupLevel, corners: Sequence[Point], number: int, route: list[Point]) -> tuple[Point, ...]:
    """Return a route that ends exactly at its ports."""
    edge = level.edges[number]
    is_straight = len(route) == 2 and abs(route[0].x - route[1].x) < SNAP
    for end, at, place in ((edge.source, edge.leaves_at, 0), (edge.target, edge.enters_at, -1)):
        if at is not None:
            below = level.nodes[end].height if place == 0 else 0.0
            route[place] = Point(corners[end].x + at, corners[end].y + below)
            if is_straight:
                route = [Point(route[place].x, point.y) for point in route]
    return tuple(route)

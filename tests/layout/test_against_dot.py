"""Real converted graphs, flat and with their stubs cut: as few crossings and as short lines as plain dot draws."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from qviz.analysis.views.stubs import cut_fans
from qviz.analysis.views.view import Box, Line, View
from qviz.document.graph import Kind
from qviz.layout.graphlay_engine import GraphlayEngine
from qviz.layout.place import Point, Size
from tests.layout.geometry import faults

GRAPHS = sorted((Path(__file__).parent / "graphs").glob("*.json.gz"))
ORTHOGONAL = 1.9
"""How much longer than dot's curves lines at right angles may be."""


def load(path: Path) -> tuple[View, dict[str, Size]]:
    given = json.loads(gzip.decompress(path.read_bytes()))
    boxes = [Box(str(at), label, "", Kind.OP, (str(at),)) for at, label in enumerate(given["labels"])]
    lines = [Line(str(a), str(b), "", ()) for a, b in dict.fromkeys(map(tuple, given["edges"]))]
    cut, kept = cut_fans(boxes, lines)
    view = View(tuple(cut), tuple(kept), {})
    return view, {box.id: Size(2.0 * round(3.3 * len(box.title) + 8), 26.0) for box in cut}


def by_dot(view: View, sizes: dict[str, Size]) -> list[tuple[Point, ...]]:
    """Return the control points of plain dot's lines, its gaps set to ours."""
    number = {box.id: at for at, box in enumerate(view.boxes)}
    rows = ['digraph { node [shape=box fixedsize=true label=""]; nodesep=0.42; ranksep=0.47;']
    rows += [f"{number[each]} [width={size.width / 72} height={size.height / 72}];" for each, size in sizes.items()]
    rows += [f"{number[line.from_box]} -> {number[line.to_box]};" for line in view.lines]
    command = ["dot", "-Tplain"]
    drawn = subprocess.run(command, input="\n".join([*rows, "}"]), capture_output=True, text=True, check=True).stdout
    found: dict[tuple[str, str], tuple[Point, ...]] = {}
    for row in drawn.splitlines():
        parts = row.split()
        if parts[0] == "edge":
            numbers = [72 * float(each) for each in parts[4 : 4 + 2 * int(parts[3])]]
            found[parts[1], parts[2]] = tuple(Point(*pair) for pair in zip(numbers[::2], numbers[1::2], strict=True))
    return [found[str(number[line.from_box]), str(number[line.to_box])] for line in view.lines]


def length(routes: list[tuple[Point, ...]]) -> float:
    return sum(((a.x - b.x) ** 2 + (a.y - b.y) ** 2) ** 0.5 for route in routes for a, b in pairwise(route))


def crossings(view: View, routes: list[tuple[Point, ...]]) -> int:
    """Count how often lines that share no end cross."""
    pieces = sorted(
        (min(a.y, b.y), max(a.y, b.y), a, b, at) for at, route in enumerate(routes) for a, b in pairwise(route)
    )
    ends = [{line.from_box, line.to_box} for line in view.lines]
    count = 0
    alive: list[tuple[float, float, Point, Point, int]] = []
    for piece in pieces:
        alive = [each for each in alive if each[1] >= piece[0]]
        count += sum(
            not ends[each[4]] & ends[piece[4]] and _cross(each[2], each[3], piece[2], piece[3]) for each in alive
        )
        alive.append(piece)
    return count


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    return _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0


def _side(a: Point, b: Point, c: Point) -> float:
    return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)


@pytest.mark.skipif(shutil.which("dot") is None, reason="dot is not installed")
@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.name.partition(".")[0])
def test_real_graphs_have_as_few_crossings_and_as_short_lines(path: Path) -> None:
    view, sizes = load(path)
    places, theirs = GraphlayEngine().place(view, sizes), by_dot(view, sizes)
    ours = [places.routes[at] for at in range(len(view.lines))]
    assert crossings(view, ours) <= 1.1 * crossings(view, theirs) + 2
    assert length(ours) <= ORTHOGONAL * length(theirs)


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=pytest.mark.slow if path.name.startswith("bert") else ()) for path in GRAPHS[:2]],
    ids=lambda path: path.name.partition(".")[0],
)
def test_real_graphs_are_placed_without_faults(path: Path) -> None:
    view, sizes = load(path)
    assert faults(view, sizes, GraphlayEngine().place(view, sizes)) == []

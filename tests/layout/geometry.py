"""What is wrong with places: overlaps, lines through boxes, lines that end nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations, pairwise

from hypothesis import strategies as st

from qviz.analysis.views.folding import fold
from qviz.analysis.views.groups import Hierarchy
from qviz.analysis.views.view import Box, Folds, View
from qviz.document.graph import Graph
from qviz.layout.place import Point, Rect, Size
from qviz.layout.places import Places
from tests.factories import graph, node

SLACK = 0.6
"""Borders may touch; coordinates are rounded."""


def faults(view: View, sizes: Mapping[str, Size], places: Places) -> list[str]:
    by_id = {box.id: box for box in view.boxes}
    found = [f"no place for {box.id}" for box in view.boxes if box.id not in places.boxes]
    found += [f"{each} has not its size" for each, size in sizes.items() if not _has(places.boxes[each], size)]
    found += _overlaps(by_id, places)
    for line, route in zip(view.lines, places.routes, strict=True):
        name = f"{line.from_box} -> {line.to_box}"
        ends = ((line.from_box, route[0]), (line.to_box, route[-1]))
        found += [f"{name} does not end at {end}" for end, at in ends if not _on_border(places.boxes[end], at)]
        if places.boxes[line.from_box].bottom > places.boxes[line.to_box].y + SLACK:
            found.append(f"{name} runs upward")
        foreign = set(by_id) - {*_around(by_id, line.from_box), *_around(by_id, line.to_box)}
        found += [f"{name} runs through {each}" for each in sorted(foreign) if _passes(places.boxes[each], route)]
    found += [
        f"label {index} lies outside"
        for index, at in enumerate(places.labels)
        if at is not None and not _holds(places.bounds, Rect(at.x, at.y, 0, 0))
    ]
    found += [f"{each} lies outside" for each, rect in places.boxes.items() if not _holds(places.bounds, rect)]
    return found


def _overlaps(by_id: Mapping[str, Box], places: Places) -> Iterator[str]:
    for one, other in combinations(by_id, 2):
        a, b = places.boxes[one], places.boxes[other]
        if one in _around(by_id, other) or other in _around(by_id, one):
            outer, inner = (a, b) if one in _around(by_id, other) else (b, a)
            if not _holds(outer, inner):
                yield f"{one} and {other}: not inside"
        elif _depth(a, b) > SLACK:
            yield f"{one} and {other} overlap"


def _around(by_id: Mapping[str, Box], box_id: str | None) -> Iterator[str]:
    while box_id is not None:
        yield box_id
        box_id = by_id[box_id].parent


def _has(rect: Rect, size: Size) -> bool:
    return abs(rect.width - size.width) < SLACK and abs(rect.height - size.height) < SLACK


def _holds(outer: Rect, inner: Rect) -> bool:
    return (
        outer.x - SLACK <= inner.x
        and outer.y - SLACK <= inner.y
        and inner.right <= outer.right + SLACK
        and inner.bottom <= outer.bottom + SLACK
    )


def _depth(one: Rect, other: Rect) -> float:
    across = min(one.right, other.right) - max(one.x, other.x)
    return min(across, min(one.bottom, other.bottom) - max(one.y, other.y))


def _on_border(rect: Rect, at: Point) -> bool:
    inside = _holds(rect, Rect(at.x, at.y, 0, 0))
    edges = (at.x - rect.x, at.x - rect.right, at.y - rect.y, at.y - rect.bottom)
    return inside and min(abs(each) for each in edges) < 2


def _passes(rect: Rect, route: tuple[Point, ...]) -> bool:
    return any(_crosses(rect, one, other) for one, other in pairwise(route))


def _crosses(rect: Rect, one: Point, other: Point) -> bool:
    """Whether a segment runs through the inside of a rectangle (Liang and Barsky)."""
    low, high = 0.0, 1.0
    for start, way, near, far in (
        (one.x, other.x - one.x, rect.x + SLACK, rect.right - SLACK),
        (one.y, other.y - one.y, rect.y + SLACK, rect.bottom - SLACK),
    ):
        if way == 0:
            if not near < start < far:
                return False
            continue
        enters, leaves = sorted(((near - start) / way, (far - start) / way))
        low, high = max(low, enters), min(high, leaves)
    return low < high


def sizes_of(view: View) -> dict[str, Size]:
    """Sizes like those of text: from the letters of the caption."""
    return {
        box.id: Size(40.0 + 7 * len(box.title), 40.0 if box.subtitle else 26.0) for box in view.boxes if not box.is_open
    }


PATHS = ("", "a", "a.b", "a.b.c", "a.d", "e", "e.f")


@st.composite
def graphs(draw: st.DrawFn, max_nodes: int = 24) -> Graph:
    """Graphs whose modules are called in any order, more than once, with long skips and many readers."""
    nodes = [node("x", kind="input")]
    for number in range(draw(st.integers(1, max_nodes))):
        near = [f"n{each}" for each in range(max(0, number - 4), number)] or ["x"]
        inputs = draw(st.lists(st.sampled_from([*near, "x"]), max_size=3, unique=True))
        kind = draw(st.sampled_from(("op", "op", "quantize", "dequantize", "observer", "constant")))
        inputs = [] if kind == "constant" else inputs
        nodes.append(node(f"n{number}", *inputs, kind=kind, path=draw(st.sampled_from(PATHS))))
    read = {edge.from_id for edge in graph(*nodes).edges}
    nodes.append(node("output", *[each.id for each in nodes if each.id not in read], kind="output"))
    return graph(*nodes)


@st.composite
def views(draw: st.DrawFn) -> View:
    """Views of such graphs, with any groups open."""
    each = draw(graphs())
    paths = sorted({group.path for group in Hierarchy(each).root.walk()})
    opened = draw(st.sets(st.sampled_from(paths))) if paths else set()
    return fold(each, Folds(groups=frozenset(opened)), {})

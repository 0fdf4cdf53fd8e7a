"""Graphviz dot: curved lines and short ways, for pictures; the binary must be installed."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from qviz.analysis.view import Box, View
from qviz.errors import QvizError
from qviz.layout.labels import TITLE, bounds_of, place_labels, title_width
from qviz.layout.place import Direction, Places, Point, Rect, Size

PER_INCH = 72.0
RANK_GAP = 34.0
NODE_GAP = 28.0
PAD = 14.0
STEPS = 8
"""Straight pieces that one Bézier curve is drawn with."""
BINARY = "dot"


def is_installed() -> bool:
    """Return whether there is a dot to call."""
    return shutil.which(BINARY) is not None


class DotEngine:
    """Places the whole view at once; open groups are clusters."""

    name = "dot"

    def place(self, view: View, sizes: Mapping[str, Size], direction: Direction = "down") -> Places:
        """Return the places.

        Raises:
            QvizError: dot is missing or failed.
        """
        return _read(view, sizes, _run(_source(view, sizes, direction)))


def _run(source: str) -> dict[str, Any]:
    import graphviz

    try:
        out = graphviz.pipe(BINARY, "json0", source.encode(), quiet=True)
    except graphviz.ExecutableNotFound as error:
        hint = "Install graphviz (apt install graphviz), or choose the layout engine graphlay."
        raise QvizError("Graphviz's dot is not installed", hint) from error
    except graphviz.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines() if error.stderr else []
        raise QvizError(
            f"Graphviz's dot failed: {said[0] if said else error}", "Choose the layout engine graphlay."
        ) from error
    found: dict[str, Any] = json.loads(out)
    return found


def _source(view: View, sizes: Mapping[str, Size], direction: Direction) -> str:
    numbers = {box.id: number for number, box in enumerate(view.boxes)}
    children: dict[str | None, list[Box]] = {}
    for box in view.boxes:
        children.setdefault(box.parent, []).append(box)
    stubs = {box.id for box in view.boxes if box.stub_of}
    lines = [
        "digraph {",
        f"graph [rankdir={'LR' if direction == 'right' else 'TB'} ranksep={RANK_GAP / PER_INCH:.4f}"
        f" nodesep={NODE_GAP / PER_INCH:.4f} margin={PAD} labelloc=t labeljust=l splines=true newrank=true]",
        'node [shape=box fixedsize=true label=""]',
        "edge [arrowhead=none]",
        *_inside(None, children, numbers, sizes),
        *(f"n{numbers[box_id]} [group=g{chain}]" for box_id, chain in _chains(view).items()),
    ]
    for number, line in enumerate(view.lines):
        weight = 1 if line.from_box in stubs else 8
        lines.append(f"n{numbers[line.from_box]} -> n{numbers[line.to_box]} [id={number} weight={weight}]")
    return "\n".join([*lines, "}"])


def _chains(view: View) -> dict[str, int]:
    """Return which chain a box stands in: dot draws a chain straight. Each takes the longest way on and back."""
    after: defaultdict[str, list[str]] = defaultdict(list)
    before: defaultdict[str, list[str]] = defaultdict(list)
    for line in view.lines:
        after[line.from_box].append(line.to_box)
        before[line.to_box].append(line.from_box)
    order = [box.id for box in view.boxes if not box.is_open]
    depth, height = _lengths(order, before, after), _lengths(order, after, before)
    chains: dict[str, int] = {}
    for number, box_id in enumerate(order):
        back = max(before[box_id], key=lambda each: depth[each], default=None)
        follows = back is not None and max(after[back], key=lambda each: height[each]) == box_id
        chains[box_id] = chains.get(back, number) if back is not None and follows else number
    return chains


def _lengths(
    order: Sequence[str], toward: Mapping[str, Sequence[str]], away: Mapping[str, Sequence[str]]
) -> dict[str, int]:
    """Return the longest way from each box to an end."""
    waits = {each: len(toward.get(each, ())) for each in order}
    lengths = dict.fromkeys(order, 0)
    free = [each for each in order if waits[each] == 0]
    while free:
        each = free.pop()
        for other in away.get(each, ()):
            lengths[other] = max(lengths[other], lengths[each] + 1)
            waits[other] -= 1
            if waits[other] == 0:
                free.append(other)
    return lengths


def _inside(
    parent: str | None, children: Mapping[str | None, list[Box]], numbers: Mapping[str, int], sizes: Mapping[str, Size]
) -> Iterator[str]:
    for box in children.get(parent, ()):
        number = numbers[box.id]
        if box.is_open:
            # An empty table of the title's size keeps its row free.
            row = f'WIDTH="{title_width(box):.0f}" HEIGHT="{TITLE:.0f}"'
            yield f"subgraph cluster_{number} {{"
            yield f'label=<<TABLE BORDER="0" FIXEDSIZE="TRUE" {row}><TR><TD></TD></TR></TABLE>>'
            yield from _inside(box.id, children, numbers, sizes)
            yield "}"
        else:
            width, height = sizes[box.id]
            yield f"n{number} [width={width / PER_INCH:.4f} height={height / PER_INCH:.4f}]"


def _read(view: View, sizes: Mapping[str, Size], drawn: Mapping[str, Any]) -> Places:
    top = _numbers(drawn["bb"])[3]
    boxes: dict[str, Rect] = {}
    for each in drawn.get("objects", ()):
        name = each["name"]
        box = view.boxes[int(name.removeprefix("cluster_").removeprefix("n"))]
        if name.startswith("cluster_"):
            left, low, right, high = _numbers(each["bb"])
            boxes[box.id] = Rect(left, top - high, right - left, high - low)
        else:
            x, y = _numbers(each["pos"])
            width, height = sizes[box.id]
            boxes[box.id] = Rect(x - width / 2, top - y - height / 2, width, height)
    routes: list[tuple[Point, ...]] = [()] * len(view.lines)
    for each in drawn.get("edges", ()):
        routes[int(each["id"])] = tuple(_curve([Point(x, top - y) for x, y in _pairs(each["pos"])]))
    ordered = {box.id: boxes[box.id] for box in view.boxes}
    labels = place_labels(view, ordered, routes)
    return Places(boxes=ordered, routes=tuple(routes), labels=labels, bounds=bounds_of(view, ordered, routes, labels))


def _numbers(text: str) -> list[float]:
    return [float(each) for each in text.split(",")]


def _pairs(text: str) -> Iterator[list[float]]:
    for pair in text.split():
        yield _numbers(pair)


def _curve(points: Sequence[Point]) -> Iterator[Point]:
    """Yield the points of a polyline along a chain of cubic Bézier curves."""
    yield points[0]
    for start in range(0, len(points) - 3, 3):
        a, b, c, d = points[start : start + 4]
        if a.x == b.x == c.x == d.x:
            yield d
            continue
        for step in range(1, STEPS + 1):
            t = step / STEPS
            u = 1 - t
            weights = (u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t)
            yield Point(
                round(sum(w * p.x for w, p in zip(weights, (a, b, c, d), strict=True)), 2),
                round(sum(w * p.y for w, p in zip(weights, (a, b, c, d), strict=True)), 2),
            )

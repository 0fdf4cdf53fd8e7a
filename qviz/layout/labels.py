"""Finds room for the labels of lines: beside a straight run, away from boxes, frames and other labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from qviz.analysis.view import Box, View
from qviz.layout.occupied import Occupied
from qviz.layout.place import Point, Rect

LETTER = 6.3
"""About the width of a letter of a label: labels are small and mostly digits."""
HEIGHT = 14.0
TITLE = 22.0
TITLE_LETTER = 6.6
BESIDE = 7.0
"""From the line to the text."""


def place_labels(view: View, boxes: Mapping[str, Rect], routes: Sequence[Sequence[Point]]) -> tuple[Point | None, ...]:
    """Return the left middle of each label's text, None where there is no room or its value is labelled already."""
    taken = Occupied()
    for box in view.boxes:
        for rect in _frame_bars(boxes[box.id], title_width(box)) if box.is_open else (boxes[box.id],):
            taken.add(rect)
    for route in routes:
        for one, other in pairwise(route):
            taken.add(_around(one, other))
    labelled: set[tuple[str, str]] = set()
    labels: list[Point | None] = []
    for line, route in zip(view.lines, routes, strict=True):
        value = (line.from_box, line.label)
        spot = None if not line.label or value in labelled else _spot(line.label, route, taken)
        if spot is not None:
            labelled.add(value)
            taken.add(spot)
        labels.append(Point(spot.x, spot.y + HEIGHT / 2) if spot else None)
    return tuple(labels)


def title_width(frame: Box) -> float:
    """Return about the room that an open group's title takes."""
    return TITLE_LETTER * len(f"{frame.title}  {frame.subtitle}") + 2 * HEIGHT


def label_width(label: str) -> float:
    """Return about the room that a label takes beside its line, 0 where there is none."""
    return BESIDE + LETTER * len(label) if label else 0.0


def bounds_of(
    view: View, boxes: Mapping[str, Rect], routes: Sequence[Sequence[Point]], labels: Sequence[Point | None]
) -> Rect:
    """Return what holds all boxes, routes and labels."""
    points = [point for route in routes for point in route]
    xs = [x for rect in boxes.values() for x in (rect.x, rect.right)] + [point.x for point in points]
    ys = [y for rect in boxes.values() for y in (rect.y, rect.bottom)] + [point.y for point in points]
    for line, spot in zip(view.lines, labels, strict=True):
        if spot is not None:
            xs += [spot.x, spot.x + LETTER * len(line.label)]
    left, top = min(xs, default=0.0), min(ys, default=0.0)
    return Rect(left, top, max(xs, default=0.0) - left, max(ys, default=0.0) - top)


def _spot(label: str, route: Sequence[Point], taken: Occupied) -> Rect | None:
    width = LETTER * len(label)
    return next((spot for spot in _candidates(route, width) if taken.is_free(spot)), None)


def _candidates(route: Sequence[Point], width: float) -> Iterator[Rect]:
    """Yield places beside the upright runs of a line, near its start first, then over its level ones."""
    runs = list(pairwise(route))
    for one, other in runs:
        for y in _heights(one.y, other.y) if one.x == other.x else ():
            yield Rect(one.x + BESIDE, y - HEIGHT / 2, width, HEIGHT)
            yield Rect(one.x - BESIDE - width, y - HEIGHT / 2, width, HEIGHT)
    for one, other in runs:
        if one.x != other.x and one.y != other.y:  # a piece of a curve
            x, y = max(one.x, other.x), (one.y + other.y - HEIGHT) / 2
            yield Rect(x + BESIDE, y, width, HEIGHT)
            yield Rect(min(one.x, other.x) - BESIDE - width, y, width, HEIGHT)
        if one.y == other.y and abs(other.x - one.x) > width:
            yield Rect((one.x + other.x - width) / 2, one.y - HEIGHT - 2, width, HEIGHT)


def _heights(start: float, end: float) -> Iterator[float]:
    length = abs(end - start)
    way = 1.0 if end > start else -1.0
    if length <= 3 * HEIGHT:
        yield from ((start + end) / 2,) if length >= HEIGHT else ()
        return
    for step in range(6):
        away = 1.2 * HEIGHT + step * HEIGHT
        if away < length - HEIGHT / 2:
            yield start + way * away
    yield end - way * 1.2 * HEIGHT


def _around(one: Point, other: Point) -> Rect:
    left, right, top, bottom = min(one.x, other.x), max(one.x, other.x), min(one.y, other.y), max(one.y, other.y)
    return Rect(left - 1, top - 1, right - left + 2, bottom - top + 2)


def _frame_bars(rect: Rect, title: float) -> Iterator[Rect]:
    yield Rect(rect.x, rect.y, title, TITLE)
    yield Rect(rect.x, rect.y - 1, rect.width, 2)
    yield Rect(rect.x, rect.bottom - 1, rect.width, 2)
    yield Rect(rect.x - 1, rect.y, 2, rect.height)
    yield Rect(rect.right - 1, rect.y, 2, rect.height)

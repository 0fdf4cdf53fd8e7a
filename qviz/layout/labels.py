"""Finds room for the labels of lines: beside a straight run, away from boxes, frames and other labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from qviz.analysis.views.view import Box
from qviz.layout.occupied import Occupied
from qviz.layout.place import Point, Rect, Route

LETTER = 6.6
"""About the width of a letter of a label: labels are small and mostly digits."""
HEIGHT = 14.0
TITLE = 22.0
TITLE_LETTER = 6.6
TITLE_LETTERS, TYPE_LETTERS, HEAD_LETTERS = 24, 18, 54
"""For longer titles no frame is wider: they are shortened."""
BESIDE = 7.0
"""From the line to the text."""
BRACKET = 26.0
"""A bracket, and the air beside it."""
AIR = 3.0
"""From the text to the frame around."""


class Wish(NamedTuple):
    """A label that an edge wants: one of each number is enough, beside whichever edge has room."""

    number: int
    text: str


def spots(
    boxes: Sequence[Rect],
    routes: Sequence[Route],
    wishes: Sequence[Wish | None],
    frame: Rect | None,
    title: float | None,
) -> tuple[Point | None, ...]:
    """Return the left middle of each edge's label, None where none is wished or there is no room.

    Args:
        boxes: What is in the way.
        routes: The edges, which are in the way, too.
        wishes: Their labels.
        frame: What labels may not leave, if anything.
        title: The room of the frame's title, at its upper left.
    """
    if not any(wishes):
        return (None,) * len(routes)
    taken = Occupied(boxes)
    for rect in boxes:
        taken.add(rect)
    if frame is not None and title is not None:
        taken.add(Rect(frame.x, frame.y, title, TITLE))
    for route in routes:
        for one, other in pairwise(route):
            taken.add(_around(one, other))
    found: list[Point | None] = []
    written: set[int] = set()
    for route, wish in zip(routes, wishes, strict=True):
        spot = None if wish is None or wish.number in written else _spot(wish.text, route, taken, frame)
        if spot is not None and wish is not None:
            written.add(wish.number)
            taken.add(spot)
        found.append(Point(spot.x, spot.y + HEIGHT / 2) if spot else None)
    return tuple(found)


def title_width(frame: Box) -> float:
    """Return about the room of an open group's title left of the lines that come in; these go under what is longer."""
    return TITLE_LETTER * min(len(f"{frame.title}  {frame.subtitle}"), TITLE_LETTERS) + 2 * HEIGHT


def head_width(frame: Box) -> float:
    """Return about the room of all that the upper border of an open group says."""
    said = f"{frame.title}  {frame.note}, {frame.odd}" if frame.odd else f"{frame.title}  {frame.note}"
    letters = len(said) + (min(len(frame.subtitle), TYPE_LETTERS) if frame.note else 0)
    return TITLE_LETTER * min(letters, HEAD_LETTERS) + 2 * HEIGHT


def bracket_width(title: str) -> float:
    """Return about the room of the bracket beside a group, and of its name."""
    return BRACKET + 1.15 * TITLE_LETTER * len(title)


def label_width(label: str) -> float:
    """Return about the room that a label takes beside its line, 0 where there is none."""
    return BESIDE + LETTER * len(label) if label else 0.0


def label_rect(at: Point, text: str) -> Rect:
    """Return the place of a label's text, given its left middle."""
    return Rect(at.x, at.y - HEIGHT / 2, LETTER * len(text), HEIGHT)


def _spot(label: str, route: Route, taken: Occupied, frame: Rect | None) -> Rect | None:
    width = LETTER * len(label)
    return next((spot for spot in _candidates(route, width) if _holds(frame, spot) and taken.is_free(spot)), None)


def _holds(frame: Rect | None, spot: Rect) -> bool:
    return frame is None or (
        frame.x + AIR < spot.x
        and spot.right < frame.right - AIR
        and frame.y + AIR < spot.y
        and spot.bottom < frame.bottom - AIR
    )


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

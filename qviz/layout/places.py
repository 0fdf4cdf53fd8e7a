"""The places of a view as its groups' own: groups of equal structure share theirs, and nothing is placed unasked.

Absolute places are made when something asks for them, so that the cost of a large view is that of what is seen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar, overload

from qviz.analysis.views.view import View
from qviz.layout.frame import Frame
from qviz.layout.place import Point, Rect, Route

T = TypeVar("T")


class Within(NamedTuple):
    """Numbers of ``view.boxes`` and of ``view.lines``."""

    boxes: list[int]
    lines: list[int]


class Stand(NamedTuple):
    """An open group, or the whole: its frame, where it stands, and what its items and edges are in the view.

    Attributes:
        frame: The shared places.
        origin: Its upper left corner on the screen.
        boxes: The number in the view of each item, negative where the view has it not; ports follow and have none.
        lines: The numbers in the view of the lines that run along each edge.
    """

    frame: Frame
    origin: Point
    boxes: tuple[int, ...]
    lines: tuple[tuple[int, ...], ...]


GroupStep = tuple[int, int]
"""An open group's number, -1 for the whole, and the number of something in it."""


class Places:
    """Where everything of a view is.

    Args:
        view: What is placed.
        stands: The open groups by their number in the view; the whole is -1.
        homes: The group of each box, and its item there.
        paths: The edges that each line is made of, from its source on; a line that runs through places where
            nothing stands has several such ways, one from gap to gap.
        labelled: The edge that bears each line's label, where one does.

    Attributes:
        boxes: The place of each box by id, open frames included.
        routes: The polyline of each of ``view.lines`` from border to border.
        labels: The left middle of the text of each one's label; None where there is none, or no room.
        bounds: What holds all of it.
    """

    def __init__(
        self,
        view: View,
        stands: Mapping[int, Stand],
        homes: Sequence[GroupStep],
        paths: Sequence[Sequence[Sequence[GroupStep]]],
        labelled: Mapping[int, GroupStep],
    ) -> None:
        self._stands, self._homes, self._paths, self._labelled = stands, homes, paths, labelled
        self._rects: dict[int, Rect] = {}
        self._routes: dict[int, Route] = {}
        self._spots: dict[int, Point | None] = {}
        self.bounds = stands[-1].frame.near.bounds
        self.boxes: Mapping[str, Rect] = _Boxes({box.id: at for at, box in enumerate(view.boxes)}, self.rect)
        self.routes: Sequence[Route] = _OfLines(len(view.lines), self.route)
        self.labels: Sequence[Point | None] = _OfLines(len(view.lines), self.label)

    def rect(self, number: int) -> Rect:
        """Return the place of a box by its number."""
        found = self._rects.get(number)
        if found is None:
            group, item = self._homes[number]
            stand = self._stands[group]
            x, y, width, height = stand.frame.rects[item]
            found = self._rects[number] = Rect(x + stand.origin.x, y + stand.origin.y, width, height)
        return found

    def route(self, number: int) -> Route:
        """Return the route of a line by its number."""
        found = self._routes.get(number)
        if found is None:
            points: list[Point] = []
            for way in self._paths[number]:
                further: list[Point] = []
                for group, edge in way:
                    stand = self._stands[group]
                    further += [_moved(point, stand.origin) for point in stand.frame.routes[edge]]
                points += [*_bend(points[-1], further[0]), *further] if points else further
            found = self._routes[number] = tuple(_straightened(points))
        return found

    def part(self, view: View, boxes: Sequence[int], lines: Sequence[Sequence[int]]) -> Places:
        """Return the same places for a view that has a part of these boxes and lines.

        Args:
            view: The part.
            boxes: The number here of each of its boxes.
            lines: The numbers here of the lines that each of its lines runs along, one after the other.
        """
        mine = {there: here for here, there in enumerate(boxes)}
        number = {-1: -1, **{there: mine.get(there, -2 - there) for there in range(len(self._homes))}}
        along: defaultdict[GroupStep, list[int]] = defaultdict(list)
        paths = []
        for here, ways in enumerate(lines):
            for step in (step for there in ways for way in self._paths[there] for step in way):
                along[step].append(here)
            paths.append([[(number[g], edge) for g, edge in way] for there in ways for way in self._paths[there]])
        stands = {
            number[group]: Stand(
                stand.frame,
                stand.origin,
                tuple(number[each] for each in stand.boxes),
                tuple(tuple(along.get((group, edge), ())) for edge in range(len(stand.lines))),
            )
            for group, stand in self._stands.items()
        }
        homes = [(number[self._homes[there][0]], self._homes[there][1]) for there in boxes]
        labelled = {}
        written: set[tuple[GroupStep, str]] = set()
        for here, ways in enumerate(lines):
            there = next((each for each in ways if each in self._labelled), None)
            if there is None or (self._labelled[there], view.lines[here].label) in written:
                continue  # lines that run together until they fork say the same once
            written.add((self._labelled[there], view.lines[here].label))
            group, edge = self._labelled[there]
            labelled[here] = (number[group], edge)
        return Places(view, stands, homes, paths, labelled)

    def label(self, number: int) -> Point | None:
        """Return the left middle of a line's label."""
        if number not in self._labelled:
            return None
        found = self._spots.get(number)
        if found is None:
            group, edge = self._labelled[number]
            stand = self._stands[group]
            at = stand.frame.labels[edge]
            found = self._spots[number] = None if at is None else _moved(at, stand.origin)
        return found

    def many(self) -> Iterator[Sequence[object]]:
        """Yield all that there is one of for each box, or line, or group, for whoever lets go of it slowly."""
        yield [*self._rects.values()]
        yield [*self._routes.values()]
        yield self._paths
        yield self._homes
        yield [*self._stands.values()]

    def within(self, area: Rect) -> Within:
        """Return what an area shows, in the order of the view."""
        boxes: list[int] = []
        lines: set[int] = set()
        for stand, found in self._walk(area):
            boxes += found
            for edge in stand.frame.near.edges(_from(area, stand)):
                lines.update(stand.lines[edge])
        return Within(sorted(boxes), sorted(lines))

    def boxes_within(self, area: Rect) -> list[int]:
        """Return the boxes that an area shows, in the order of the view."""
        return sorted(number for _, found in self._walk(area) for number in found)

    def groups(self, area: Rect) -> list[Stand]:
        """Return the open groups that an area shows, the outer ones first."""
        return [stand for stand, _ in self._walk(area)]

    def are_few(self, area: Rect, limit: int) -> bool:
        """Return whether an area shows at most so many boxes, without looking at more."""
        count = 0
        for _, found in self._walk(area):
            count += len(found)
            if count > limit:
                return False
        return True

    def _walk(self, area: Rect) -> Iterator[tuple[Stand, list[int]]]:
        """Yield the open groups that an area shows, with the boxes right inside that it shows."""
        level = [self._stands[-1]]
        while level:
            below: list[Stand] = []
            for stand in level:
                count = len(stand.boxes)
                found = [stand.boxes[item] for item in stand.frame.near.items(_from(area, stand)) if item < count]
                yield stand, [number for number in found if number >= 0]
                below += [self._stands[number] for number in found if number in self._stands]
            level = below

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Places) and self._plain() == other._plain()

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return f"Places{self._plain()}"

    def _plain(self) -> tuple[object, ...]:
        return dict(self.boxes), tuple(self.routes), tuple(self.labels), self.bounds


class _Boxes(Mapping[str, Rect]):
    """The places of boxes by id, made when asked for."""

    def __init__(self, numbers: Mapping[str, int], rect: Callable[[int], Rect]) -> None:
        self._numbers, self._rect = numbers, rect

    def __getitem__(self, box_id: str) -> Rect:
        return self._rect(self._numbers[box_id])

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)


class _OfLines(Sequence[T]):
    """Something of every line, made when asked for."""

    def __init__(self, count: int, make: Callable[[int], T]) -> None:
        self._count, self._make = count, make

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        if isinstance(index, slice):
            return [self._make(each) for each in range(*index.indices(self._count))]
        return self._make(range(self._count)[index])

    def __len__(self) -> int:
        return self._count


def _bend(one: Point, other: Point) -> list[Point]:
    """Return the way through a gap: straight, or from side to side in its middle."""
    if abs(one.x - other.x) < 0.01 or abs(one.y - other.y) < 0.01:
        return []
    middle = (one.y + other.y) / 2
    return [Point(one.x, middle), Point(other.x, middle)]


def _from(area: Rect, stand: Stand) -> Rect:
    """Return an area in the coordinates of a group."""
    return Rect(area.x - stand.origin.x, area.y - stand.origin.y, area.width, area.height)


def _moved(point: Point, by: Point) -> Point:
    return Point(point.x + by.x, point.y + by.y)


def _straightened(points: list[Point]) -> list[Point]:
    """Return a polyline without the points that lie on a straight run."""
    kept: list[Point] = []
    for point in (Point(round(each.x, 2), round(each.y, 2)) for each in points):
        if kept and point == kept[-1]:
            continue
        if len(kept) > 1 and _is_straight(kept[-2], kept[-1], point):
            kept.pop()
        kept.append(point)
    return kept if len(kept) > 1 else kept * 2


def _is_straight(one: Point, middle: Point, other: Point) -> bool:
    return one.x == middle.x == other.x or one.y == middle.y == other.y

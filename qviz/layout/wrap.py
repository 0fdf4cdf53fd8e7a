"""Breaks a tall layout into columns, between groups where it can, and joins the lines that it cuts.

Nothing is placed anew: what stands between two cuts is moved as it is, so a column looks like that part of the whole.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from math import inf
from typing import NamedTuple

from msgspec import structs

from qviz.analysis.views.view import Box, Line, View
from qviz.layout.frame import Frame
from qviz.layout.labels import label_rect
from qviz.layout.near import hull
from qviz.layout.place import Point, Rect, Route
from qviz.layout.places import Places, Stand
from qviz.layout.spacing import ROOMY

HEAD, PAD = 34.0, 14.0
"""Inside the frame of a group that goes on: above for its title, and below."""
GAP = 40.0
"""Between columns, beside the lanes of the joins."""
LANE = 8.0
"""From join to join."""
REACH = 0.4
"""How far from an even share a column may end, as a part of it."""
INSIDE = 0.3
"""What it costs to cut through an open group, as a part of a column's height for each group around."""
AIR = 6.0
"""A cut stays so far from boxes, where there is room."""


class Join(NamedTuple):
    """Where a line goes on in the next column; `line` is the number of the piece that ends there."""

    line: int
    route: Route


class ColumnSpan(NamedTuple):
    """One of the columns of a layout.

    Attributes:
        begin: The height from which on it holds what the whole does.
        end: The height to which it does.
        shift: From the places of the whole to those in the column.
        left: Its left end.
        right: Its right end.
    """

    begin: float
    end: float
    shift: Point
    left: float
    right: float


class InColumns(NamedTuple):
    """A layout in columns.

    Attributes:
        view: Its lines are those of the whole, cut into pieces; a group that is cut has a frame in each column.
        places: Where everything is.
        joins: What ties the pieces of lines together.
        bounds: What holds all of it.
        columns: Those of a layout that was broken; none where it stands as it was.
    """

    view: View
    places: Places
    joins: tuple[Join, ...]
    bounds: Rect
    columns: tuple[ColumnSpan, ...] = ()


class _Crossing(NamedTuple):
    """Where a line meets a cut, in the places of the whole."""

    cut: int
    x: float


class _LinePiece(NamedTuple):
    """A part of a line that is in one column; `ends_at` is the cut where it goes on, None at the line's end."""

    number: int
    column: int
    route: Route
    ends_at: _Crossing | None


def wrap(view: View, places: Places, columns: int) -> InColumns:
    """Return a layout in at most so many columns; fewer where there is nowhere to cut."""
    return wrap_together([(view, places)], columns)[0]


def wrap_together(layouts: Sequence[tuple[View, Places]], columns: int) -> list[InColumns]:
    """Return layouts that share an axis in columns that end at the same height, and still share it in each."""
    cuts = _cuts(layouts, columns)
    if not cuts:
        return [InColumns(view, places, (), places.bounds) for view, places in layouts]
    made = [_ColumnBreak(view, places, cuts) for view, places in layouts]
    tops = [min(each.hulls[column].y for each in made) for column in range(len(cuts) + 1)]
    lanes = max(len(crossings) for each in made for crossings in each.crossings)
    for each in made:
        each.tops, each.lanes = tops, lanes
    return [each.wrapped() for each in made]


def _cuts(layouts: Sequence[tuple[View, Places]], columns: int) -> list[float]:
    """Return the heights at which columns end: each near an even share of what is left, outside groups if possible."""
    rects = [(box, places.boxes[box.id]) for view, places in layouts for box in view.boxes]
    frames = [rect for box, rect in rects if box.is_open and not box.is_bracket]
    gaps = list(_gaps([rect for box, rect in rects if not box.is_open]))
    here, bottom = min(places.bounds.y for _, places in layouts), max(places.bounds.bottom for _, places in layouts)
    found: list[float] = []
    for left in range(columns, 1, -1):
        share = (bottom - here) / left
        near = [gap for gap in gaps if abs((gap[0] + gap[1]) / 2 - here - share) <= REACH * share]
        spots = [_spot(gap, frames) for gap in near]
        if not spots:
            continue
        here = min(spots, key=lambda spot: (abs(spot[1] - here - share) / share + INSIDE * spot[0], spot[1]))[1]
        found.append(here)
    return found


def _gaps(leaves: Sequence[Rect]) -> Iterator[tuple[float, float]]:
    """Yield the heights at which no box stands, from and to."""
    reach = None
    for rect in sorted(leaves, key=lambda each: each.y):
        if reach is not None and rect.y > reach:
            yield reach, rect.y
        reach = rect.bottom if reach is None else max(reach, rect.bottom)


def _spot(gap: tuple[float, float], frames: Sequence[Rect]) -> tuple[int, float]:
    """Return where to cut in a gap: in how many groups, and at which height."""
    low, high = gap
    if high - low > 3 * AIR:
        low, high = low + AIR, high - AIR
    borders = {low, high}
    for frame in frames:
        borders |= {each for each in (frame.y, frame.bottom) if low < each < high}

    def rank(between: tuple[float, float]) -> tuple[int, float, float]:
        middle = (between[0] + between[1]) / 2
        return sum(frame.y < middle < frame.bottom for frame in frames), between[0] - between[1], middle

    depth, _, middle = min(rank(each) for each in pairwise(sorted(borders)))
    return depth, middle


class _ColumnBreak:
    def __init__(self, view: View, places: Places, cuts: Sequence[float]) -> None:
        self.view, self.places, self.cuts = view, places, cuts
        self.parents = {box.id: box.parent for box in view.boxes if box.is_open}
        self.framed = {box.id for box in view.boxes if box.is_open and not box.is_bracket}
        self.spans = {each: self._span(places.boxes[each]) for each in self.parents}
        self.tops: list[float] = []
        self.lanes = 0
        self.pieces = [piece for number in range(len(view.lines)) for piece in self._pieces(number)]
        self.crossings: list[list[_Crossing]] = [[] for _ in cuts]
        for crossing in dict.fromkeys(piece.ends_at for piece in self.pieces):
            if crossing is not None:
                self.crossings[crossing.cut].append(crossing)
        for each in self.crossings:
            each.sort(key=lambda crossing: -crossing.x)

    def wrapped(self) -> InColumns:
        boxes, rects = zip(*self._boxes(), strict=True)
        lines, labels, routes = [], [], []
        for piece, label in zip(self.pieces, self._labels(), strict=True):
            whole = self.view.lines[piece.number]
            lines.append(Line(whole.from_box, whole.to_box, "" if label is None else whole.label, whole.pairs))
            routes.append(tuple(self._moved(point, piece.column) for point in piece.route))
            labels.append(None if label is None else self._moved(label, piece.column))
        view = View(tuple(boxes), tuple(lines), self.view.box_of)
        texts = [None if at is None else label_rect(at, line.label) for at, line in zip(labels, lines, strict=True)]
        frame = Frame.placed(rects, routes, labels, texts)
        joins = tuple(self._joins())
        ends = [Rect(point.x, point.y, 0.0, 0.0) for join in joins for point in join.route]
        return InColumns(view, _flat(view, frame), joins, hull([frame.near.bounds, *ends]), tuple(self._columns()))

    def _columns(self) -> Iterator[ColumnSpan]:
        edges = [-inf, *self.cuts, inf]
        for column, (begin, end) in enumerate(pairwise(edges)):
            held, corner = self.hulls[column], self.corners[column]
            shift = Point(corner.x - held.x, corner.y - self.tops[column])
            yield ColumnSpan(begin, end, shift, corner.x, corner.x + held.width)

    def _column(self, y: float) -> int:
        return bisect_left(self.cuts, y)

    def _span(self, frame: Rect) -> range:
        """Return the columns in which a group is."""
        return range(self._column(frame.y), self._column(frame.bottom) + 1)

    def _level(self, box_id: str, cut: int) -> int:
        """Return in how many groups that are cut there a group is."""
        count, parent = 0, self.parents.get(box_id)
        while parent is not None:
            count += parent in self.framed and cut in self.spans[parent] and cut + 1 in self.spans[parent]
            parent = self.parents.get(parent)
        return count

    @cached_property
    def levels(self) -> list[int]:
        """How many groups are cut one in the other, by cut."""
        found = [0] * len(self.cuts)
        for box_id in sorted(self.framed):
            for cut in self.spans[box_id][:-1]:
                found[cut] = max(found[cut], self._level(box_id, cut) + 1)
        return found

    def _boxes(self) -> Iterator[tuple[Box, Rect]]:
        """Yield the boxes, and the pieces of groups, with their places."""
        for box, column, rect in self._sources():
            corner = self._moved(Point(rect.x, rect.y), column)
            yield box, Rect(corner.x, corner.y, rect.width, rect.height)

    def _sources(self) -> Iterator[tuple[Box, int, Rect]]:
        """Yield the boxes and the pieces of groups with their column and place in the whole."""
        for box in self.view.boxes:
            rect = self.places.boxes[box.id]
            if not box.is_open:
                yield box, self._column(rect.y + rect.height / 2), rect
                continue
            span = self.spans[box.id]
            for column in span:
                top, bottom = rect.y, rect.bottom
                if column != span[0]:
                    top = self.cuts[column - 1] - ROOMY.head * (
                        self.levels[column - 1] - self._level(box.id, column - 1)
                    )
                if column != span[-1]:
                    bottom = self.cuts[column] + ROOMY.pad * (self.levels[column] - self._level(box.id, column))
                piece = box if column == span[0] else structs.replace(box, id=f"{box.id}|{column}")
                yield piece, column, Rect(rect.x, top, rect.width, bottom - top)

    def _pieces(self, number: int) -> Iterator[_LinePiece]:
        """Yield the parts of a line in its order."""
        route = self.places.routes[number]
        here = [route[0]]
        column = self._column(route[0].y)
        for one, other in pairwise(route):
            target = self._column(other.y)
            while column != target:
                cut = column if target > column else column - 1
                height = self.cuts[cut]
                share = (height - one.y) / (other.y - one.y)
                at = Point(round(one.x + share * (other.x - one.x), 2), height)
                yield _LinePiece(number, column, (*here, at), _Crossing(cut, at.x))
                here, column = [at], column + (1 if target > column else -1)
            here.append(other)
        yield _LinePiece(number, column, tuple(here), None)

    def _labels(self) -> Iterator[Point | None]:
        """Yield for each piece the label that stands beside it, in the places of the whole."""
        written: set[int] = set()
        for piece in self.pieces:
            at = self.places.labels[piece.number]
            is_here = at is not None and piece.number not in written and self._column(at.y) == piece.column
            if is_here:
                written.add(piece.number)
            yield at if is_here else None

    @cached_property
    def hulls(self) -> list[Rect]:
        """What each column holds, in the places of the whole."""
        held: defaultdict[int, list[Rect]] = defaultdict(list)
        for _, column, rect in self._sources():
            held[column].append(rect)
        for piece, label in zip(self.pieces, self._labels(), strict=True):
            held[piece.column] += [Rect(point.x, point.y, 0.0, 0.0) for point in piece.route]
            if label is not None:
                held[piece.column].append(label_rect(label, self.view.lines[piece.number].label))
        edges = [self.places.bounds.y, *self.cuts]
        nothing = [[Rect(self.places.bounds.x, edge, 0.0, 0.0)] for edge in edges]
        return [hull(held[column] or nothing[column]) for column in range(len(edges))]

    @cached_property
    def corners(self) -> list[Point]:
        """The upper left corner of each column."""
        top, x, found = LANE * (self.lanes + 1), 0.0, []
        for column, held in enumerate(self.hulls):
            found.append(Point(round(x), top))
            lanes = len(self.crossings[column]) if column < len(self.crossings) else 0
            x = round(x) + held.width + GAP + LANE * lanes
        return found

    def _moved(self, point: Point, column: int) -> Point:
        """Return where a place of the whole is in its column."""
        held, corner = self.hulls[column], self.corners[column]
        return Point(round(point.x - held.x + corner.x, 2), round(point.y - self.tops[column] + corner.y, 2))

    def _joins(self) -> Iterator[Join]:
        """Yield the ways from column to column; none crosses another, for the last to leave is the first to arrive."""
        ending: dict[_Crossing, int] = {}
        for number, piece in enumerate(self.pieces):
            if piece.ends_at is not None:
                ending.setdefault(piece.ends_at, number)
        for cut, crossings in enumerate(self.crossings):
            held, corner, following = self.hulls[cut], self.corners[cut], self.corners[cut + 1]
            bottom, right = corner.y + held.bottom - self.tops[cut], corner.x + held.width
            for lane, crossing in enumerate(crossings):
                leaves = self._moved(Point(crossing.x, self.cuts[cut]), cut)
                enters = self._moved(Point(crossing.x, self.cuts[cut]), cut + 1)
                below, beside = bottom + LANE * (lane + 1), right + GAP / 2 + LANE * lane
                above = following.y - LANE * (len(crossings) - lane)
                corners = ((leaves.x, below), (beside, below), (beside, above), (enters.x, above))
                yield Join(ending[crossing], (leaves, *(Point(*each) for each in corners), enters))


def _flat(view: View, frame: Frame) -> Places:
    """Return the places of a view that stand in one frame, whatever groups there are."""
    lines = range(len(view.lines))
    return Places(
        view,
        {-1: Stand(frame, Point(0.0, 0.0), tuple(range(len(view.boxes))), tuple((each,) for each in lines))},
        [(-1, number) for number in range(len(view.boxes))],
        [[[(-1, number)]] for number in lines],
        {number: (-1, number) for number in lines if frame.labels[number] is not None},
    )

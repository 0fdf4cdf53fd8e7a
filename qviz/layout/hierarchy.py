"""Places a view with open groups: each group by itself, then as one box in the group around it.

A line that crosses frames is cut at their borders; each frame gives it a port where it comes in
or goes out, and the pieces meet there. Lines of one value share their ports.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from qviz.analysis.view import Box, View
from qviz.document.graph import Kind
from qviz.layout.frame import Frame, Item, trim
from qviz.layout.labels import bounds_of, label_width, place_labels, title_width
from qviz.layout.level import Level, LevelEdge, LevelNode, PlacedLevel
from qviz.layout.place import Direction, Places, Point, Rect, Size

PORT = 0.01
SPINE_WEIGHT = 8.0


class Piece(NamedTuple):
    """The part of a line inside one frame."""

    source: Item
    target: Item
    value: str


def compose(
    view: View, sizes: Mapping[str, Size], direction: Direction, place_level: Callable[[Level], PlacedLevel]
) -> Places:
    """Return the places of a view, made of its groups' own."""
    return _Composition(view, sizes, direction, place_level).places()


class _Composition:
    def __init__(
        self,
        view: View,
        sizes: Mapping[str, Size],
        direction: Direction,
        place_level: Callable[[Level], PlacedLevel],
    ) -> None:
        self.view = view
        self.turned = direction == "right"
        self.sizes = {box_id: self._turn_size(size) for box_id, size in sizes.items()}
        self.place_level = place_level
        self.kinds = {box.id: box.kind for box in view.boxes}
        self.stubs = {box.id for box in view.boxes if box.stub_of}
        self.parents = {box.id: box.parent for box in view.boxes}
        self.children: defaultdict[str | None, list[Box]] = defaultdict(list)
        for box in view.boxes:
            self.children[box.parent].append(box)
        self.pieces: defaultdict[str | None, dict[Piece, int]] = defaultdict(dict)
        self.beside: dict[str, float] = {line.from_box: label_width(line.label) for line in view.lines}
        self.paths = [tuple(self._cut(line.from_box, line.to_box)) for line in view.lines]
        self.frames: dict[str | None, Frame] = {}

    def places(self) -> Places:
        for box in reversed(self.view.boxes):
            if box.is_open:
                self.frames[box.id] = self._frame(box)
        self.frames[None] = self._frame(None)
        origins = self._origins()
        boxes = {box.id: self._rect(box, origins) for box in self.view.boxes}
        routes = tuple(self._route(path, origins) for path in self.paths)
        labels = place_labels(self.view, boxes, routes)
        return Places(boxes=boxes, routes=routes, labels=labels, bounds=bounds_of(self.view, boxes, routes, labels))

    def _turn_size(self, size: Size) -> Size:
        return Size(size.height, size.width) if self.turned else size

    def _cut(self, source: str, target: str) -> Iterator[tuple[str | None, int]]:
        """Yield the frames that a line passes with the index of its piece there."""
        around_source, around_target = list(self._around(source)), list(self._around(target))
        shared = set(around_target)
        here: Item = source
        below = 0
        while around_source[below] not in shared:
            frame = around_source[below]
            yield frame, self._piece(frame, Piece(here, ("out", source), source))
            here, below = frame or "", below + 1
        meeting = around_source[below]
        inward = around_target[: around_target.index(meeting)][::-1]
        for frame, inner in zip([meeting, *inward], [*inward, target], strict=True):
            yield frame, self._piece(frame, Piece(here, inner or "", source))
            here = ("in", source)

    def _around(self, box_id: str) -> Iterator[str | None]:
        frame = self.parents[box_id]
        while frame is not None:
            yield frame
            frame = self.parents[frame]
        yield None

    def _piece(self, frame: str | None, piece: Piece) -> int:
        return self.pieces[frame].setdefault(piece, len(self.pieces[frame]))

    def _frame(self, box: Box | None) -> Frame:
        frame_id = box.id if box else None
        pieces = self.pieces[frame_id]
        ports = dict.fromkeys(end for piece in pieces for end in piece[:2] if isinstance(end, tuple))
        items: list[Item] = [*(child.id for child in self.children[frame_id]), *ports]
        index = {item: place for place, item in enumerate(items)}
        level = Level(
            tuple(self._node(item) for item in items),
            tuple(
                self._edge(piece, index, weight) for piece, weight in zip(pieces, self._weights(pieces), strict=True)
            ),
        )
        placed = self.place_level(level)
        return trim(level, items, placed, title_width(box) if box else None, self.turned)

    def _weights(self, pieces: Iterable[Piece]) -> list[float]:
        """Return a weight per piece: what comes from the model's input is the spine, weights and stubs stand beside."""
        flowing = {item for piece in pieces for item in piece[:2] if self._is_entry(item)}
        users: defaultdict[Item, list[Item]] = defaultdict(list)
        for piece in pieces:
            users[piece.source].append(piece.target)
        waiting = list(flowing)
        while waiting:
            for user in users[waiting.pop()]:
                if user not in flowing:
                    flowing.add(user)
                    waiting.append(user)
        return [(SPINE_WEIGHT if piece.source in flowing else 1.0) * self._pull(piece) for piece in pieces]

    def _pull(self, piece: Piece) -> float:
        """Return how much an inserted node hugs what it serves: a dequantize its reader, the others what they read."""
        reads = isinstance(piece.target, str) and self.kinds[piece.target] in (
            Kind.QUANTIZE,
            Kind.OBSERVER,
            Kind.FAKE_QUANT,
        )
        serves = isinstance(piece.source, str) and self.kinds[piece.source] is Kind.DEQUANTIZE
        return 2.0 if reads or serves else 1.0

    def _is_entry(self, item: Item) -> bool:
        if isinstance(item, tuple):
            return item[0] == "in" and item[1] not in self.stubs
        return item not in self.stubs and self.kinds[item] is Kind.INPUT

    def _node(self, item: Item) -> LevelNode:
        if isinstance(item, tuple):
            return LevelNode(PORT, PORT, PORT / 2, "first" if item[0] == "in" else "last")
        frame = self.frames.get(item)
        size = frame.size if frame else self.sizes[item]
        return LevelNode(size.width, size.height, frame.spine if frame else size.width / 2)

    def _edge(self, piece: Piece, index: Mapping[Item, int], weight: float) -> LevelEdge:
        source, target, value = piece
        leaves = self.frames[source].ports["out", value] if source in self.frames else None
        enters = self.frames[target].ports["in", value] if target in self.frames else None
        return LevelEdge(index[source], index[target], leaves, enters, self.beside[value], weight)

    def _origins(self) -> dict[str | None, Point]:
        origins: dict[str | None, Point] = {None: Point(0.0, 0.0)}
        for box in self.view.boxes:
            if box.is_open:
                origins[box.id] = _add(origins[box.parent], self.frames[box.parent].items[box.id])
        return origins

    def _rect(self, box: Box, origins: Mapping[str | None, Point]) -> Rect:
        corner = _add(origins[box.parent], self.frames[box.parent].items[box.id])
        size = self.frames[box.id].size if box.is_open else self.sizes[box.id]
        if self.turned:
            return Rect(corner.y, corner.x, size.height, size.width)
        return Rect(*corner, *size)

    def _route(
        self, path: tuple[tuple[str | None, int], ...], origins: Mapping[str | None, Point]
    ) -> tuple[Point, ...]:
        points: list[Point] = []
        for frame, index in path:
            points += [_add(origins[frame], point) for point in self.frames[frame].routes[index]]
        route = _straighten(points)
        return tuple(Point(point.y, point.x) for point in route) if self.turned else tuple(route)


def _add(one: Point, other: Point) -> Point:
    return Point(one.x + other.x, one.y + other.y)


def _straighten(points: list[Point]) -> list[Point]:
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

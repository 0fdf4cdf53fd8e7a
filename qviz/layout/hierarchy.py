"""Places a view with open groups: each group by itself, then as one box in the group around it.

A line that crosses frames is cut at their borders; each frame gives it a port where it comes in
or goes out, and the pieces meet there. Lines of one value share their ports.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import NamedTuple, TypeAlias

from qviz.analysis.views.view import View
from qviz.document.graph import WATCHING, Kind
from qviz.layout.frame import Frame, Outline, framed
from qviz.layout.labels import Wish, bracket_width, head_width, label_width, title_width
from qviz.layout.level import GroupLevel, LevelEdge, LevelNode, PlaceLevel
from qviz.layout.place import Direction, Point, Size
from qviz.layout.places import GroupStep, Places, Stand
from qviz.layout.spacing import ROOMY, Spacing

PORT = 0.01
SPINE_WEIGHT = 8.0
SEAM_SPINE = 8.0
"""From the left edge of a seam to its line."""
WHOLE = -1

_READING = WATCHING | {Kind.QUANTIZE}

Port: TypeAlias = "tuple[bool, int]"
"""Whether lines come in there, and the number of the box whose value it is."""
Item: TypeAlias = "int | Port"
"""The number of a box in the view, or a port of the frame around."""


Piece: TypeAlias = "tuple[Item, Item, int]"
"""The part of a line inside one frame: from what, to what, and the number of the box that the line comes from."""
_EdgeEnds: TypeAlias = "tuple[int, int, float | None, float | None, float]"
"""All of an edge but its weight."""


class _Outer(NamedTuple):
    """Of an outline, what does not depend on what is inside."""

    title: float | None
    gutter: float
    head: float
    pad: float
    least: float


def compose(
    view: View,
    sizes: Mapping[str, Size],
    direction: Direction,
    place_level: PlaceLevel,
    spacing: Spacing = ROOMY,
) -> Places:
    """Return the places of a view, made of its groups' own."""
    return _Composition(view, sizes, direction, place_level, spacing).places()


class _Composition:
    def __init__(
        self,
        view: View,
        sizes: Mapping[str, Size],
        direction: Direction,
        place_level: PlaceLevel,
        spacing: Spacing,
    ) -> None:
        self.view, self.spacing = view, spacing
        self.is_turned = direction == "right"
        self.place_level = place_level
        number = {box.id: at for at, box in enumerate(view.boxes)}
        self.sizes = [None if box.is_open else sizes[box.id] for box in view.boxes]
        self.parents = [WHOLE if box.parent is None else number[box.parent] for box in view.boxes]
        self.children: defaultdict[int, list[int]] = defaultdict(list)
        for at, parent in enumerate(self.parents):
            self.children[parent].append(at)
        self.pieces: defaultdict[int, dict[Piece, int]] = defaultdict(dict)
        self.lines: defaultdict[int, list[list[int]]] = defaultdict(list)
        self.ends = [(number[line.from_box], number[line.to_box]) for line in view.lines]
        self.label = [line.label if spacing.has_labels else "" for line in view.lines]
        self.beside = {source: label_width(label) for (source, _), label in zip(self.ends, self.label, strict=True)}
        # What `_pull` and `_is_entry` ask of boxes, for every line of a large graph.
        kinds = [box.kind if box.stub_of is None else None for box in view.boxes]
        self.reads = [box.kind in _READING for box in view.boxes]
        self.serves = [box.kind is Kind.DEQUANTIZE for box in view.boxes]
        self.enters = [kind is Kind.INPUT for kind in kinds]
        self.seams = [box.is_seam and not self.is_turned for box in view.boxes]
        self.ports_of: defaultdict[int, dict[Port, None]] = defaultdict(dict)
        self.paths = [self._path(at, *ends) for at, ends in enumerate(self.ends)]
        self.frames: dict[int, Frame] = {}
        self.ports: dict[Item, dict[Port, float]] = {}
        self.labelled: dict[int, GroupStep] = {}
        self.written: set[tuple[int, str]] = set()
        self.looks = self._numbered_looks()
        self.known: dict[Hashable, Frame] = {}

    def places(self) -> Places:
        opened = [at for at, box in enumerate(self.view.boxes) if box.is_open]
        for group in (*reversed(opened), WHOLE):
            self._frame(group)
        stands: dict[int, Stand] = {WHOLE: self._stand(WHOLE, Point(0.0, 0.0))}
        homes: list[GroupStep] = [(WHOLE, 0)] * len(self.view.boxes)
        for group in (WHOLE, *opened):
            if group != WHOLE:
                around, item = homes[group]
                corner, origin = stands[around].frame.rects[item], stands[around].origin
                stands[group] = self._stand(group, Point(origin.x + corner.x, origin.y + corner.y))
            for item, at in enumerate(self.children[group]):
                homes[at] = (group, item)
        return Places(self.view, stands, homes, [(path,) for path in self.paths], self.labelled)

    def _stand(self, group: int, origin: Point) -> Stand:
        return Stand(self.frames[group], origin, tuple(self.children[group]), tuple(map(tuple, self.lines[group])))

    def _numbered_looks(self) -> list[Hashable]:
        """Return for each box a number that stands for all that its group's layout asks of it; a frame follows."""
        numbers: dict[Hashable, int] = {}
        looks = zip(self.sizes, self.reads, self.serves, self.enters, self.seams, strict=True)
        return [numbers.setdefault(each, len(numbers)) for each in looks]

    def _path(self, line: int, source: int, target: int) -> tuple[GroupStep, ...]:
        """Return the frames that a line passes with the number of its piece there."""
        frame = self.parents[source]
        if frame == self.parents[target]:  # most lines
            return ((frame, self._piece(line, frame, (source, target, source))),)
        return tuple(self._cut(line, source, target))

    def _cut(self, line: int, source: int, target: int) -> Iterator[GroupStep]:
        around_source, around_target = list(self._around(source)), list(self._around(target))
        shared = set(around_target)
        here: Item = source
        below = 0
        while around_source[below] not in shared:
            frame = around_source[below]
            yield frame, self._piece(line, frame, (here, (False, source), source))
            here, below = frame, below + 1
        meeting = around_source[below]
        inward = around_target[: around_target.index(meeting)][::-1]
        for frame, inner in zip([meeting, *inward], [*inward, target], strict=True):
            yield frame, self._piece(line, frame, (here, inner, source))
            here = (True, source)

    def _around(self, box: int) -> Iterator[int]:
        while box != WHOLE:
            box = self.parents[box]
            yield box

    def _piece(self, line: int, frame: int, piece: Piece) -> int:
        pieces, lines = self.pieces[frame], self.lines[frame]
        found = pieces.setdefault(piece, len(pieces))
        if found == len(lines):
            lines.append([line])
            for end in piece[:2]:
                if isinstance(end, tuple):
                    self.ports_of[frame][end] = None
        else:
            lines[found].append(line)
        return found

    def _frame(self, group: int) -> None:
        """Place a group whose inner groups are placed, and note which lines got their labels there.

        Groups that look alike have one frame: what their layout asks is compared before anything is made for it.
        """
        children, ports = self.children[group], self.ports_of[group]
        index: dict[Item, int] = dict(zip((*children, *ports), count(), strict=False))
        pieces = [self._measured(piece, index) for piece in self.pieces[group]]
        wishes, outer = tuple(self._wishes(group)), self._outer(group)
        flows = [(is_in, is_in and self._is_entry((is_in, value))) for is_in, value in ports]
        look = (*map(self.looks.__getitem__, children),), (*flows,), (*pieces,), wishes, outer
        frame = self.known.get(look)
        if frame is None:
            frame = self.known[look] = self._framed(
                group, index, pieces, Outline(outer.title, self.is_turned, wishes, *outer[1:])
            )
        self.frames[group] = frame
        if group != WHOLE:
            self.looks[group] = frame
        self.ports[group] = {port: frame.ports[at] for at, port in enumerate(ports, len(children))}
        for edge, at in enumerate(frame.labels):
            if at is not None:
                line = self._first(self.lines[group][edge])
                self.labelled[line] = (group, edge)
                self.written.add((self.ends[line][0], self.label[line]))

    def _outer(self, group: int) -> _Outer:
        """Return what is asked of a group's border."""
        spacing = self.spacing
        if group == WHOLE:
            return _Outer(None, 0.0, spacing.head, spacing.pad, 0.0)
        box = self.view.boxes[group]
        if box.is_bracket:
            return _Outer(None, bracket_width(box.title), spacing.head, spacing.pad, 0.0)
        return _Outer(title_width(box), 0.0, spacing.head, spacing.pad, head_width(box))

    def _framed(self, group: int, index: Mapping[Item, int], pieces: Sequence[_EdgeEnds], outline: Outline) -> Frame:
        weights = self._weights(self.pieces[group])
        edges = (LevelEdge(*each, weight) for each, weight in zip(pieces, weights, strict=True))
        return framed(self.place_level, GroupLevel(tuple(map(self._node, index)), tuple(edges)), outline)

    def _first(self, lines: list[int]) -> int:
        """Return the line whose label an edge bears: the first that has one."""
        first = lines[0]
        if len(lines) == 1 or self.label[first]:  # most
            return first
        return next((line for line in lines if self.label[line]), first)

    def _wishes(self, group: int) -> Iterator[Wish | None]:
        """Yield the label that each edge is to bear; what comes in from outside is labelled where it comes from."""
        numbers: dict[tuple[int, str], int] = {}
        for piece, lines in zip(self.pieces[group], self.lines[group], strict=True):
            source, _, start = piece
            value = (start, self.label[self._first(lines)])
            if not value[1] or value in self.written or (isinstance(source, tuple) and source[0]):
                yield None
            else:
                yield Wish(numbers.setdefault(value, len(numbers)), value[1])

    def _weights(self, pieces: Iterable[Piece]) -> list[float]:
        """Return a weight per piece: the spine is what the input reaches; weights and stubs are beside it."""
        users: defaultdict[Item, list[Item]] = defaultdict(list)
        for source, target, _ in pieces:
            users[source].append(target)
        ends = {*users, *(target for _, target, _ in pieces)}
        flowing = {item for item in ends if self._is_entry(item)}
        waiting = list(flowing)
        while waiting:
            for user in users[waiting.pop()]:
                if user not in flowing:
                    flowing.add(user)
                    waiting.append(user)
        return [(SPINE_WEIGHT if piece[0] in flowing else 1.0) * self._pull(piece) for piece in pieces]

    def _pull(self, piece: Piece) -> float:
        """Return how much an inserted node hugs what it serves: a dequantize its reader, the others what they read."""
        source, target, _ = piece
        reads = isinstance(target, int) and self.reads[target]
        return 2.0 if reads or (isinstance(source, int) and self.serves[source]) else 1.0

    def _is_entry(self, item: Item) -> bool:
        if isinstance(item, tuple):
            return item[0] and self.view.boxes[item[1]].stub_of is None
        return self.enters[item]

    def _node(self, item: Item) -> LevelNode:
        if isinstance(item, tuple):
            return LevelNode(PORT, PORT, PORT / 2, "first" if item[0] else "last")
        frame = self.frames.get(item)
        if frame is not None:
            return LevelNode(*frame.size, frame.spine)
        size = self.sizes[item]
        assert size is not None
        width, height = (size.height, size.width) if self.is_turned else size
        # What a seam says stands at the right of its line.
        return LevelNode(width, height, SEAM_SPINE if self.seams[item] else width / 2)

    def _measured(self, piece: Piece, index: Mapping[Item, int]) -> _EdgeEnds:
        """Return the edge of a piece, but for its weight."""
        source, target, value = piece
        leaving, entering = self.ports.get(source), self.ports.get(target)  # of an open group
        leaves = None if leaving is None else leaving[False, value]
        enters = None if entering is None else entering[True, value]
        return index[source], index[target], leaves, enters, self.beside[value]

"""Places a view with open groups: each group by itself, then as one box in the group around it.

A line that crosses frames is cut at their borders; each frame gives it a port where it comes in
or goes out, and the pieces meet there. Lines of one value share their ports.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
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


class Piece(NamedTuple):
    """The part of a line inside one frame; `value` is the number of the box that the line comes from."""

    source: Item
    target: Item
    value: int


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
        self.paths = [tuple(self._cut(at, *ends)) for at, ends in enumerate(self.ends)]
        self.frames: dict[int, Frame] = {}
        self.ports: dict[int, dict[Port, float]] = {}
        self.labelled: dict[int, GroupStep] = {}
        self.written: set[tuple[int, str]] = set()

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

    def _cut(self, line: int, source: int, target: int) -> Iterator[GroupStep]:
        """Yield the frames that a line passes with the number of its piece there."""
        frame = self.parents[source]
        if frame == self.parents[target]:  # most lines
            yield frame, self._piece(line, frame, Piece(source, target, source))
            return
        around_source, around_target = list(self._around(source)), list(self._around(target))
        shared = set(around_target)
        here: Item = source
        below = 0
        while around_source[below] not in shared:
            frame = around_source[below]
            yield frame, self._piece(line, frame, Piece(here, (False, source), source))
            here, below = frame, below + 1
        meeting = around_source[below]
        inward = around_target[: around_target.index(meeting)][::-1]
        for frame, inner in zip([meeting, *inward], [*inward, target], strict=True):
            yield frame, self._piece(line, frame, Piece(here, inner, source))
            here = (True, source)

    def _around(self, box: int) -> Iterator[int]:
        while box != WHOLE:
            box = self.parents[box]
            yield box

    def _piece(self, line: int, frame: int, piece: Piece) -> int:
        pieces, lines = self.pieces[frame], self.lines[frame]
        found = pieces.setdefault(piece, len(pieces))
        if found == len(lines):
            lines.append([])
        lines[found].append(line)
        return found

    def _frame(self, group: int) -> None:
        """Place a group whose inner groups are placed, and note which lines got their labels there."""
        pieces = self.pieces[group]
        ports = dict.fromkeys(end for piece in pieces for end in piece[:2] if isinstance(end, tuple))
        items: list[Item] = [*self.children[group], *ports]
        index = {item: place for place, item in enumerate(items)}
        weights = self._weights(pieces)
        level = GroupLevel(
            tuple(self._node(item) for item in items),
            tuple(self._edge(piece, index, weight) for piece, weight in zip(pieces, weights, strict=True)),
        )
        box = None if group == WHOLE else self.view.boxes[group]
        title = None if box is None or box.is_bracket else title_width(box)
        gutter = bracket_width(box.title) if box is not None and box.is_bracket else 0.0
        wishes, spacing = tuple(self._wishes(group)), self.spacing
        least = head_width(box) if box is not None and title is not None else 0.0
        outline = Outline(title, self.is_turned, wishes, gutter, spacing.head, spacing.pad, least)
        frame = framed(self.place_level, level, outline)
        self.frames[group] = frame
        self.ports[group] = {item: frame.ports[at] for at, item in enumerate(items) if isinstance(item, tuple)}
        for edge, (at, lines) in enumerate(zip(frame.labels, self.lines[group], strict=True)):
            if at is not None:
                line = self._first(lines)
                self.labelled[line] = (group, edge)
                self.written.add((self.ends[line][0], self.label[line]))

    def _first(self, lines: list[int]) -> int:
        """Return the line whose label an edge bears: the first that has one."""
        return next((line for line in lines if self.label[line]), lines[0])

    def _wishes(self, group: int) -> Iterator[Wish | None]:
        """Yield the label that each edge is to bear; what comes in from outside is labelled where it comes from."""
        numbers: dict[tuple[int, str], int] = {}
        for piece, lines in zip(self.pieces[group], self.lines[group], strict=True):
            value = (piece.value, self.label[self._first(lines)])
            if not value[1] or value in self.written or (isinstance(piece.source, tuple) and piece.source[0]):
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
        return [(SPINE_WEIGHT if piece.source in flowing else 1.0) * self._pull(piece) for piece in pieces]

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
        is_seam = self.view.boxes[item].is_seam and not self.is_turned
        return LevelNode(width, height, SEAM_SPINE if is_seam else width / 2)

    def _edge(self, piece: Piece, index: Mapping[Item, int], weight: float) -> LevelEdge:
        source, target, value = piece
        leaves = self.ports[source][False, value] if isinstance(source, int) and source in self.ports else None
        enters = self.ports[target][True, value] if isinstance(target, int) and target in self.ports else None
        return LevelEdge(index[source], index[target], leaves, enters, self.beside[value], weight)

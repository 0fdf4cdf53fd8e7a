"""A placed view: what is in sight, what is under the pointer, who is beside whom."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath

from qviz.analysis.inspecting.columns import NumberColumn
from qviz.analysis.overlays.on_view import ViewOverlays
from qviz.analysis.views.folding import group_path
from qviz.analysis.views.view import SEAM, Box, View, group_box_id
from qviz.layout.labels import bracket_width
from qviz.layout.place import Rect
from qviz.layout.places import Places
from qviz.ui.canvas.blocks import Blocks, LaidOverBlocks, block_token
from qviz.ui.canvas.box_text import Writing
from qviz.ui.canvas.edges import Wire
from qviz.ui.canvas.ghosts import NO_GHOSTS
from qviz.ui.canvas.metrics import SEAM_OVER
from qviz.ui.canvas.shapes import FRAME_BAR, qrect
from qviz.ui.theme import Theme

FEW = 200
"""So many boxes are looked at one by one."""
MANY_INSIDE = 100
"""Nodes of a box whose numbers are added up before it is painted."""
ON_BLOCKS = ("bar", "side", "outline")
"""Marks of overlays that boxes have from far away, too."""

WalkStep: TypeAlias = Literal["up", "down", "left", "right"]


class InSight(NamedTuple):
    """What a rectangle shows, in the order to draw it; `lines` are indices of ``view.lines``."""

    boxes: list[Box]
    lines: list[int]


class SeamBand(NamedTuple):
    """The rows of a seam, closed or open.

    Attributes:
        seam: Its first node.
        rect: What its boxes take up.
        words: What it says, where the other stage has it; empty where this one has it itself.
        is_open: Whether its boxes stand there.
        is_bounded: Whether it is as wide as `rect`; else it runs through all that is seen.
    """

    seam: str
    rect: QRectF
    words: str
    is_open: bool
    is_bounded: bool = False


class Scene:
    """A view with its places.

    Attributes:
        view: The boxes and lines.
        places: Where they are.
        overlays: What is laid over them.
        bounds: The rectangle of all of it.
        box: Box by id.
        outlines: The painter's outlines by box id, made when first seen.
        writings: What is written in boxes, by box id, size on the screen and findings; made when first seen.
        rows: How many rows of text a box has where it is not zoomed.
        bands: Where seams are, of this stage and of that beside it.
        banded: The closed seams of this stage that have a band, by their first nodes.
        frames: The open groups that have a frame, from above: its upper edge, the box, its left and its right side.
        is_turned: Whether the picture runs to the right; rows are columns then.
        is_narrow: Whether boxes are as wide as their names.
        is_small: Whether they have room for their texts at a smaller scale, too.
        wires: The painter's lines by line index, made when first seen.
        ghosts: What only the stage beside has, which is shown with changes.
    """

    def __init__(
        self,
        view: View,
        places: Places,
        overlays: ViewOverlays | None = None,
        rows: int = 2,
        bands: tuple[SeamBand, ...] = (),
    ) -> None:
        self.rows, self.bands = rows, bands
        self.banded = frozenset(band.seam for band in bands if not band.is_open and not band.words)
        framed = ((box, places.boxes[box.id]) for box in view.boxes if box.is_open and not box.is_bracket)
        self.frames = sorted((each.y, box.id, each.x, each.x + each.width) for box, each in framed)
        self._by_top = sorted((band.rect.top(), number) for number, band in enumerate(bands))
        self._tallest = max((band.rect.height() for band in bands), default=0.0)
        self.is_turned = self.is_narrow = self.is_small = False
        self.ghosts = NO_GHOSTS
        self._columns: tuple[NumberColumn, ...] = ()
        self._cells: dict[str, tuple[str, ...]] = {}
        self.view = view
        self.places = places
        self.overlays = overlays or ViewOverlays(view, ())
        self.bounds = qrect(places.bounds)
        self.box = {box.id: box for box in view.boxes}
        self._number = {box.id: number for number, box in enumerate(view.boxes)}
        self.outlines: dict[str, QPainterPath] = {}
        self.writings: dict[tuple[str, int, int, int], Writing] = {}
        self.wires: dict[int, Wire] = {}
        self._rects: dict[str, QRectF] = {}
        self._blocks: dict[str, Blocks] = {}
        self._tokens = [*map(block_token, view.boxes)]  # here, in the layout's thread: a large view has many

    @property
    def shows_changes(self) -> bool:
        """Whether what changed has another outline."""
        return any(each.overlay.mark == "outline" for each in self.overlays.shown)

    @property
    def columns(self) -> tuple[NumberColumn, ...]:
        """The numbers that boxes show."""
        return self._columns

    def show_columns(self, columns: tuple[NumberColumn, ...]) -> None:
        """Let boxes show other numbers."""
        if columns != self._columns:
            self._columns, self._cells = columns, {}
            self.writings.clear()

    def cells(self, box: Box) -> tuple[str, ...]:
        """Return the numbers of a box, one for each column; none without columns."""
        if not self._columns or box.stub_of is not None or box.is_seam:
            return ()
        found = self._cells.get(box.id)
        if found is None:
            found = self._cells[box.id] = tuple(each.text(box.members) for each in self._columns)
        return found

    @cached_property
    def seams(self) -> dict[str, int | None]:
        """The closed seams by box id, each with the number of a line that ends there."""
        found: dict[str, int | None] = {box.id: None for box in self.view.boxes if box.is_seam}
        if found:
            for number, line in enumerate(self.view.lines):
                if line.to_box in found:
                    found[line.to_box] = number
        return found

    @cached_property
    def brackets(self) -> list[Box]:
        """The lists of modules."""
        return [box for box in self.view.boxes if box.is_bracket]

    def rect(self, box_id: str) -> QRectF:
        """Return the place of a box."""
        found = self._rects.get(box_id)
        if found is None:
            found = self._rects[box_id] = qrect(self.places.boxes[box_id])
        return found

    def are_few(self, area: QRectF, limit: int) -> bool:
        """Return whether an area shows at most so many boxes; looks at no more of them."""
        if area.contains(self.bounds):
            return len(self.view.boxes) <= limit
        return self.places.are_few(_rect(area), limit)

    def blocks(self, theme: Theme) -> Blocks:
        """Return the scene as it looks from far away."""
        marking = tuple(each for each in self.overlays.shown if each.boxes and each.overlay.mark in ON_BLOCKS)
        laid = LaidOverBlocks(self.overlays.looks, marking, self.ghosts if self.shows_changes else NO_GHOSTS)
        found = self._blocks.get(theme.name)
        if found is None or not found.laid.is_same(laid):
            found = self._blocks[theme.name] = Blocks(self.view, self.places, self._tokens, laid, theme)
        return found

    def numbers(self, box_ids: Collection[str], area: QRectF) -> list[int]:
        """Return the numbers of the given boxes that are in an area."""
        if len(box_ids) > FEW:  # of many, those in sight are fewer
            boxes = self.view.boxes
            return [each for each in self.places.within(_rect(area)).boxes if boxes[each].id in box_ids]
        return [self._number[each] for each in box_ids if self.rect(each).intersects(area)]

    def visible(self, area: QRectF) -> InSight:
        """Return the boxes and lines that may be seen in an area of the canvas."""
        boxes, lines = self.places.within(_rect(area))
        return InSight([self.view.boxes[number] for number in boxes], lines)

    def bands_in(self, area: QRectF) -> list[SeamBand]:
        """Return the bands at the height of an area, in their order."""
        first = bisect_left(self._by_top, (area.top() - self._tallest, -1))
        last = bisect_right(self._by_top, (area.bottom(), len(self.bands)))
        found = (self.bands[number] for number in sorted(number for _, number in self._by_top[first:last]))
        return [each for each in found if each.rect.bottom() >= area.top()]

    def in_order(self, box_ids: Collection[str]) -> list[Box]:
        """Return these boxes as they are drawn one after the other."""
        return [self.view.boxes[number] for number in sorted(self._number[each] for each in box_ids)]

    def box_at(self, point: QPointF) -> Box | None:
        """Return the innermost box at a point; an open frame only by its title."""
        for box in reversed(self.visible(QRectF(point, point)).boxes):
            rect = self.rect(box.id)
            if box.is_bracket:
                rect = QRectF(rect.x(), rect.y(), bracket_width(box.title), rect.height())
            elif box.is_open:
                rect = QRectF(rect.x(), rect.y(), rect.width(), FRAME_BAR)
            elif box.is_seam:
                rect = rect.adjusted(0.0, -SEAM_OVER, 0.0, SEAM_OVER)
            if rect.contains(point):
                return box
        if self.shows_changes and self.ghosts.fused:
            at = QRectF(point, point).adjusted(-0.5, -0.5, 0.5, 0.5)
            return next((self.box[each.box_id] for each in self.ghosts.fused_in(at)), None)
        on = (band.seam for band in self.bands_in(QRectF(point, point)) if band.rect.top() <= point.y())
        # Their words may stand anywhere on them.
        return next((self.box[SEAM + seam] for seam in on if seam in self.banded), None)

    def many(self) -> Iterator[Sequence[object]]:
        """Yield all that there is one of for each box, or line, or group, for whoever lets go of it slowly."""
        yield self.view.boxes
        yield self.view.lines
        for made in (self.box, self.outlines, self.wires, self.writings, self._rects):
            yield [*made.values()]
        yield from self.places.many()

    def members_in(self, area: QRectF) -> frozenset[str]:
        """Return the nodes whose boxes are wholly in an area."""
        inside = (box for box in self.visible(area).boxes if not box.is_open and box.stub_of is None)
        return frozenset(each for box in inside if area.contains(self.rect(box.id)) for each in box.members)

    def find(self, box_or_node: str) -> Box | None:
        """Return a box by its own id, the path of its module, or the id of a node for which it stands."""
        found = self.box.get(box_or_node) or self.box.get(group_box_id(box_or_node)) or self._alike.get(box_or_node)
        return found or self.box.get(self.view.box_of.get(box_or_node, ""))

    def group_box(self, box_id: str) -> Box | None:
        """Return the box of a group, open or closed, or that of equal groups for which it stands."""
        return self.box.get(box_id) or self._alike.get(group_path(box_id) or "")

    @cached_property
    def _alike(self) -> dict[str, Box]:
        """The boxes of equal groups, by the path of each."""
        return {path: box for box in self.view.boxes for path in box.alike}

    def producers(self, box_id: str) -> list[str]:
        """Return the boxes whose values a box reads; a stub counts as its source."""
        return self._neighbours[0].get(box_id, [])

    def consumers(self, box_id: str) -> list[str]:
        """Return the boxes that read a box's values."""
        return self._neighbours[1].get(box_id, [])

    def beside(self, box_id: str, step: WalkStep, is_turned: bool = False) -> str | None:
        """Return the box one step away: up a producer, down a consumer, left and right in the same row.

        Where the picture is turned, from left to right, producers are on the left, and rows are columns.
        """
        along, back = ("left", "right"), "left" if is_turned else "up"
        if is_turned == (step in along):
            found = self.producers(box_id) if step == back else self.consumers(box_id)
            here = _across(self.rect(box_id), is_turned)
            return min(found, key=lambda each: abs(_across(self.rect(each), is_turned) - here), default=None)
        return self._in_row(box_id, -1 if step in ("left", "up") else 1, is_turned)

    def _in_row(self, box_id: str, way: int, is_turned: bool) -> str | None:
        here, whole = self.rect(box_id), self.bounds
        if is_turned:
            band = QRectF(here.left(), whole.top() - 1, here.width(), whole.height() + 2)
        else:
            band = QRectF(whole.left() - 1, here.top(), whole.width() + 2, here.height())
        others = [
            (way * (_across(self.rect(box.id), is_turned) - _across(here, is_turned)), box.id)
            for box in self.visible(band).boxes
            if not box.is_open and box.stub_of is None and box.id != box_id
        ]
        return min((each for each in others if each[0] > 0), default=(0.0, None))[1]

    @cached_property
    def _neighbours(self) -> tuple[defaultdict[str, list[str]], defaultdict[str, list[str]]]:
        """Producers and consumers by box id."""
        producers: defaultdict[str, list[str]] = defaultdict(list)
        consumers: defaultdict[str, list[str]] = defaultdict(list)
        for line in self.view.lines:
            source = self.box[line.from_box].stub_of or line.from_box
            producers[line.to_box].append(source)
            consumers[source].append(line.to_box)
        return producers, consumers


def prepare(scene: Scene) -> None:
    """Find what the first paint asks of many boxes and lines; for the thread of the layout."""
    _ = scene.seams, scene.brackets
    middle = scene.bounds.center()
    scene.visible(QRectF(middle, middle))  # indexes what has many parts
    for box in scene.view.boxes if scene.columns else ():
        if len(box.members) > MANY_INSIDE and not box.is_open:
            scene.cells(box)


def _rect(area: QRectF) -> Rect:
    return Rect(area.x(), area.y(), area.width(), area.height())


def _across(rect: QRectF, is_turned: bool) -> float:
    """Return the middle of a box across the flow."""
    return rect.center().y() if is_turned else rect.center().x()

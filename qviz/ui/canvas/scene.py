"""A placed view, indexed by a grid: what is in sight, what is under the pointer, who is beside whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import Literal, NamedTuple, TypeAlias

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath, QPolygonF

from qviz.analysis.view import Box, View
from qviz.layout.place import Places, Rect
from qviz.ui.canvas.shapes import FRAME_BAR, qrect

CELL = 256.0
LABEL_ROOM = 180.0
"""How far a line's label may stand from the line."""

Step: TypeAlias = Literal["up", "down", "left", "right"]


class InSight(NamedTuple):
    """What a rectangle shows, in the order to draw it; `lines` are indices of ``view.lines``."""

    boxes: list[Box]
    lines: list[int]


class Scene:
    """A view with its places.

    Attributes:
        view: The boxes and lines.
        places: Where they are.
        bounds: The rectangle of all of it.
        box: Box by id.
        outlines: The painter's outlines by box id, made when first seen.
        routes: The painter's paths by line index, made when first seen.
    """

    def __init__(self, view: View, places: Places) -> None:
        self.view = view
        self.places = places
        self.bounds = qrect(places.bounds)
        self.box = {box.id: box for box in view.boxes}
        self.outlines: dict[str, QPainterPath] = {}
        self.routes: dict[int, QPainterPath] = {}
        self._polylines: dict[int, QPolygonF] = {}
        self._rects = {box.id: qrect(places.boxes[box.id]) for box in view.boxes}
        self._boxes_in: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        self._lines_in: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        self._producers: defaultdict[str, list[str]] = defaultdict(list)
        self._consumers: defaultdict[str, list[str]] = defaultdict(list)
        self._index_boxes()
        self._index_lines()
        self._all_cells = {*self._boxes_in, *self._lines_in}

    def rect(self, box_id: str) -> QRectF:
        """Return the place of a box."""
        return self._rects[box_id]

    def polyline(self, index: int) -> QPolygonF:
        """Return the bare route of a line."""
        found = self._polylines.get(index)
        if found is None:
            found = self._polylines[index] = QPolygonF([QPointF(*point) for point in self.places.routes[index]])
        return found

    def visible(self, area: QRectF) -> InSight:
        """Return the boxes and lines that may be seen in an area of the canvas."""
        if area.contains(self.bounds):
            return InSight(list(self.view.boxes), list(range(len(self.view.lines))))
        cells = self._filled(area)
        boxes = {index for cell in cells for index in self._boxes_in.get(cell, ())}
        lines = {index for cell in cells for index in self._lines_in.get(cell, ())}
        shown = [self.view.boxes[index] for index in sorted(boxes)]
        return InSight([box for box in shown if self._rects[box.id].intersects(area)], sorted(lines))

    def _filled(self, area: QRectF) -> list[tuple[int, int]]:
        """Return the cells of an area; where those are more than there are in all, only the filled ones."""
        left, top = area.left() // CELL, area.top() // CELL
        right, bottom = area.right() // CELL, area.bottom() // CELL
        if (right - left + 1) * (bottom - top + 1) < len(self._all_cells):
            return list(_cells(area))
        return [cell for cell in self._all_cells if left <= cell[0] <= right and top <= cell[1] <= bottom]

    def box_at(self, point: QPointF) -> Box | None:
        """Return the innermost box at a point; an open frame only by its title."""
        for index in reversed(self._boxes_in.get((int(point.x() // CELL), int(point.y() // CELL)), ())):
            box = self.view.boxes[index]
            rect = self._rects[box.id]
            if box.is_open:
                rect = QRectF(rect.x(), rect.y(), rect.width(), FRAME_BAR)
            if rect.contains(point):
                return box
        return None

    def producers(self, box_id: str) -> list[str]:
        """Return the boxes whose values a box reads; a stub counts as its source."""
        return self._producers.get(box_id, [])

    def consumers(self, box_id: str) -> list[str]:
        """Return the boxes that read a box's values."""
        return self._consumers.get(box_id, [])

    def beside(self, box_id: str, step: Step) -> str | None:
        """Return the box one step away: up a producer, down a consumer, left and right in the same row."""
        if step in ("up", "down"):
            found = self.producers(box_id) if step == "up" else self.consumers(box_id)
            x = self.rect(box_id).center().x()
            return min(found, key=lambda each: abs(self.rect(each).center().x() - x), default=None)
        return self._in_row(box_id, -1 if step == "left" else 1)

    def _in_row(self, box_id: str, way: int) -> str | None:
        here = self.rect(box_id)
        band = QRectF(self.bounds.left() - 1, here.top(), self.bounds.width() + 2, here.height())
        others = [
            (way * (self.rect(box.id).center().x() - here.center().x()), box.id)
            for box in self.visible(band).boxes
            if not box.is_open and box.stub_of is None and box.id != box_id
        ]
        return min((each for each in others if each[0] > 0), default=(0.0, None))[1]

    def _index_boxes(self) -> None:
        for index, box in enumerate(self.view.boxes):
            # What stands over a corner, a ring or a flag, belongs to the box.
            for cell in _cells(self._rects[box.id].adjusted(-8, -8, 8, 8)):
                self._boxes_in[cell].append(index)

    def _index_lines(self) -> None:
        for index, line in enumerate(self.view.lines):
            for cell in dict.fromkeys(self._cells_of_line(index)):
                self._lines_in[cell].append(index)
            source = self.box[line.from_box].stub_of or line.from_box
            self._producers[line.to_box].append(source)
            self._consumers[source].append(line.to_box)

    def _cells_of_line(self, index: int) -> Iterator[tuple[int, int]]:
        for one, other in pairwise(self.places.routes[index]):
            yield from _cells(QRectF(QPointF(*one), QPointF(*other)).normalized().adjusted(-4, -4, 4, 4))
        label = self.places.labels[index]
        if label is not None:
            yield from _cells(qrect(Rect(label.x, label.y - 8, LABEL_ROOM, 16)))


def _cells(area: QRectF) -> Iterator[tuple[int, int]]:
    for column in range(int(area.left() // CELL), int(area.right() // CELL) + 1):
        for row in range(int(area.top() // CELL), int(area.bottom() // CELL) + 1):
            yield column, row

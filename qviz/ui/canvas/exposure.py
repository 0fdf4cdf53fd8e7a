"""What is painted at one moment: which part of a scene, at which scale, with what emphasis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import IntEnum
from functools import cached_property, reduce
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QPainter, QPainterPath, QTransform

from qviz.analysis.overlays.on_view import ViewOverlays
from qviz.analysis.views.view import Box
from qviz.layout.near import OVER
from qviz.ui.canvas import box_text, shapes
from qviz.ui.canvas.camera import Camera, whole_pixel
from qviz.ui.canvas.ghosts import NO_GHOSTS, Ghosts
from qviz.ui.canvas.pencil import Pencil
from qviz.ui.canvas.scene import InSight, Scene
from qviz.ui.theme import Theme

DIMMED = 0.25
UNCHANGED_LIGHT, UNCHANGED_DARK = 0.8, 0.7
"""What did not change keeps a contrast of 3:1."""
INSIDE = 8.0
"""From the border of a frame to where nothing of it is drawn: its corners are round, its line has a width."""
SHAPES_FROM = {1: (0.23, 0.54, 0.54), 2: (0.12, 0.36, 0.7)}
"""Scales from which shapes, titles, everything can be told, by the rows of text in a box."""
FEW_BRACKETS = 40
"""To look at each takes less time than to look for those in sight."""
MOST_WRITINGS = 4000
"""Texts that are kept; zooming needs others for every size."""


class Marks(NamedTuple):
    """What is emphasized, by box id. With `highlighted`, the rest is dimmed.

    Each of the `brackets` holds boxes that became one.
    """

    selected: frozenset[str] = frozenset()
    partners: frozenset[str] = frozenset()
    highlighted: frozenset[str] | None = None
    hovered: frozenset[str] = frozenset()
    brackets: tuple[frozenset[str], ...] = ()

    @property
    def rings(self) -> frozenset[str]:
        """The boxes that have a ring."""
        return self.selected | self.partners | self.hovered


class Moving(NamedTuple):
    """How far boxes still are from their places, and how much of what is new shows.

    Attributes:
        ways: Units of the canvas by box id.
        fresh: Boxes that were not there before.
        shown: From 0 to 1: of fresh boxes and of all lines.
    """

    ways: Mapping[str, QPointF]
    fresh: frozenset[str]
    shown: float


class Detail(IntEnum):
    """How much is drawn: blocks of color, shapes, shapes with titles, everything."""

    BLOCKS = 0
    SHAPES = 1
    TITLES = 2
    ALL = 3


def detail_at(scale: float, rows: int = 2) -> Detail:
    """Return what can still be read at a scale, where boxes have so many rows of text."""
    return Detail(sum(scale >= least for least in SHAPES_FROM[rows]))


class Screen(NamedTuple):
    """The widget that shows a scene; pictures and tiles have none.

    Attributes:
        camera: Where it looks.
        size: In pixels of the viewport.
        transform: The painter's, for pixels of the viewport.
        unit: How large these are on the widget.
    """

    camera: Camera
    size: QSizeF
    transform: QTransform
    unit: float = 1.0


class Exposure:
    """One moment of a scene.

    Attributes:
        scene: What is shown.
        area: The part that is seen, in units of the canvas.
        scale: Pixels for a unit of the canvas.
        theme: The colors.
        marks: What is emphasized.
        moving: Where boxes are that are on their way.
        screen: The widget; None in a picture or a tile.
        detail: How much of a box can be read.
        dimmed: How much shows of what is not highlighted.
    """

    def __init__(
        self,
        scene: Scene,
        area: QRectF,
        scale: float,
        theme: Theme,
        marks: Marks | None = None,
        moving: Moving | None = None,
        screen: Screen | None = None,
    ) -> None:
        self.scene, self.area, self.scale, self.theme = scene, area, scale, theme
        self.marks, self.moving, self.screen = marks or Marks(), moving, screen
        self._parts: tuple[QRectF, ...] = ()
        self._reach = 0.0
        self.detail = detail_at(scale, scene.rows)
        # What did not change is still to be read beside what did, whose outlines stand out by themselves.
        has_outlines = scene.shows_changes
        unchanged = UNCHANGED_DARK if theme.is_dark else UNCHANGED_LIGHT
        self.dimmed = unchanged if has_outlines else DIMMED

    def parts(self, areas: Sequence[QRectF], reach: float) -> Exposure:
        """Return parts of what is seen, into which words reach that belong to something so many pixels away."""
        around = reduce(QRectF.united, areas).adjusted(-reach / self.scale, 0.0, reach / self.scale, 0.0)
        parts = Exposure(self.scene, around, self.scale, self.theme, self.marks, None, self.screen)
        parts._parts, parts._reach = tuple(areas), reach / self.scale
        return parts

    @property
    def overlays(self) -> ViewOverlays:
        """What is laid over the scene."""
        return self.scene.overlays

    @cached_property
    def in_sight(self) -> InSight:
        """The boxes and lines that may be seen; of boxes that move also those that are here on their way."""
        if self._parts:
            found = [self.scene.visible(each) for each in self._parts]
            ids = {box.id for each in found for box in each.boxes}
            ids.update(box.id for box in self._brackets_around())
            return InSight(self.scene.in_order(ids), sorted({line for each in found for line in each.lines}))
        seen = self.scene.visible(self.area)
        if self.moving is None:
            return seen
        reach = self.area.adjusted(-OVER, -OVER, OVER, OVER)
        known, ways = self.scene.box, self.moving.ways
        passing = (each for each in ways if each in known and self.rect(each).intersects(reach))
        return InSight(self.scene.in_order({*passing, *(box.id for box in seen.boxes)}), seen.lines)

    @property
    def labelled(self) -> list[int]:
        """The lines whose labels may be seen."""
        if not self._parts or self.scale >= 1.0:  # at this scale there is room for labels where they stand
            return self.in_sight.lines
        return sorted({line for each in self._around for line in each.lines})

    def touches(self, rect: QRectF) -> bool:
        """Return whether what stands in a rectangle may be seen, itself."""
        return not self._parts or any(each.intersects(rect) for each in self._parts)

    def has_border(self, rect: QRectF) -> bool:
        """Return whether the border of a frame may be seen, not only what is inside."""
        inner = rect.adjusted(INSIDE, INSIDE, -INSIDE, -INSIDE)
        return not all(map(inner.contains, self._parts or (self.area,)))

    def _brackets_around(self) -> Iterator[Box]:
        """Yield the lists of modules of which names reach into a part; few are looked at one by one."""
        brackets = self.scene.brackets
        if len(brackets) > FEW_BRACKETS:
            yield from (box for each in self._around for box in each.boxes if box.is_bracket)
            return
        wider = [self._wider(each).adjusted(-OVER, -OVER, OVER, OVER) for each in self._parts]
        for box in brackets:
            rect = self.scene.rect(box.id)
            if any(each.intersects(rect) for each in wider):
                yield box

    def _wider(self, part: QRectF) -> QRectF:
        return part.adjusted(-self._reach, 0.0, self._reach, 0.0)

    @cached_property
    def _around(self) -> list[InSight]:
        return [self.scene.visible(self._wider(each)) for each in self._parts]

    @cached_property
    def ghosts(self) -> Ghosts:
        """What only the stage beside has, while changes are shown and nothing moves."""
        return self.scene.ghosts if self.scene.shows_changes and self.moving is None else NO_GHOSTS

    def body(self, box: Box) -> QPainterPath:
        """Return the outline of a box, around all that it took in."""
        fused = self.ghosts.fused.get(box.id)
        return self.outline(box, self.scene.rect(box.id)) if fused is None else shapes.outline(box, fused.rect)

    def dim(self, painter: QPainter, *box_ids: str, is_fading: bool = True) -> None:
        """Set how much of a box shows, or of a line between two; if it is fading, less of what is on its way."""
        shown = self.marks.highlighted
        opacity = 1.0 if shown is None or shown.issuperset(box_ids) else self.dimmed
        # A line ends at boxes that are on their way; it comes with what is new.
        if is_fading and self.moving is not None and (len(box_ids) > 1 or box_ids[0] in self.moving.fresh):
            opacity *= self.moving.shown
        painter.setOpacity(opacity)

    def rect(self, box_id: str) -> QRectF:
        """Return where a box is at this moment."""
        rect = self.scene.rect(box_id)
        way = self.moving.ways.get(box_id) if self.moving is not None else None
        return rect if way is None else rect.translated(way)

    def shift(self, painter: QPainter, box_id: str, forth: bool = True) -> None:
        """Go to where a box that moves is, and back."""
        way = self.moving.ways.get(box_id) if self.moving is not None else None
        if way is not None:
            painter.translate(way if forth else -way)

    def outline(self, box: Box, rect: QRectF) -> QPainterPath:
        """Return the outline of a box, made when first seen."""
        path = self.scene.outlines.get(box.id)
        if path is None:
            path = self.scene.outlines[box.id] = shapes.outline(box, rect)
        return path

    def writing(self, box: Box, size: QSizeF) -> box_text.Writing:
        """Return what a box of this size on the screen says, found when first seen."""
        findings = self.overlays.findings_in(box.id) if box.kind is None else 0
        key, writings = (box.id, int(size.width()), int(size.height()), findings), self.scene.writings
        found = writings.get(key)
        if found is None:
            if len(writings) > MOST_WRITINGS:
                writings.clear()
            found = writings[key] = box_text.writing(box, size, self.scene.cells(box), findings)
        return found

    def clear(self, painter: QPainter) -> None:
        """Give a screen the even ground on which all is painted."""
        assert self.screen is not None
        painter.save()
        painter.setWorldTransform(self.screen.transform)
        painter.fillRect(QRectF(QPointF(), self.screen.size), self.theme.color("canvas"))
        painter.restore()

    def on_screen(self, rect: QRectF) -> QRectF:
        """Return a place of the canvas in the units of `in_pixels`."""
        scale = self.scale
        return QRectF(rect.x() * scale, rect.y() * scale, rect.width() * scale, rect.height() * scale)

    @contextmanager
    def in_pixels(self, painter: QPainter) -> Iterator[Pencil]:
        """Let the painter's units be pixels, so that texts have one size at every zoom; the origin stays.

        What writes them is yielded.
        """
        painter.save()
        now = painter.worldTransform()
        ratio = now.m11() / self.scale
        if abs(ratio - 1.0) < 1e-6:  # whole pixels, and no scale at all: glyphs are drawn as they are
            nearest = round if self.screen is None else whole_pixel
            painter.setWorldTransform(QTransform.fromTranslate(nearest(now.dx()), nearest(now.dy())))
        else:
            painter.setWorldTransform(QTransform(ratio, 0.0, 0.0, ratio, now.dx(), now.dy()))
        yield Pencil(painter)
        painter.restore()

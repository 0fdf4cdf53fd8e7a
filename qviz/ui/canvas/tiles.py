"""Keeps what was painted: panning and zooming a crowded scene draws pictures of its parts, not its parts.

A plane is the scene at one scale, cut into square tiles, each painted once when there is time. While the
camera zooms, the tiles of the last plane are drawn larger or smaller; a plane of the whole scene stands
behind all.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import monotonic
from typing import TypeAlias

from PySide6.QtCore import QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap, QRegion

from qviz.ui.canvas.camera import Camera, whole_pixel

SIDE = 256
"""Pixels of the screen."""
KEPT = 220
"""Tiles of one plane; more than two screens."""
WHOLE = 1200.0
"""The longer side of the plane behind all, in pixels."""
STRIPS, MOST_STRIPS = 8, 32
"""Of a tile at first, and where these take long; each is painted by itself, between two events."""
LONG = 0.005
"""Seconds that are long for a part of a tile."""

Cell: TypeAlias = tuple[int, int]
Draw: TypeAlias = Callable[[QPainter, QRectF, float], None]
"""Paints an area of the canvas at a scale; the painter's units are those of the canvas."""
Prepare: TypeAlias = Callable[[QRectF, float, float], bool]
"""Makes what painting an area at a scale needs, until a time of the clock; tells whether all of it is there."""


class _Plane:
    """The scene at one scale."""

    def __init__(self, scale: float) -> None:
        self.scale = scale
        self.tiles: OrderedDict[Cell, QPixmap] = OrderedDict()

    def cells(self, sight: QRectF) -> list[Cell]:
        """Return the cells that an area of the canvas shows."""
        side = SIDE / self.scale
        columns = range(int(sight.left() // side), int(sight.right() // side) + 1)
        rows = range(int(sight.top() // side), int(sight.bottom() // side) + 1)
        return [(column, row) for column in columns for row in rows]

    def missing(self, sight: QRectF) -> list[Cell]:
        """Return the cells of an area that are not painted, from its middle outwards."""
        return self._outwards([cell for cell in self.cells(sight) if cell not in self.tiles], sight)

    def _outwards(self, cells: list[Cell], sight: QRectF) -> list[Cell]:
        x, y = sight.center().x() * self.scale / SIDE - 0.5, sight.center().y() * self.scale / SIDE - 0.5
        return sorted(cells, key=lambda cell: abs(cell[0] - x) + abs(cell[1] - y))

    def area(self, cell: Cell) -> QRectF:
        """Return the part of the canvas in a cell."""
        side = SIDE / self.scale
        return QRectF(cell[0] * side, cell[1] * side, side, side)

    def draw(self, painter: QPainter, camera: Camera, sight: QRectF) -> None:
        """Draw the tiles there are."""
        is_exact = camera.scale == self.scale
        left, top = whole_pixel(-camera.x * self.scale), whole_pixel(-camera.y * self.scale)
        cells = self.cells(sight)
        for cell in cells if is_exact else self._outwards(cells, sight):  # tiles of another size share pixels
            tile = self.tiles.get(cell)
            if tile is None:
                continue
            self.tiles.move_to_end(cell)
            if is_exact:
                painter.drawPixmap(left + cell[0] * SIDE, top + cell[1] * SIDE, tile)
            else:
                area = self.area(cell)
                at, end = camera.to_screen(area.topLeft()), camera.to_screen(area.bottomRight())
                painter.drawPixmap(QRectF(at, end), tile, QRectF(tile.rect()))


@dataclass
class _Begun:
    """A tile that is painted down to a row of pixels."""

    plane: _Plane
    cell: Cell
    tile: QPixmap
    row: int = 0


class Tiles:
    """The tiles of one scene as it looks now.

    Args:
        draw: Paints the scene.
        bounds: Its bounds.
        ground: The colour behind it.
        ratio: Pixels of the device in one of the screen.
        stale: How the same scene looked before; it is shown until the new tiles are there.
        prepare: Is asked before each part is painted.
    """

    def __init__(
        self,
        draw: Draw,
        bounds: QRectF,
        ground: QColor,
        ratio: float,
        stale: Tiles | None = None,
        prepare: Prepare | None = None,
    ) -> None:
        self._draw, self._ground, self._ratio, self._prepare = draw, ground, ratio, prepare
        self._bounds = bounds
        self._whole = _Plane(min(1.0, WHOLE / max(bounds.width(), bounds.height(), 1.0)))
        self._now: _Plane | None = None
        self._before: _Plane | None = stale.latest if stale else None
        self._begun: _Begun | None = None
        self._strips = STRIPS
        self._fresh: list[QRectF] = []

    @property
    def latest(self) -> _Plane | None:
        """The plane that was drawn last."""
        return self._now or self._before

    def draw(self, painter: QPainter, camera: Camera, screen: QSizeF) -> None:
        """Draw what is there of what the camera sees, the finest on top."""
        sight = camera.sight(screen.width(), screen.height()).intersected(self._bounds)
        gaps: QRegion | None = None
        drawn: list[tuple[_Plane, QRegion | None]] = []
        for plane in (self._now, self._before, self._whole):
            if plane is not None and self._is_worth(plane, camera):
                drawn.insert(0, (plane, gaps))
                gaps = _gaps(plane, camera, sight)
                if gaps.isEmpty():
                    break  # what lies below cannot be seen
        for plane, seen in drawn:
            if seen is None:
                plane.draw(painter, camera, sight)
                continue
            # Drawing pictures larger or smaller is dear; only what the finer plane lacks is worth it.
            around = QRectF(seen.boundingRect())
            painter.save()
            painter.setClipRegion(seen, Qt.ClipOperation.IntersectClip)
            part = QRectF(camera.to_canvas(around.topLeft()), camera.to_canvas(around.bottomRight()))
            plane.draw(painter, camera, part.intersected(sight))
            painter.restore()

    def take_fresh(self) -> list[QRectF]:
        """Return the parts of the canvas that were painted since this was last asked."""
        fresh, self._fresh = self._fresh, []
        return fresh

    def has_any(self, camera: Camera, screen: QSizeF) -> bool:
        """Return whether there is anything to draw for a camera."""
        sight = camera.sight(screen.width(), screen.height()).intersected(self._bounds)
        planes = (plane for plane in (self._whole, self._before, self._now) if plane and self._is_worth(plane, camera))
        return any(cell in plane.tiles for plane in planes for cell in plane.cells(sight))

    def are_missing(self, camera: Camera | None, screen: QSizeF) -> bool:
        """Return whether `work` would find something to do."""
        if camera and (self._now is None or self._now.scale != camera.scale):
            return True
        sight = camera.sight(screen.width(), screen.height()).intersected(self._bounds) if camera else QRectF()
        return next(self._missing(sight), None) is not None

    def work(self, camera: Camera | None, screen: QSizeF, seconds: float) -> bool:
        """Paint missing tiles for about so long, at least a strip; return whether any is still missing.

        Without a camera, whose sight is painted first, those of the whole scene only.
        """
        sight = camera.sight(screen.width(), screen.height()).intersected(self._bounds) if camera else QRectF()
        if camera and (self._now is None or self._now.scale != camera.scale):
            if self._now is not None and self._now.tiles:
                self._before = self._now
            self._now = _Plane(camera.scale)
        end = monotonic() + seconds
        for plane, cell in self._missing(sight):
            if not self._paint(plane, cell, end):
                break
            if len(plane.tiles) > KEPT:
                plane.tiles.popitem(last=False)
            if monotonic() >= end:
                break
        return next(self._missing(sight), None) is not None

    def _missing(self, sight: QRectF) -> Iterator[tuple[_Plane, Cell]]:
        for plane, area in ((self._now, sight), (self._whole, self._bounds)):
            if plane is not None and not area.isEmpty():
                yield from ((plane, cell) for cell in plane.missing(area))

    def _is_worth(self, plane: _Plane, camera: Camera) -> bool:
        """Return whether a plane is near enough in scale: many small tiles would take long, few show little."""
        return plane is self._whole or 0.2 < plane.scale / camera.scale < 5.0

    def _paint(self, plane: _Plane, cell: Cell, end: float) -> bool:
        """Paint a tile, or go on with it, strip by strip until it is there or the time is over; tell whether it is."""
        pixels = round(SIDE * self._ratio)
        begun = self._begun
        if begun is None or begun.plane is not plane or begun.cell != cell:
            begun = self._begun = _Begun(plane, cell, QPixmap(pixels, pixels))
            begun.tile.fill(self._ground)
        while begun.row < pixels:
            until = min(begun.row + -(-pixels // self._strips), pixels)
            if not self._is_prepared(begun, until, end):
                break
            started = monotonic()
            self._paint_strip(begun, until)
            begun.row, now = until, monotonic()
            if now - started > LONG:
                self._strips = min(2 * self._strips, MOST_STRIPS)
            elif now - started < LONG / 4:
                self._strips = max(self._strips // 2, 1)
            if now >= end:
                break
        if begun.row < pixels:
            return False
        begun.tile.setDevicePixelRatio(self._ratio)
        plane.tiles[cell], self._begun = begun.tile, None
        if plane is self._now:  # the plane behind all is painted once nothing of it is seen
            self._fresh.append(plane.area(cell))
        return True

    def _paint_strip(self, begun: _Begun, until: int) -> None:
        """Paint a tile from the row where it ends on."""
        plane, pixels = begun.plane, begun.tile.width()
        area = plane.area(begun.cell)
        painter = QPainter(begun.tile)
        painter.setClipRect(QRect(0, begun.row, pixels, until - begun.row))
        painter.scale(pixels / area.width(), pixels / area.height())
        painter.translate(-area.topLeft())
        self._draw(painter, _part(begun, until), plane.scale)
        painter.end()

    def _is_prepared(self, begun: _Begun, until: int, end: float) -> bool:
        """Make what the next part of a tile needs; tell whether there is time left to paint it."""
        return self._prepare is None or self._prepare(_part(begun, until), begun.plane.scale, end)


def _part(begun: _Begun, until: int) -> QRectF:
    """Return the part of the canvas from the row where a tile ends on."""
    plane, pixels = begun.plane, begun.tile.width()
    area, edge = plane.area(begun.cell), 2 / plane.scale  # for the pens' widths
    unit = area.height() / pixels
    part = QRectF(area.left(), area.top() + begun.row * unit, area.width(), (until - begun.row) * unit)
    return part.adjusted(-edge, -edge, edge, edge)


def _gaps(plane: _Plane, camera: Camera, sight: QRectF) -> QRegion:
    """Return the part of the screen where a plane has no tiles yet."""
    gaps = QRegion()
    for cell in plane.cells(sight):
        if cell not in plane.tiles:
            area = plane.area(cell)
            gaps += QRectF(camera.to_screen(area.topLeft()), camera.to_screen(area.bottomRight())).toAlignedRect()
    return gaps

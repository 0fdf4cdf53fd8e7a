"""The small map in the corner: where on a large graph one is."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QPaintDevice, QPainter, QPen, QPixmap

from qviz.analysis.overlays.on_view import ViewOverlays
from qviz.analysis.overlays.scale import Categories
from qviz.ui.canvas.camera import Camera
from qviz.ui.canvas.exposure import Exposure
from qviz.ui.canvas.painters.chain import paint_all
from qviz.ui.canvas.painters.far import BlockPainter
from qviz.ui.canvas.painters.tiled import TiledPainter
from qviz.ui.canvas.scene import Scene
from qviz.ui.canvas.tiles import Tiles
from qviz.ui.theme import Theme

LARGEST = QSizeF(120.0, 190.0)
AWAY = 12.0
PAD = 6.0
WORTH = 0.6
"""A map is drawn where less than this share of the graph's length is in sight."""
MOST_FLAGS = 300
"""Dots of one level; more could not be told apart."""
BLOCKS = 0.05
"""The scale whose level of detail is blocks of colour."""


class _MapContent(NamedTuple):
    """What the map shows: others need another picture."""

    scene: Scene
    overlays: ViewOverlays
    theme: str
    ratio: float
    area: QRectF
    tiles: Tiles | None
    painted: int


class Minimap:
    """Draws a scene once, small, then only the frame of what is in sight."""

    def __init__(self, tiled: TiledPainter) -> None:
        self._tiled = tiled
        self._pixmap = QPixmap()
        self._content: _MapContent | None = None

    def paint(self, painter: QPainter, exposure: Exposure) -> None:
        """Paint the map, where the screen shows a part of the scene only; that of a large scene from its tiles."""
        assert exposure.screen is not None
        scene, theme, (camera, screen, transform) = exposure.scene, exposure.theme, exposure.screen
        area = self._area(scene, camera, screen)
        if area is None:
            return
        small = self._camera(scene, area)
        painter.setWorldTransform(transform)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = area.toAlignedRect()  # whole pixels, so that the picture is drawn as it is
        painter.drawPixmap(frame.topLeft(), self._picture(scene, area, frame, theme, painter.device()))
        sight = camera.sight(screen.width(), screen.height())
        shown = QRectF(small.to_screen(sight.topLeft()), small.to_screen(sight.bottomRight())).translated(
            area.topLeft()
        )
        soft = QColor(theme.color("selection"))
        soft.setAlphaF(0.08)
        painter.setPen(QPen(theme.color("selection"), 1.4))
        painter.setBrush(soft)
        painter.drawRect(shown.intersected(area.adjusted(1, 1, -1, -1)))
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _draw_flags(self, painter: QPainter, scene: Scene, area: QRectF, small: Camera, theme: Theme) -> None:
        """Draw a dot for each box that an overlay flags."""
        painter.setPen(Qt.PenStyle.NoPen)
        for each in scene.overlays.shown:
            scale = each.overlay.scale
            if each.overlay.mark != "flag" or not isinstance(scale, Categories):
                continue
            for category in scale.order:  # the worst last, on top of the others
                painter.setBrush(theme.color(category.token))
                flagged = [box_id for box_id, value in each.boxes.items() if value == category.code]
                for box_id in flagged[:MOST_FLAGS]:
                    painter.drawEllipse(small.to_screen(scene.rect(box_id).center()) + area.topLeft(), 2.4, 2.4)

    def _draw_tiles(self, painter: QPainter, area: QRectF, small: Camera, theme: Theme, tiles: Tiles) -> None:
        painter.setPen(theme.color("border"))
        painter.setBrush(theme.color("panel"))
        painter.drawRect(area.adjusted(0.5, 0.5, -1.0, -1.0))
        painter.save()
        painter.setClipRect(area.adjusted(PAD, PAD, -PAD, -PAD))
        painter.translate(area.topLeft())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        tiles.draw_whole(painter, small)
        painter.restore()

    def place_at(self, point: QPointF, scene: Scene, camera: Camera, screen: QSizeF) -> QPointF | None:
        """Return the place on the canvas of a place on the map; None beside the map."""
        area = self._area(scene, camera, screen)
        if area is None or not area.contains(point):
            return None
        return self._camera(scene, area).to_canvas(point - area.topLeft())

    def _area(self, scene: Scene, camera: Camera, screen: QSizeF) -> QRectF | None:
        """Return where on the screen the map is; None where there is none."""
        bounds = scene.bounds
        sight = camera.sight(screen.width(), screen.height())
        is_needed = sight.height() < WORTH * bounds.height() or sight.width() < WORTH * bounds.width()
        if not is_needed or screen.width() < 3 * LARGEST.width() or screen.height() < 1.5 * LARGEST.height():
            return None
        size = bounds.size().scaled(LARGEST, Qt.AspectRatioMode.KeepAspectRatio)
        wide, tall = max(size.width(), 28.0) + 2 * PAD, max(size.height(), 28.0) + 2 * PAD
        return QRectF(screen.width() - wide - AWAY, screen.height() - tall - AWAY, wide, tall)

    def _camera(self, scene: Scene, area: QRectF) -> Camera:
        # `fitting` leaves a margin for the screen that a map cannot afford.
        scale = min(
            (area.width() - 2 * PAD) / max(scene.bounds.width(), 1.0),
            (area.height() - 2 * PAD) / max(scene.bounds.height(), 1.0),
        )
        return Camera(scale).centred(scene.bounds, area.width(), area.height())

    def _picture(self, scene: Scene, area: QRectF, frame: QRect, theme: Theme, device: QPaintDevice) -> QPixmap:
        """Return the map without the frame of what is in sight, painted again where it changed."""
        tiles, ratio = self._tiled.tiles, device.devicePixelRatio()
        content = _MapContent(
            scene, scene.overlays, theme.name, ratio, area, tiles, tiles.count_of_whole if tiles else 0
        )
        if content != self._content:
            self._content, self._pixmap = content, QPixmap(frame.size() * ratio)
            self._pixmap.setDevicePixelRatio(ratio)
            self._pixmap.fill(Qt.GlobalColor.transparent)
            painter, small = QPainter(self._pixmap), self._camera(scene, area)
            painter.translate(-frame.topLeft())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if tiles is None:
                painter.drawPixmap(area.topLeft(), self._painted(scene, area, theme, ratio))
            else:
                self._draw_tiles(painter, area, small, theme, tiles)
            self._draw_flags(painter, scene, area, small, theme)
            painter.end()
        return self._pixmap

    def _painted(self, scene: Scene, area: QRectF, theme: Theme, ratio: float) -> QPixmap:
        pixmap = QPixmap((area.size() * ratio).toSize())
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(theme.color("panel"))
        painter = QPainter(pixmap)
        painter.setPen(theme.color("border"))
        painter.drawRect(QRectF(0.5, 0.5, area.width() - 1.5, area.height() - 1.5))
        scale, x, y = self._camera(scene, area)
        painter.scale(scale, scale)
        painter.translate(-x, -y)
        whole = scene.bounds.adjusted(-1, -1, 1, 1)
        paint_all((BlockPainter(),), painter, Exposure(scene, whole, min(scale, BLOCKS), theme))
        painter.end()
        return pixmap

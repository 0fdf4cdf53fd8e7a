"""Paints the graph at the cost of what can be seen: few boxes are painted, many come from tiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QObject, QRectF, QSizeF, QTimer, Signal
from PySide6.QtGui import QPainter, QTransform

from qviz.analysis.overlays.on_view import ViewOverlays
from qviz.ui.canvas.camera import Camera
from qviz.ui.canvas.exposure import Detail, Exposure, Marks, detail_at
from qviz.ui.canvas.painters.chain import Painter, paint_all
from qviz.ui.canvas.scene import Scene
from qviz.ui.canvas.tiles import Tiles

FEW = 32
"""Boxes; painting them takes about as long as drawing tiles."""
AT_ONCE = 0.006
"""Seconds that a frame may spend on tiles where it would show nothing; two panes are painted in one turn."""
SLICE = 0.005
"""Seconds of painting tiles between two events, for each pane."""
SETTLED = 70
"""Milliseconds after the last zoom until tiles of the new scale are painted, and after the last frame without any
until those behind all are."""


class _TileContent(NamedTuple):
    """What tiles show: others need others."""

    scene: Scene
    theme: str
    ratio: float
    unit: float
    highlighted: frozenset[str] | None
    overlays: ViewOverlays


class TiledPainter(QObject):
    """Paints layers on the screen, and finishes crowded pictures between events.

    Signals:
        improved: There is more to show than was painted last.
    """

    improved = Signal()

    def __init__(self, parent: QObject, painters: Sequence[Painter]) -> None:
        super().__init__(parent)
        self._painters = tuple(painters)
        self._tiles: Tiles | None = None
        self._look: _TileContent | None = None
        self._camera = Camera()
        self._screen = QSizeF()
        self._is_crowded = False
        self._is_direct = True
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._work)

    @property
    def is_finished(self) -> bool:
        """Whether the screen shows all that there is."""
        return not self._timer.isActive()

    @property
    def is_direct(self) -> bool:
        """Whether so few boxes are seen that they are painted one by one."""
        return self._is_direct

    def look(self, painter: QPainter, exposure: Exposure) -> list[QRectF]:
        """See what the camera of a screen sees, for `paint`; return the parts of it that tiles show better than before.

        What tiles lack is painted from now on.
        """
        assert exposure.screen is not None
        scene, (camera, size, _, unit) = exposure.scene, exposure.screen
        # Tiles lie on pixels of the widget, whatever the unit is.
        camera, screen = camera._replace(scale=camera.scale * unit), size * unit
        is_zoomed = camera.scale != self._camera.scale
        self._camera, self._screen = camera, screen
        self._is_crowded = not scene.are_few(exposure.area, FEW)
        tiles = None if len(scene.view.boxes) <= FEW else self._tiles_of(exposure, painter)
        self._is_direct = tiles is None or not self._is_crowded
        if tiles is None:
            return []
        if self._is_crowded and not tiles.has_any(camera, screen):
            tiles.work(camera, screen, AT_ONCE)
        if tiles.are_missing(camera if self._is_crowded else None, screen):
            # What nobody sees yet does not come between the first frames of what is seen.
            self._begin(SETTLED if is_zoomed or self._is_direct else 0)
        return tiles.take_fresh()

    def paint(self, painter: QPainter, exposure: Exposure) -> None:
        """Paint what was looked at, or a part of it."""
        if self._is_direct or self._tiles is None:
            paint_all(self._painters, painter, exposure)
            return
        assert exposure.screen is not None
        unit = exposure.screen.unit
        painter.setWorldTransform(QTransform(exposure.screen.transform).scale(1 / unit, 1 / unit))
        self._tiles.draw(painter, self._camera, self._screen)

    def _tiles_of(self, exposure: Exposure, painter: QPainter) -> Tiles:
        scene, theme, highlighted = exposure.scene, exposure.theme, exposure.marks.highlighted
        ratio, unit = painter.device().devicePixelRatio(), exposure.screen.unit if exposure.screen is not None else 1.0
        look = _TileContent(scene, theme.name, ratio, unit, highlighted, scene.overlays)
        if self._tiles is None or look != self._look:
            painters, marks = self._painters, Marks(highlighted=highlighted)

            def draw(on: QPainter, area: QRectF, scale: float) -> None:
                paint_all(painters, on, Exposure(scene, area, scale / unit, theme, marks))

            def prepare(area: QRectF, scale: float, end: float) -> bool:
                is_blocks = detail_at(scale / unit, scene.rows) is Detail.BLOCKS
                return not is_blocks or scene.blocks(theme).prepare(area, scale / unit, end)

            is_like = self._look is not None and self._look[:4] == look[:4]
            stale = self._tiles if is_like else None
            self._tiles = Tiles(draw, scene.bounds, theme.color("canvas"), look.ratio, stale, prepare)
            self._look = look
        return self._tiles

    def _begin(self, wait: int) -> None:
        if wait or not self._timer.isActive():
            self._timer.start(wait)

    def _work(self) -> None:
        if self._tiles is None:
            return
        if self._tiles.work(self._camera if self._is_crowded else None, self._screen, SLICE):
            self._timer.start(0)
        self.improved.emit()

"""Shows a scene on the screen at the cost of what can be seen: few boxes are painted, many come from tiles."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QObject, QRectF, QSizeF, QTimer, Signal
from PySide6.QtGui import QPainter

from qviz.ui.canvas.camera import Camera
from qviz.ui.canvas.painter import Marks, paint, paint_rings
from qviz.ui.canvas.scene import Scene
from qviz.ui.canvas.tiles import Tiles
from qviz.ui.theme import Theme

FEW = 32
"""Boxes; painting them takes about as long as drawing tiles."""
AT_ONCE = 0.02
"""Seconds that a frame may spend on tiles where it would show nothing."""
SLICE = 0.008
"""Seconds of painting tiles between two events."""
SETTLED = 70
"""Milliseconds after the last zoom until tiles of the new scale are painted."""


class _Look(NamedTuple):
    """What tiles show: others need others."""

    scene: Scene
    theme: str
    ratio: float
    highlighted: frozenset[str] | None
    flags: dict[str, str]


class Exposure(QObject):
    """Paints what a camera sees, and finishes crowded pictures between events.

    Signals:
        improved: There is more to show than was painted last.
    """

    improved = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._tiles: Tiles | None = None
        self._look: _Look | None = None
        self._camera = Camera()
        self._screen = QSizeF()
        self._is_crowded = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._work)

    @property
    def is_finished(self) -> bool:
        """Whether the screen shows all that there is."""
        return not self._timer.isActive()

    def paint(
        self, painter: QPainter, scene: Scene, camera: Camera, screen: QSizeF, theme: Theme, marks: Marks
    ) -> Tiles | None:
        """Draw what the camera sees; return the tiles of a scene that has many boxes."""
        edge = 2 / camera.scale  # one pixel more on each side for the pens' widths
        sight = camera.sight(screen.width(), screen.height()).adjusted(-edge, -edge, edge, edge)
        is_zoomed = camera.scale != self._camera.scale
        self._camera, self._screen = camera, screen
        self._is_crowded = not scene.are_few(sight, FEW)
        tiles = None if len(scene.view.boxes) <= FEW else self._tiles_of(scene, theme, marks, painter)
        if tiles is not None and self._is_crowded:
            if not tiles.has_any(camera, screen):
                tiles.work(camera, screen, AT_ONCE)
            tiles.draw(painter, camera, screen)
        painter.save()
        painter.scale(camera.scale, camera.scale)
        painter.translate(-camera.x, -camera.y)
        if tiles is None or not self._is_crowded:
            paint(painter, scene, sight, camera.scale, theme, marks)
        else:
            paint_rings(painter, scene, sight, camera.scale, theme, marks)
        painter.restore()
        if tiles is not None and tiles.are_missing(camera if self._is_crowded else None, screen):
            self._begin(SETTLED if is_zoomed else 0)
        return tiles

    def _tiles_of(self, scene: Scene, theme: Theme, marks: Marks, painter: QPainter) -> Tiles:
        look = _Look(scene, theme.name, painter.device().devicePixelRatio(), marks.highlighted, dict(marks.flags))
        if self._tiles is None or look != self._look:
            shown = Marks(highlighted=marks.highlighted, flags=look.flags)

            def draw(on: QPainter, area: QRectF, scale: float) -> None:
                paint(on, scene, area, scale, theme, shown)

            is_like = self._look is not None and self._look[:3] == look[:3]
            stale = self._tiles if is_like else None
            self._tiles = Tiles(draw, scene.bounds, theme.color("canvas"), look.ratio, stale)
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

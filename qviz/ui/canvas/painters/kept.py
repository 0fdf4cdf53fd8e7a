"""Keeps the picture that was painted: a pan paints what comes into sight, and what changes over the graph nothing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import ceil
from typing import NamedTuple
from weakref import ReferenceType, ref

from PySide6.QtCore import QObject, QPointF, QRect, QRectF, QSize, QTimer, Signal
from PySide6.QtGui import QPainter, QPixmap, QRegion, QTransform

from qviz.analysis.inspecting.columns import NumberColumn
from qviz.analysis.overlays.on_view import ViewOverlays
from qviz.ui.canvas.exposure import Detail, Exposure
from qviz.ui.canvas.painters.chain import Painter, paint_all
from qviz.ui.canvas.painters.tiled import TiledPainter
from qviz.ui.canvas.scene import Scene

FEW = 12
"""Boxes; painting them takes about as long as moving the picture. Tiles without texts take no longer either."""
NEAR = 16.0
"""Pixels that flags, signs and the words of seams stand over their boxes."""
REACH = 220.0
"""Pixels that words may stand away from what they belong to: labels of lines, names beside brackets, what comes."""
SETTLED = 120
"""Milliseconds after the last pan until all is painted as one picture: at its edge less may be seen than was kept."""
WASTE = 1.3
"""How much more than two rectangles the one may hold that stands for both."""
_EXACT = 1e-6


class _KeptLook(NamedTuple):
    """All that the picture depends on but its place; keeps nothing of it."""

    scene: ReferenceType[Scene]
    theme: str
    ratio: float
    scale: float
    unit: float
    size: QSize
    marks: tuple[frozenset[str], frozenset[str]] | None
    overlays: ReferenceType[ViewOverlays]
    columns: tuple[NumberColumn, ...]
    is_direct: bool


class KeptPainter(QObject):
    """Paints shapes and what is written on them; a picture that only moved is moved.

    Signals:
        improved: There is more to show than was painted last.
    """

    improved = Signal()

    def __init__(self, parent: QObject, tiled: TiledPainter, writing: Sequence[Painter]) -> None:
        super().__init__(parent)
        self._tiled, self._writing = tiled, tuple(writing)
        self._picture = QPixmap()
        self._look: _KeptLook | None = None
        self._is_kept = False
        self._at = QPointF()
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(SETTLED)
        self._settled.timeout.connect(self.on_settled)
        tiled.improved.connect(self.improved)

    @property
    def is_finished(self) -> bool:
        """Whether the screen shows all that there is, as one picture."""
        return self._tiled.is_finished and not self._settled.isActive()

    def on_settled(self) -> None:
        """Paint all anew."""
        self._is_kept = False
        self.improved.emit()

    def paint(self, painter: QPainter, exposure: Exposure) -> None:
        """Paint what the camera of a screen sees."""
        assert exposure.screen is not None
        scene, screen = exposure.scene, exposure.screen
        is_crowded = exposure.detail >= Detail.TITLES and not scene.are_few(exposure.area, FEW)
        fresh = self._tiled.look(painter, exposure)
        look = self._look_of(painter, exposure) if is_crowded else None
        if look is None or look != self._look:
            # While the camera zooms, every frame looks otherwise: a picture would be drawn once and never moved.
            self._look, self._is_kept = look, False
            self._settled.stop()
            exposure.clear(painter)
            painter.save()
            self._tiled.paint(painter, exposure)
            painter.restore()
            paint_all(self._writing, painter, exposure)
            return
        at = painter.worldTransform().map(QPointF())
        whole = QRect(0, 0, round(screen.size.width() * screen.unit), round(screen.size.height() * screen.unit))
        way = None if not self._is_kept or _has_chips(scene) else self._way(look, at)
        if way is None:
            size = QSize(ceil(whole.width() * look.ratio), ceil(whole.height() * look.ratio))
            if self._picture.size() != size:
                self._picture = QPixmap(size)
                self._picture.setDevicePixelRatio(look.ratio)
            self._settled.stop()
            self._paint(exposure, exposure)
        else:
            parts = _uncovered(whole, *way)
            parts += _together([_on_screen(each, exposure, whole) for each in fresh])
            if any(way):
                self._picture.scroll(round(way[0] * look.ratio), round(way[1] * look.ratio), self._picture.rect())
                self._settled.start()
            parts = [each for each in parts if not each.isEmpty()]
            if parts:
                self._paint(exposure, exposure.parts([_on_canvas(each, exposure) for each in parts], REACH), parts)
        self._at, self._is_kept = at, True
        painter.setWorldTransform(QTransform(screen.transform).scale(1 / screen.unit, 1 / screen.unit))
        painter.drawPixmap(0, 0, self._picture)

    def _look_of(self, painter: QPainter, exposure: Exposure) -> _KeptLook:
        scene, marks, screen = exposure.scene, exposure.marks, exposure.screen
        assert screen is not None
        return _KeptLook(
            ref(scene),
            exposure.theme.name,
            painter.device().devicePixelRatio(),
            exposure.scale,
            screen.unit,
            screen.size.toSize(),
            None if marks.highlighted is None else (marks.highlighted, marks.rings),
            ref(scene.overlays),
            scene.columns,
            self._tiled.is_direct,
        )

    def _way(self, look: _KeptLook, at: QPointF) -> tuple[int, int] | None:
        """Return the whole pixels that the picture moved by; None where all of it has to be painted."""
        found = []
        for now, then, side in ((at.x(), self._at.x(), look.size.width()), (at.y(), self._at.y(), look.size.height())):
            way = round(now - then)
            is_even = abs(now - then - way) < _EXACT and abs(way * look.ratio - round(way * look.ratio)) < _EXACT
            if not is_even or abs(way) >= side * look.unit / 2:
                return None
            found.append(way)
        return found[0], found[1]

    def _paint(self, exposure: Exposure, shown: Exposure, rects: Sequence[QRect] = ()) -> None:
        """Paint all that is seen, or parts of it."""
        screen, ground = exposure.screen, exposure.theme.color("canvas")
        assert screen is not None
        camera = screen.camera
        painter = QPainter(self._picture)
        if rects:  # else none: a clip changes dashes by a shade
            painter.setClipRegion(reduce(QRegion.united, map(QRegion, rects)))
        painter.fillRect(self._picture.rect(), ground)
        painter.scale(screen.unit, screen.unit)
        painter.scale(camera.scale, camera.scale)
        painter.translate(-camera.x, -camera.y)
        painter.save()
        self._tiled.paint(painter, shown)
        painter.restore()
        paint_all(self._writing, painter, shown)
        painter.end()


def _has_chips(scene: Scene) -> bool:
    """Return whether something stands beside boxes, where a part of what is seen would lack it."""
    return any(each.overlay.mark == "chip" and each.boxes for each in scene.overlays.shown)


def _uncovered(whole: QRect, x: int, y: int) -> list[QRect]:
    """Return the parts of a rectangle that it does not cover once it is moved."""
    wide, tall = whole.width(), whole.height()
    rows = QRect(0, 0, wide, y) if y > 0 else QRect(0, tall + y, wide, -y)
    top, left = max(y, 0), QRect(0, 0, x, tall) if x > 0 else QRect(wide + x, 0, -x, tall)
    return [rows, QRect(left.x(), top, left.width(), tall - abs(y))]


def _together(rects: Sequence[QRect]) -> list[QRect]:
    """Return rectangles of which those beside each other are one, for each is looked through by itself.

    Those at two edges of the screen are two: what holds both is nearly all of it.
    """
    found: list[QRect] = []
    for rect in rects:
        if rect.isEmpty():
            continue
        near = next((each for each in found if _area(each.united(rect)) <= WASTE * (_area(each) + _area(rect))), None)
        if near is not None:
            found.remove(near)
        found.append(rect if near is None else near.united(rect))
    return found


def _area(rect: QRect) -> int:
    return rect.width() * rect.height()


def _on_screen(area: QRectF, exposure: Exposure, whole: QRect) -> QRect:
    """Return the pixels of the widget that show a part of the canvas."""
    screen = exposure.screen
    assert screen is not None
    camera = screen.camera
    corners = camera.to_screen(area.topLeft()) * screen.unit, camera.to_screen(area.bottomRight()) * screen.unit
    return QRectF(*corners).toAlignedRect().intersected(whole)


def _on_canvas(rect: QRect, exposure: Exposure) -> QRectF:
    """Return the part of the canvas that pixels of the widget show, and what stands over their edges."""
    screen = exposure.screen
    assert screen is not None
    camera, around = screen.camera, QRectF(rect).adjusted(-NEAR, -NEAR, NEAR, NEAR)
    corners = camera.to_canvas(around.topLeft() / screen.unit), camera.to_canvas(around.bottomRight() / screen.unit)
    return QRectF(*corners)

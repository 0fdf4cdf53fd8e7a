"""The yardstick of the canvas: the same places, with a QGraphicsItem for each box and each line."""

from __future__ import annotations

import time

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QTransform
from PySide6.QtWidgets import QGraphicsItem, QGraphicsPathItem, QGraphicsScene, QGraphicsView

from qviz.ui.canvas.fonts import title_font
from qviz.ui.canvas.scene import Scene


class _Item(QGraphicsItem):
    def __init__(self, rect: QRectF, title: str) -> None:
        super().__init__()
        self._rect, self._title = rect, title

    def boundingRect(self) -> QRectF:  # noqa: N802
        return self._rect.adjusted(-1, -1, 1, 1)

    def paint(self, painter: QPainter, *_: object) -> None:
        painter.setPen(QPen(QColor("#555"), 1.4))
        painter.setBrush(QColor("#eee"))
        painter.drawRoundedRect(self._rect, 6, 6)
        painter.setFont(title_font())
        painter.drawText(self._rect, Qt.AlignmentFlag.AlignCenter, self._title)


class ItemPerNode:
    """A QGraphicsView of a scene of qviz."""

    def __init__(self, scene: Scene, width: int, height: int) -> None:
        self._scene = QGraphicsScene()
        for box in scene.view.boxes:
            if not box.is_open:
                self._scene.addItem(_Item(scene.rect(box.id), box.title))
        for route in scene.places.routes:
            path = QPainterPath(QPointF(*route[0]))
            for point in route[1:]:
                path.lineTo(*point)
            self._scene.addItem(QGraphicsPathItem(path))
        self._view = QGraphicsView(self._scene)
        self._view.resize(width, height)
        self._view.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._view.show()
        bounds = scene.bounds
        self._fit = min(width / max(bounds.width(), 1), height / max(bounds.height(), 1), 1.0)
        self._middle = bounds.center()

    def frame(self, scale: float = 0.0) -> float:
        """Return the milliseconds of one frame at a scale; the whole graph without."""
        scale = scale or self._fit
        self._view.setTransform(QTransform.fromScale(scale, scale))
        self._view.centerOn(self._middle)
        started = time.perf_counter()
        self._view.viewport().grab()
        return (time.perf_counter() - started) * 1000

    def close(self) -> None:
        """Paint no more."""
        self._view.close()

    def worst_of_zoom(self) -> float:
        """Return the worst frame of a zoom from everything to 100 %."""
        scale, worst = self._fit, 0.0
        for _ in range(200):
            worst = max(worst, self.frame(scale))
            if scale >= 1.0:
                break
            scale = min(scale * 4, 1.0)  # few steps: the first ones take seconds each
        return worst

"""The mouse on a surface: click, drag, rubber band."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QObject, QPointF, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QApplication, QWidget

from qviz.analysis.views.view import Box
from qviz.ui.canvas.exposure import Exposure
from qviz.ui.canvas.glide import Glide
from qviz.ui.canvas.motion import wants_less_motion
from qviz.ui.canvas.viewport import Viewport


class Pointing(QObject):
    """Pans a viewport as the mouse moves; paints the rubber band.

    Signals:
        clicked: The `Box` under a click, or None.
        banded: The `QRectF` of the canvas that the user drew a rubber band around.
        changed: The band, or the box under the pointer, is another.

    Attributes:
        hovered: The id of the box under the pointer.
        band: The rubber band on the screen.
    """

    clicked = Signal(object)
    banded = Signal(object)
    changed = Signal()

    def __init__(self, widget: QWidget, viewport: Viewport) -> None:
        super().__init__(widget)
        self._viewport = viewport
        self.hovered: str | None = None
        self.band: QRectF | None = None
        self.glide = Glide(self)
        self.glide.moved.connect(viewport.pan)
        self._pressed: QPointF | None = None
        self._is_dragging = False

    def paint(self, painter: QPainter, exposure: Exposure) -> None:
        """Paint the rubber band."""
        if self.band is None or exposure.screen is None:
            return
        color = exposure.theme.color("selection")
        soft = QColor(color)
        soft.setAlphaF(0.10)
        painter.setWorldTransform(exposure.screen.transform)
        painter.setPen(QPen(color, 1.0, Qt.PenStyle.DashLine))
        painter.setBrush(soft)
        painter.drawRect(self.band.normalized())

    def box_at(self, point: QPointF) -> Box | None:
        """Return the box at a place on the widget."""
        return self._box_at(self._viewport.at(point))

    def _box_at(self, point: QPointF) -> Box | None:
        scene = self._viewport.scene
        return scene.box_at(self._viewport.camera.to_canvas(point)) if scene else None

    def forget(self) -> None:
        """Forget a press: it was a gesture of two fingers."""
        self._pressed = None

    def press(self, event: QMouseEvent) -> None:
        """Begin a click, a drag, or with Shift a rubber band."""
        self.glide.stop()
        is_left = event.button() is Qt.MouseButton.LeftButton
        if is_left and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.band = QRectF(self._viewport.at(event.position()), QSizeF())
        elif event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._pressed, self._is_dragging = self._viewport.at(event.position()), False

    def move(self, event: QMouseEvent) -> None:
        """Pan while pressed, else see what is under the pointer."""
        if self.band is not None:
            self.band.setBottomRight(self._viewport.at(event.position()))
            self.changed.emit()
        elif self._pressed is None:
            self._hover(self._viewport.at(event.position()))
        else:
            self._drag(event, self._viewport.at(event.position()) - self._pressed)

    def _drag(self, event: QMouseEvent, way: QPointF) -> None:
        if self._is_dragging or way.manhattanLength() >= QApplication.startDragDistance():
            self._is_dragging = True
            self._set_cursor(Qt.CursorShape.ClosedHandCursor)
            self._viewport.pan(way)
            self.glide.push(way, event.timestamp())
            self._pressed = self._viewport.at(event.position())

    def release(self, event: QMouseEvent) -> None:
        """End a click, a drag or a band."""
        if self.band is not None:
            self._end_band(self.band.normalized())
            return
        if self._is_dragging and not wants_less_motion():
            self.glide.let_go(event.timestamp())
        was_click = self._pressed is not None and not self._is_dragging
        self._pressed, self._is_dragging = None, False
        self._hover(self._viewport.at(event.position()))
        if was_click and event.button() is Qt.MouseButton.LeftButton:
            self.clicked.emit(self._box_at(self._viewport.at(event.position())))

    def _end_band(self, band: QRectF) -> None:
        self.band = None
        self.changed.emit()
        if max(band.width(), band.height()) >= QApplication.startDragDistance():
            to_canvas = self._viewport.camera.to_canvas
            self.banded.emit(QRectF(to_canvas(band.topLeft()), to_canvas(band.bottomRight())))

    def _hover(self, point: QPointF) -> None:
        box = self._box_at(point)
        self._set_cursor(Qt.CursorShape.PointingHandCursor if box else Qt.CursorShape.ArrowCursor)
        if (box.id if box else None) != self.hovered:
            self.hovered = box.id if box else None
            self.changed.emit()

    def _set_cursor(self, shape: Qt.CursorShape) -> None:
        cast("QWidget", self.parent()).setCursor(shape)

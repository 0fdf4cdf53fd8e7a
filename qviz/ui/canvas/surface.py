"""The widget under the canvas: draws a scene as its camera sees it, pans and zooms."""

from __future__ import annotations

from typing import Literal, TypeAlias

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHideEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QGestureEvent, QPinchGesture, QWidget

from qviz.analysis.views.view import Box
from qviz.layout.place import Direction
from qviz.ui.canvas.camera import Camera, fitting, opening
from qviz.ui.canvas.exposure import Exposure, Marks, Screen
from qviz.ui.canvas.fonts import subtitle_font
from qviz.ui.canvas.glide import Glide
from qviz.ui.canvas.motion import Motion, wants_less_motion
from qviz.ui.canvas.painters import GRAPH, SELECTION, Painter, paint_all
from qviz.ui.canvas.painters.minimap import Minimap
from qviz.ui.canvas.painters.tiled import TiledPainter
from qviz.ui.canvas.scene import Scene
from qviz.ui.theme import Theme
from qviz.ui.theme import theme as theme_of

Pose: TypeAlias = Literal["free", "fit", "opening"]

WHEEL = 1.0015
"""Zoom by one eighth of a degree of the wheel."""


class Surface(QWidget):
    """Shows a scene through a camera that the user moves.

    Signals:
        camera_moved: The `Camera`, after the user moved it.
        travelled: The `Camera` before and after the user moved it, for another canvas's `travel`.
        banded: The `QRectF` of the canvas that the user drew a rubber band around.

    Attributes:
        scene: What is shown, or None.
        words: What is written where no scene is shown.
        layers: What is painted, the lowest first.
    """

    camera_moved = Signal(object)
    travelled = Signal(object, object)
    banded = Signal(object)

    def __init__(self, parent: QWidget | None = None, theme: Theme | None = None) -> None:
        super().__init__(parent)
        self.scene: Scene | None = None
        self.words = ""
        # Shown until the next scene is placed, so that changing stages does not flicker.
        self._leaving: Scene | None = None
        self._theme = theme or theme_of("light")
        self._camera = Camera()
        self._pose: Pose = "free"
        self._tiled = TiledPainter(self, GRAPH)
        self._tiled.improved.connect(self.update)
        self._minimap = Minimap(self._tiled)
        self.layers: tuple[Painter, ...] = (self._tiled, *SELECTION, self._minimap)
        self._motion = Motion(self)
        self._motion.moved.connect(self.update)
        self._glide = Glide(self)
        self._glide.moved.connect(self.on_glide_moved)
        self._direction: Direction = "down"
        self._hovered: str | None = None
        self._pressed: QPointF | None = None
        self._band: QRectF | None = None
        self._is_dragging = False
        self._is_jumping = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.grabGesture(Qt.GestureType.PinchGesture)

    @property
    def is_finished(self) -> bool:
        """Whether a crowded picture is painted to its end, and nothing moves."""
        return self._tiled.is_finished and not self._motion.is_running

    def theme(self) -> Theme:
        """Return the colours in use."""
        return self._theme

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""
        self._theme = theme
        self.update()

    def camera(self) -> Camera:
        """Return where the canvas looks."""
        return self._camera

    def set_camera(self, camera: Camera) -> None:
        """Look elsewhere without telling anyone."""
        self._look(Camera(*camera))

    def travel(self, before: Camera, after: Camera) -> None:
        """Pan and zoom as another canvas did, from where this one looks; tells no one."""
        self._look(self._camera.along(before, after))

    def fit(self) -> None:
        """Show everything."""
        if self.scene:
            self._move(fitting(self.scene.bounds, self.width(), self.height()))
            self._pose = "fit"

    def open_camera(self) -> None:
        """Look where reading begins: at everything, or at the upper end; tells no one."""
        if self.scene and self.scene.view.boxes:
            first = self.scene.rect(self.scene.view.boxes[0].id)
            self._look(opening(self.scene.bounds, first, self.width(), self.height(), self._direction == "right"))
            self._pose = "opening"

    def zoom_by(self, factor: float) -> None:
        """Zoom around the middle."""
        self._move(self._camera.zoomed(factor, QPointF(self.width() / 2, self.height() / 2)))

    def zoom_to(self, scale: float) -> None:
        """Zoom to a scale; 1 is 100 %."""
        self._move(self._camera.scaled(scale, QPointF(self.width() / 2, self.height() / 2)))

    def sizeHint(self) -> QSize:
        """Return room for a small graph."""
        return QSize(520, 600)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what the camera sees."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.color("canvas"))
        scene = self.scene or self._leaving
        if scene is None:
            self._paint_words(painter)
            return
        self._paint_scene(painter, scene)
        if self._band is not None:
            self._paint_band(painter, self._band)

    def _paint_scene(self, painter: QPainter, scene: Scene) -> None:
        scale, x, y = self._camera
        screen = Screen(self._camera, QSizeF(self.size()), painter.worldTransform())
        sight = self._camera.sight(self.width(), self.height())
        painter.save()
        painter.scale(scale, scale)
        painter.translate(-x, -y)
        if self._motion.is_running:
            # Boxes come from as far as the screen is large.
            around = sight.adjusted(-sight.width(), -sight.height(), sight.width(), sight.height())
            moving = Exposure(scene, around, scale, self._theme, self._marks(), self._motion.now(), screen)
            paint_all((*GRAPH, *SELECTION), painter, moving)
        else:
            edge = 2 / scale  # one pixel more on each side for the pens' widths
            area = sight.adjusted(-edge, -edge, edge, edge)
            exposure = Exposure(scene, area, scale, self._theme, self._marks(), None, screen)
            for each in self.layers:
                painter.save()
                each.paint(painter, exposure)
                painter.restore()
        painter.restore()

    def _paint_band(self, painter: QPainter, band: QRectF) -> None:
        soft = QColor(self._theme.color("selection"))
        soft.setAlphaF(0.10)
        painter.setPen(QPen(self._theme.color("selection"), 1.0, Qt.PenStyle.DashLine))
        painter.setBrush(soft)
        painter.drawRect(band.normalized())

    def _paint_words(self, painter: QPainter) -> None:
        painter.setPen(self._theme.color("text.muted"))
        painter.setFont(subtitle_font())
        painter.drawText(self.rect().adjusted(20, 20, -20, -20), int(Qt.AlignmentFlag.AlignCenter), self.words)

    def chosen_box(self) -> str | None:
        """Return the id of the selected box."""
        return None

    def _marks(self) -> Marks:
        """Return what to emphasise."""
        return Marks()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep a fitted picture fitted, and any other's middle in the middle."""
        if self._pose != "free" and self.scene:
            self.fit() if self._pose == "fit" else self.open_camera()
            return
        old = event.oldSize()
        if old.isValid():
            grown = event.size() - old
            self._camera = self._camera.moved(grown.width() / 2, grown.height() / 2)

    def hideEvent(self, event: QHideEvent) -> None:
        """Forget the pointer."""
        self._hovered = None

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer; with Shift, or two fingers on a touch pad, pan."""
        pixels, degrees = event.pixelDelta(), event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._move(self._camera.moved(degrees.x() or degrees.y(), 0))
        elif not pixels.isNull() and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._move(self._camera.moved(pixels.x(), pixels.y()))
        else:
            self._move(self._camera.zoomed(WHEEL ** degrees.y(), event.position()))
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Zoom where two fingers pinch, on a touch pad or a touch screen."""
        if isinstance(event, QNativeGestureEvent):
            if event.gestureType() is Qt.NativeGestureType.ZoomNativeGesture:
                self._move(self._camera.zoomed(1.0 + event.value(), event.position()))
                return True
        elif isinstance(event, QGestureEvent):
            pinch = event.gesture(Qt.GestureType.PinchGesture)
            if isinstance(pinch, QPinchGesture):
                self._pinch(pinch)
                return True
        return super().event(event)

    def _pinch(self, pinch: QPinchGesture) -> None:
        at, before = pinch.centerPoint(), pinch.lastCenterPoint()
        # Qt gives the places of a touch screen in those of the whole desktop.
        here = QPointF(self.mapFromGlobal(at.toPoint()))
        way = at - before if pinch.state() is not Qt.GestureState.GestureStarted else QPointF()
        self._pressed = None
        self._move(self._camera.moved(way.x(), way.y()).zoomed(pinch.scaleFactor(), here))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a click, a drag, or with Shift a rubber band."""
        self._glide.stop()
        is_left = event.button() is Qt.MouseButton.LeftButton
        if is_left and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._band = QRectF(event.position(), QSizeF())
            return
        if event.button() is Qt.MouseButton.LeftButton and self._jump(event.position()):
            self._is_jumping = True
        elif event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._pressed, self._is_dragging = event.position(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan while pressed, else see what is under the pointer."""
        if self._is_jumping:
            self._jump(event.position())
            return
        if self._band is not None:
            self._band.setBottomRight(event.position())
            self.update()
            return
        if self._pressed is None:
            self._hover(event.position())
            return
        way = event.position() - self._pressed
        if self._is_dragging or way.manhattanLength() >= QApplication.startDragDistance():
            self._is_dragging = True
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self._move(self._camera.moved(way.x(), way.y()))
            self._glide.push(way, event.timestamp())
            self._pressed = event.position()

    def on_glide_moved(self, way: QPointF) -> None:
        """Pan on."""
        self._move(self._camera.moved(way.x(), way.y()))

    def _end_press(self, event: QMouseEvent) -> bool:
        """End a click, a drag or a band; return whether it was a click."""
        point = event.position()
        if self._band is not None:
            self._end_band(self._band.normalized())
            return False
        if self._is_dragging and not wants_less_motion():
            self._glide.let_go(event.timestamp())
        was_click = self._pressed is not None and not self._is_dragging
        self._pressed, self._is_dragging, self._is_jumping = None, False, False
        self._hover(point)
        return was_click

    def _end_band(self, band: QRectF) -> None:
        self._band = None
        self.update()
        if max(band.width(), band.height()) >= QApplication.startDragDistance():
            self.banded.emit(QRectF(self._camera.to_canvas(band.topLeft()), self._camera.to_canvas(band.bottomRight())))

    def _jump(self, point: QPointF) -> bool:
        """Look where the small map is pressed; return whether it is there."""
        size = QSizeF(self.size())
        place = self._minimap.place_at(point, self.scene, self._camera, size) if self.scene else None
        if place is not None:
            self._move(self._camera.centred(QRectF(place, place), size.width(), size.height()))
        return place is not None

    def _box_at(self, point: QPointF) -> Box | None:
        return self.scene.box_at(self._camera.to_canvas(point)) if self.scene else None

    def _hover(self, point: QPointF) -> None:
        box = self._box_at(point)
        self.setCursor(Qt.CursorShape.PointingHandCursor if box else Qt.CursorShape.ArrowCursor)
        if (box.id if box else None) != self._hovered:
            self._hovered = box.id if box else None
            self.update()

    def _move(self, camera: Camera) -> None:
        """Look elsewhere because the user wants to."""
        before = self._camera
        self._look(camera)
        self.camera_moved.emit(camera)
        self.travelled.emit(before, camera)

    def _look(self, camera: Camera) -> None:
        self._camera, self._pose = camera, "free"
        self.update()

    def _sees_a_box(self) -> bool:
        """Tell whether folding left anything where the camera looks."""
        assert self.scene is not None
        return not self.scene.are_few(self._camera.sight(self.width(), self.height()), 0)

    def _in_place(self) -> list[tuple[str, QPointF]]:
        """Return the boxes in sight and where on screen they are, from the middle outwards."""
        if self.scene is None:
            return []
        sight = self._camera.sight(self.width(), self.height())
        boxes = [box.id for box in self.scene.visible(sight).boxes if not box.is_open and box.stub_of is None]
        rect, middle = self.scene.rect, sight.center()
        boxes.sort(key=lambda each: (each != self.chosen_box(), (rect(each).center() - middle).manhattanLength()))
        return [(each, self._camera.to_screen(self._handle(each))) for each in boxes]

    def _handle(self, box_id: str) -> QPointF:
        """Return the place of a box that stays when the box opens or the view changes: its title's."""
        assert self.scene is not None
        return self.scene.rect(box_id).topLeft()

    def _hold(self, box_id: str, at: QPointF) -> None:
        """Look so that a box is at a place on the screen; tells no one."""
        if self.scene and box_id in self.scene.box:
            way = at - self._camera.to_screen(self._handle(box_id))
            self._look(self._camera.moved(way.x(), way.y()))

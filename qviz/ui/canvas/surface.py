"""The widget of a canvas: paints a scene as its viewport sees it, and hands on what the user does."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QGestureEvent, QPinchGesture, QToolTip, QWidget

from qviz.document.graph import Graph
from qviz.ui.canvas import wording
from qviz.ui.canvas.emphasis import Emphasis
from qviz.ui.canvas.exposure import Exposure, Screen
from qviz.ui.canvas.fonts import subtitle_font
from qviz.ui.canvas.motion import Motion
from qviz.ui.canvas.painters import GRAPH, LOOSE, SELECTION, SHAPES, WRITING, Painter, paint_all
from qviz.ui.canvas.painters.chain import Layers
from qviz.ui.canvas.painters.kept import KeptPainter
from qviz.ui.canvas.painters.tiled import TiledPainter
from qviz.ui.canvas.pointing import Pointing
from qviz.ui.canvas.scene import Scene
from qviz.ui.canvas.viewport import Viewport
from qviz.ui.theme import Theme
from qviz.ui.theme import theme as theme_of

WHEEL = 1.0015
"""Zoom by one eighth of a degree of the wheel."""


class Surface(QWidget):
    """Shows a scene through a viewport that the user moves.

    Signals:
        double_clicked: The `Box`.
        menu_requested: Where in the viewport, and where on the desktop, a menu was asked for.
        key_pressed: A `QKeyEvent` that is ignored unless someone accepts it.

    Attributes:
        viewport: Which part is shown.
        pointing: What the mouse does.
        emphasis: What stands out.
        motion: Boxes on their way to other places.
        layers: What is painted, the lowest first; it leaves no ground of the widget bare.
        graph: Of what is shown, for tooltips.
        leaving: Shown until the next scene is placed, so that changing stages does not flicker.
        words: What is written where no scene is shown.
    """

    double_clicked = Signal(object)
    menu_requested = Signal(QPointF, QPoint)
    key_pressed = Signal(object)

    def __init__(self, parent: QWidget | None = None, theme: Theme | None = None) -> None:
        super().__init__(parent)
        self.words = ""
        self._is_of_another = False
        self.graph: Graph | None = None
        self.leaving: Scene | None = None
        self._theme = theme or theme_of("light")
        self._kept = KeptPainter(self, TiledPainter(self, SHAPES), WRITING)
        self.viewport = Viewport(self)
        self.pointing = Pointing(self, self.viewport)
        self.emphasis = Emphasis(self)
        self.motion = Motion(self)
        self.layers: tuple[Painter, ...] = (self._kept, Layers(LOOSE), *SELECTION, self.pointing)
        for each in (self._kept.improved, self.motion.moved, self.emphasis.changed, self.pointing.changed):
            each.connect(self.update)
        self.viewport.changed.connect(self.update)
        self._has_keys = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.grabGesture(Qt.GestureType.PinchGesture)

    @property
    def scene(self) -> Scene | None:
        """What is shown."""
        return self.viewport.scene

    def show_scene(self, scene: Scene | None, leaving: Scene | None = None) -> None:
        """Show a scene; without, the words, or a scene that leaves until the next comes."""
        if scene is not None:
            self.motion.stop()  # what was on its way is of another scene
            self._is_of_another = False
        self.viewport.scene, self.leaving, self.pointing.hovered = scene, leaving, None
        self.update()

    def begin_another(self) -> None:
        """Show no picture that leaves until the first of another model is there."""
        self._is_of_another = True

    @property
    def is_finished(self) -> bool:
        """Whether a crowded picture is painted to its end, and nothing moves."""
        return self._kept.is_finished and not self.motion.is_running

    def theme(self) -> Theme:
        """Return the colors in use."""
        return self._theme

    def set_theme(self, theme: Theme) -> None:
        """Use other colors."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for a small graph."""
        return QSize(520, 600)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what the camera sees."""
        painter = QPainter(self)
        scene = self.scene or (None if self._is_of_another else self.leaving)
        if scene is None:
            painter.fillRect(self.rect(), self._theme.color("canvas"))
            self._paint_words(painter)
        else:
            self._paint_scene(painter, scene)
        if self._has_keys and self.hasFocus():
            painter.fillRect(0, 0, self.width(), 2, self._theme.color("accent"))

    def _paint_scene(self, painter: QPainter, scene: Scene) -> None:
        camera, sight = self.viewport.camera, self.viewport.sight
        marks, unit = self.emphasis.marks(self.scene, self.pointing.hovered), self.viewport.unit
        painter.save()
        painter.scale(unit, unit)
        screen = Screen(camera, self.viewport.size, painter.worldTransform(), unit)
        painter.scale(camera.scale, camera.scale)
        painter.translate(-camera.x, -camera.y)
        edge = 2 / camera.scale  # one pixel more on each side for the pens' widths
        area = sight.adjusted(-edge, -edge, edge, edge)
        moving = self.motion.now() if self.motion.is_running else None
        exposure = Exposure(scene, area, camera.scale, self._theme, marks, moving, screen)
        if moving is not None:
            exposure.clear(painter)
            paint_all((*GRAPH, *SELECTION), painter, exposure)
        else:
            for each in self.layers:
                painter.save()
                each.paint(painter, exposure)
                painter.restore()
        painter.restore()

    def _paint_words(self, painter: QPainter) -> None:
        painter.setPen(self._theme.color("text.muted"))
        painter.setFont(subtitle_font())
        painter.drawText(self.rect().adjusted(20, 20, -20, -20), int(Qt.AlignmentFlag.AlignCenter), self.words)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where keys go, to those who use keys."""
        reasons = Qt.FocusReason
        self._has_keys = event.reason() in (reasons.TabFocusReason, reasons.BacktabFocusReason)
        super().focusInEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep what was in sight."""
        old = event.oldSize()
        self.viewport.keep(QSizeF(event.size() - old) / self.viewport.unit if old.isValid() else None)

    def hideEvent(self, event: QHideEvent) -> None:
        """Forget the pointer."""
        self.pointing.hovered = None

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer; with Shift, or two fingers on a touch pad, pan."""
        pixels, degrees = event.pixelDelta(), event.angleDelta()
        at = self.viewport.at(event.position())
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.viewport.pan(QPointF(degrees.x() or degrees.y(), 0))
        elif not pixels.isNull() and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.viewport.pan(QPointF(pixels))
        else:
            self.viewport.move(self.viewport.camera.zoomed(WHEEL ** degrees.y(), at))
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Zoom where two fingers pinch; show what a box is when the pointer rests on it."""
        if isinstance(event, QNativeGestureEvent):
            if event.gestureType() is Qt.NativeGestureType.ZoomNativeGesture:
                at = self.viewport.at(event.position())
                self.viewport.move(self.viewport.camera.zoomed(1.0 + event.value(), at))
                return True
        elif isinstance(event, QGestureEvent):
            pinch = event.gesture(Qt.GestureType.PinchGesture)
            if isinstance(pinch, QPinchGesture):
                self._pinch(pinch)
                return True
        elif isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            box = self.pointing.box_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), wording.tooltip(box, self.graph) if box else "", self)
            return True
        return super().event(event)

    def _pinch(self, pinch: QPinchGesture) -> None:
        at, before = pinch.centerPoint(), pinch.lastCenterPoint()
        # Qt gives the places of a touch screen in those of the whole desktop.
        here = self.viewport.at(QPointF(self.mapFromGlobal(at.toPoint())))
        way = self.viewport.at(at - before) if pinch.state() is not Qt.GestureState.GestureStarted else QPointF()
        self.pointing.forget()
        self.viewport.move(self.viewport.camera.moved(way.x(), way.y()).zoomed(pinch.scaleFactor(), here))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a click, a drag or a rubber band."""
        self._has_keys = False
        self.pointing.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan while pressed, else see what is under the pointer."""
        self.pointing.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End what the press began."""
        self.pointing.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Tell which box it was."""
        box = self.pointing.box_at(event.position())
        if box is not None:
            self.double_clicked.emit(box)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu of what is there."""
        self.menu_requested.emit(self.viewport.at(QPointF(event.pos())), event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Pass on a key; the parent widget gets keys that are not handled."""
        event.ignore()
        self.key_pressed.emit(event)
        if event.isAccepted() and not self._has_keys:
            self._has_keys = True
            self.update()
        if not event.isAccepted():
            super().keyPressEvent(event)

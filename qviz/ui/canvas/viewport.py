"""Which part of a scene a widget shows: a camera that the user, or another canvas, moves."""

from __future__ import annotations

from typing import Literal, TypeAlias, cast

from PySide6.QtCore import QObject, QPointF, QRectF, QSizeF, Signal
from PySide6.QtWidgets import QWidget

from qviz.document.graph import Kind
from qviz.layout.place import Direction
from qviz.ui.canvas.camera import Camera, fitting, opening
from qviz.ui.canvas.metrics import LEAST
from qviz.ui.canvas.scene import Scene

Pose: TypeAlias = Literal["free", "fit", "opening"]
OnScreen: TypeAlias = "tuple[str, QPointF]"
"""The id of a box, and where on the screen it is."""
LARGEST_FIT = {1: 1.15, 2: 1.0}
"""The largest scale at which everything is shown, by the rows of text in a box: rows of one line stand closer."""


class Viewport(QObject):
    """A camera over a scene, on a widget whose child this is.

    Signals:
        changed: The camera looks elsewhere, whoever moved it.
        moved: The `Camera`, after the user moved it.
        resized: The widget has another size.
        travelled: The `Camera` before and after the user moved it, for another canvas's `travel`.

    Attributes:
        scene: What is shown, or None.
        camera: Where it looks.
        pose: Whether the whole scene stays fitted, or its opening shown, when the widget is resized.
        direction: Where the picture runs to.
        unit: How large a pixel of the viewport is on the widget: texts, and with them all else, may be larger.
    """

    changed = Signal()
    moved = Signal(object)
    travelled = Signal(object, object)
    resized = Signal()

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.scene: Scene | None = None
        self.camera = Camera()
        self.pose: Pose = "free"
        self.direction: Direction = "down"
        self.unit = 1.0

    @property
    def size(self) -> QSizeF:
        """The widget's size in pixels of the viewport."""
        return QSizeF(cast("QWidget", self.parent()).size()) / self.unit

    def at(self, point: QPointF) -> QPointF:
        """Return a place on the widget in pixels of the viewport."""
        return point / self.unit

    def on_widget(self, point: QPointF) -> QPointF:
        """Return a place in pixels of the viewport on the widget."""
        return point * self.unit

    def enlarge(self, unit: float) -> None:
        """Show everything larger or smaller, texts included; what was fitted stays so."""
        if unit != self.unit:
            self.unit = unit
            self.keep(None)
            self.changed.emit()

    @property
    def sight(self) -> QRectF:
        """The part of the canvas that is in sight."""
        size = self.size
        return self.camera.sight(size.width(), size.height())

    def set_camera(self, camera: Camera) -> None:
        """Look elsewhere without telling other canvases."""
        self.camera, self.pose = Camera(*camera), "free"
        self.changed.emit()

    def move(self, camera: Camera) -> None:
        """Look elsewhere because the user wants to."""
        before = self.camera
        self.set_camera(camera)
        self.moved.emit(camera)
        self.travelled.emit(before, camera)

    def pan(self, way: QPointF) -> None:
        """Push the picture by so many pixels."""
        self.move(self.camera.moved(way.x(), way.y()))

    def copy(self, other: Viewport) -> None:
        """Look where another does; a widget of another width has the same middle. Tells no one."""
        beside = (other.size.width() - self.size.width()) / 2 / other.camera.scale
        pose = other.pose
        self.set_camera(other.camera._replace(x=other.camera.x + beside))
        self.pose = pose

    def travel(self, before: Camera, after: Camera) -> None:
        """Pan and zoom as another canvas did, from where this one looks; tells no one."""
        self.set_camera(self.camera.along(before, after))

    def fit(self) -> None:
        """Show everything."""
        if self.scene:
            self.move(self._whole(self.scene))
            self.pose = "fit"

    def _whole(self, scene: Scene) -> Camera:
        return fitting(scene.bounds, self.size.width(), self.size.height(), LARGEST_FIT[scene.rows])

    def open(self) -> None:
        """Look where reading begins: at everything, or at the upper end; tells no one."""
        if self.scene and self.scene.view.boxes:
            boxes = self.scene.view.boxes
            begin = next((box for box in boxes if box.kind is not Kind.CONSTANT), boxes[0])
            size, first = self.size, self.scene.rect(begin.id)
            is_turned = self.direction == "right"
            largest = LARGEST_FIT[self.scene.rows]
            most = LEAST if self.scene.rows == 1 else 1.0  # texts keep their size; closer rows show more of them
            self.set_camera(opening(self.scene.bounds, first, size.width(), size.height(), is_turned, largest, most))
            self.pose = "opening"

    def look_again(self) -> None:
        """Look where the pose says; tells no one."""
        if self.pose == "opening":
            self.open()
        elif self.pose == "fit" and self.scene:
            self.set_camera(self._whole(self.scene))
            self.pose = "fit"

    def zoom_by(self, factor: float, about: str | None = None) -> None:
        """Zoom around a box, so that it stays in sight, or where none is, around the middle."""
        self.move(self.camera.zoomed(factor, self._fixed(about)))

    def zoom_to(self, scale: float, about: str | None = None) -> None:
        """Zoom to a scale; 1 is 100 %."""
        self.move(self.camera.scaled(scale, self._fixed(about)))

    def center(self, place: QPointF) -> None:
        """Bring a place of the canvas into the middle."""
        self.move(self.camera.centred(QRectF(place, place), self.size.width(), self.size.height()))

    def keep(self, grown: QSizeF | None) -> None:
        """Keep a fitted picture fitted after the widget was resized, and any other's middle in the middle."""
        if self.pose != "free" and self.scene:
            self.fit() if self.pose == "fit" else self.open()
        elif grown is not None:
            self.camera = self.camera.moved(grown.width() / 2, grown.height() / 2)
        self.resized.emit()

    def showing(self, box_id: str) -> Camera:
        """Return the camera that has a box in sight: this one, where it has."""
        assert self.scene is not None
        return self.camera.revealing(self.scene.rect(box_id), self.size.width(), self.size.height())

    def sees_a_box(self) -> bool:
        """Tell whether anything is where the camera looks."""
        return self.scene is not None and not self.scene.are_few(self.sight, 0)

    def on_screen(self, box_id: str) -> QPointF:
        """Return where on the screen the place of a box is that stays when it opens: its title's."""
        assert self.scene is not None
        return self.camera.to_screen(self.scene.rect(box_id).topLeft())

    def in_place(self, first: str | None) -> list[OnScreen]:
        """Return the boxes in sight, one of them first, then from the middle outwards."""
        if self.scene is None:
            return []
        sight, rect = self.sight, self.scene.rect
        middle = sight.center()
        boxes = [box.id for box in self.scene.visible(sight).boxes if not box.is_open and box.stub_of is None]
        boxes.sort(key=lambda each: (each != first, (rect(each).center() - middle).manhattanLength()))
        return [(each, self.on_screen(each)) for each in boxes]

    def hold(self, box_id: str, at: QPointF) -> None:
        """Look so that a box is at a place on the screen, but that nothing is cut that has room; tells no one."""
        if self.scene and box_id in self.scene.box:
            way = at - self.on_screen(box_id)
            camera, size, bounds = self.camera.moved(way.x(), way.y()), self.size, self.scene.bounds
            sight = camera.sight(size.width(), size.height())
            if bounds.width() <= sight.width() and not sight.left() <= bounds.left() <= sight.right() - bounds.width():
                camera = camera._replace(x=camera.centred(bounds, size.width(), size.height()).x)
            self.set_camera(camera)

    def _fixed(self, box_id: str | None) -> QPointF:
        """Return the place on the screen that stays: the middle of a box that is in sight, else that of the screen."""
        if self.scene is not None and box_id in self.scene.box:
            at = self.camera.to_screen(self.scene.rect(box_id).center())
            if QRectF(QPointF(), self.size).contains(at):
                return at
        return QPointF(self.size.width() / 2, self.size.height() / 2)

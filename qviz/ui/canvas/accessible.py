"""Tells screen readers what is on the canvas: one child for each box, with its role and neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QPoint, QRect
from PySide6.QtGui import QAccessible, QAccessibleEvent, QAccessibleInterface, QColor, QWindow
from PySide6.QtWidgets import QAccessibleWidget, QWidget

from qviz.ui.canvas import wording
from qviz.ui.canvas.folding_moves import can_toggle
from qviz.ui.canvas.surface import Surface
from qviz.words import mark, tr

if TYPE_CHECKING:
    from qviz.analysis.views.view import Box
    from qviz.ui.canvas.scene import Scene

# Qt holds bare pointers to what the factory returned; Python must not collect them.
_canvases: dict[int, CanvasInterface] = {}
_is_installed: list[bool] = []


class BoxInterface(QAccessibleInterface):
    """One box of a canvas."""

    def __init__(self, canvas: Surface, parent: CanvasInterface, box_id: str) -> None:
        super().__init__()
        self._canvas = canvas
        self._parent = parent
        self._box_id = box_id

    def isValid(self) -> bool:
        """Return whether the box is still shown."""
        return self._box() is not None

    def object(self) -> QObject:
        """Return None: a box is not a QObject."""
        return None  # type: ignore[return-value]  # Qt's own items return null here too

    def window(self) -> QWindow:
        """Return the canvas's window."""
        return self._parent.window()

    def role(self) -> QAccessible.Role:
        """Return a group for a module, a list's item for a node."""
        box = self._box()
        return QAccessible.Role.Grouping if box is not None and box.kind is None else QAccessible.Role.ListItem

    def text(self, kind: QAccessible.Text) -> str:
        """Return what a box is called, and between which others it stands."""
        box, scene = self._box(), self._canvas.scene
        if box is None or scene is None:
            return ""
        if kind is QAccessible.Text.Name:
            return wording.spoken(box)
        return neighbours(scene, box) if kind is QAccessible.Text.Description else ""

    def setText(self, kind: QAccessible.Text, text: str) -> None:
        """Change nothing."""

    def rect(self) -> QRect:
        """Return the place on the display."""
        scene = self._canvas.scene
        if scene is None or self._box_id not in scene.box:
            return QRect()
        rect, viewport = scene.rect(self._box_id), self._canvas.viewport
        ends = (viewport.camera.to_screen(each) for each in (rect.topLeft(), rect.bottomRight()))
        corners = [viewport.on_widget(each).toPoint() for each in ends]
        return QRect(*(self._canvas.mapToGlobal(each) for each in corners))

    def state(self) -> QAccessible.State:
        """Return what can be done, and what is the case."""
        state = QAccessible.State()
        box, chosen = self._box(), self._canvas.emphasis.selected_box
        state.focusable = state.selectable = box is not None
        state.focused = state.selected = box is not None and box.id == chosen
        state.expandable = box is not None and can_toggle(box)
        state.expanded = box is not None and box.is_open
        return state

    def parent(self) -> QAccessibleInterface:
        """Return the canvas."""
        return self._parent

    def child(self, index: int) -> QAccessibleInterface:
        """Return None: the boxes form a flat list."""
        return None  # type: ignore[return-value]  # as Qt's own

    def childCount(self) -> int:
        """Return 0."""
        return 0

    def childAt(self, x: int, y: int) -> QAccessibleInterface:
        """Return nothing."""
        return None  # type: ignore[return-value]  # as Qt's own

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        """Return -1."""
        return -1

    def foregroundColor(self) -> QColor:
        """Return the text's colour."""
        return self._canvas.theme().color("text")

    def backgroundColor(self) -> QColor:
        """Return the box's ground."""
        box = self._box()
        return self._canvas.theme().fill(box.kind if box else None)

    def _box(self) -> Box | None:
        return self._canvas.scene.box.get(self._box_id) if self._canvas.scene else None


class CanvasInterface(QAccessibleWidget):
    """The canvas: a list of boxes, in the order of the graph."""

    def __init__(self, canvas: Surface) -> None:
        super().__init__(canvas, QAccessible.Role.List, tr("Graph"))
        self._canvas = canvas
        self._children: dict[str, BoxInterface] = {}

    def childCount(self) -> int:
        """Return the number of boxes."""
        return len(self._canvas.scene.view.boxes) if self._canvas.scene else 0

    def child(self, index: int) -> QAccessibleInterface:
        """Return a box's interface."""
        boxes = self._canvas.scene.view.boxes if self._canvas.scene else ()
        if not 0 <= index < len(boxes):
            return None  # type: ignore[return-value]  # as Qt's own
        return self._interface(boxes[index].id)

    def childAt(self, x: int, y: int) -> QAccessibleInterface:
        """Return the interface of the box at a place on the display."""
        box = self._canvas.pointing.box_at(self._canvas.mapFromGlobal(QPoint(x, y)).toPointF())
        return self._interface(box.id) if box else None  # type: ignore[return-value]  # as Qt's own

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        """Return a box's position, -1 for others."""
        boxes = self._canvas.scene.view.boxes if self._canvas.scene else ()
        return next((index for index, box in enumerate(boxes) if self._children.get(box.id) is child), -1)

    def _interface(self, box_id: str) -> BoxInterface:
        made = self._children.get(box_id)
        if made is None:
            made = self._children[box_id] = BoxInterface(self._canvas, self, box_id)
        return made


_READS, _READ_BY = mark("reads {boxes}"), mark("read by {boxes}")


def neighbours(scene: Scene, box: Box) -> str:
    """Return between which boxes a box stands."""
    words = []
    for text, ids in ((_READS, scene.producers(box.id)), (_READ_BY, scene.consumers(box.id))):
        if titles := [scene.box[each].title for each in dict.fromkeys(ids)]:
            words.append(tr(text, boxes=", ".join(titles)))
    return "; ".join(words)


def install() -> None:
    """Let Qt ask for the canvas's description; more than once does nothing more."""
    if not _is_installed:
        QAccessible.installFactory(_make)
        _is_installed.append(True)


def _make(_name: str, thing: QObject | None) -> Any:
    if not isinstance(thing, Surface):
        return None
    key = id(thing)
    made = _canvases[key] = CanvasInterface(thing)
    thing.destroyed.connect(lambda: _canvases.pop(key, None))
    return made


def tell_focus(canvas: Surface) -> None:
    """Say that another box is selected."""
    chosen = canvas.scene.box.get(canvas.emphasis.selected_box or "") if canvas.scene else None
    if canvas.scene and chosen is not None:
        _tell(canvas, QAccessible.Event.Focus, canvas.scene.view.boxes.index(chosen))


def tell_changed(canvas: Surface) -> None:
    """Say that other boxes are shown."""
    _tell(canvas, QAccessible.Event.ObjectReorder, -1)


def _tell(widget: QWidget, event: QAccessible.Event, child: int) -> None:
    if not QAccessible.isActive():
        return
    message = QAccessibleEvent(widget, event)
    if child >= 0:
        message.setChild(child)
    QAccessible.updateAccessibility(message)

"""The selected node of a canvas, and its box: chosen by click, by key, or by another panel."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from qviz.analysis.views.folding import group_path
from qviz.analysis.views.view import Box
from qviz.ui.canvas.emphasis import Emphasis
from qviz.ui.canvas.scene import WalkStep
from qviz.ui.canvas.viewport import Viewport


class Selection(QObject):
    """One node, or none.

    Signals:
        chosen: The user chose a node; its id, "" for none.

    Attributes:
        node: The id of the selected node.
        group: The id of the box of the group that is selected, open or closed; "" where a node is.
        is_to_reveal: Whether its box comes into view when there is one.
    """

    chosen = Signal(str)

    def __init__(self, parent: QObject, viewport: Viewport, emphasis: Emphasis) -> None:
        super().__init__(parent)
        self._viewport, self._emphasis = viewport, emphasis
        self.node: str | None = None
        self.group = ""
        self.is_to_reveal = False

    @property
    def box(self) -> Box | None:
        """The box that shows the selection; a group's box if a group is selected."""
        scene = self._viewport.scene
        return scene.box.get(self._emphasis.selected_box or "") if scene else None

    def select(self, node_id: str | None, reveal: bool = True) -> None:
        """Select a node without telling anyone; `reveal` brings its box into view."""
        is_awaited = (
            self.is_to_reveal
        )  # the picture in which the selection before was to come into view is not here yet
        self.node, self.group, self.is_to_reveal = node_id or None, "", reveal
        self.find_box()
        self.is_to_reveal = self.is_to_reveal or (is_awaited and reveal and node_id is not None)

    def select_group(self, box_id: str) -> None:
        """Mark the group whose box this is, as far as it is shown; "" marks the node's box again."""
        self.group = box_id
        self.find_box()

    def choose(self, box: Box | None, reveal: bool = False) -> None:
        """Select a box by the user's hand."""
        self.node = box.members[0] if box and box.members else None
        self.group = box.id if box and group_path(box.id) is not None else ""
        if box and reveal and self._viewport.scene:
            self._viewport.move(self._viewport.showing(box.id))
        self._emphasis.select(box.id if box else None)
        self.chosen.emit(self.node or "")

    def find_box(self) -> None:
        """Find the box that shows the node, or the group, now."""
        scene = self._viewport.scene
        box = scene.find(self.node) if scene and self.node else None
        group = scene.group_box(self.group) if scene and self.group else None
        marked = group or box
        self._emphasis.select(marked.id if marked else None)
        if box is not None and self.is_to_reveal:
            self.is_to_reveal = False
            camera = self._viewport.showing(box.id)
            if camera is not self._viewport.camera:  # what is in sight, and fitted, stays so
                self._viewport.set_camera(camera)

    def check_box(self) -> None:
        """Find the box again where another scene is shown that has it no longer."""
        scene = self._viewport.scene
        if scene is None:
            return
        box = scene.box.get(self._emphasis.selected_box or "")
        # What was folded into a group that is open now has a box of its own.
        if box is None or self.is_to_reveal or (box.is_open and box.id != self.group):
            self.find_box()

    def walk(self, step: WalkStep) -> None:
        """Select the box one step along the lines, or beside in the row."""
        scene, start = self._viewport.scene, self.box
        if scene is None or not scene.view.boxes:
            return
        is_turned = self._viewport.direction == "right"
        found = scene.beside(start.id, step, is_turned) if start else self._first_box()
        if found is not None:
            self.choose(scene.box[found], reveal=True)

    def _first_box(self) -> str | None:
        scene = self._viewport.scene
        boxes = scene.visible(self._viewport.sight).boxes if scene else []
        return next((box.id for box in boxes if not box.is_open and box.stub_of is None), None)

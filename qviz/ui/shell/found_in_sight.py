"""Keeps something of what a filter found in sight: on a picture that is all dimmed nobody knows where to look."""

from __future__ import annotations

from itertools import islice

from PySide6.QtCore import QObject

from qviz.document.graph import NodeId
from qviz.session.sides import Side
from qviz.ui.panels.panes import Panes

_MOST = 1000
"""Nodes that are looked at: of more that are found, something is nearly always in sight."""


class FoundInSight(QObject):
    """Looks at the first of some nodes where none is in sight, until the user looks elsewhere.

    Groups may open for them, and tables take room from the graph: it looks again after each.
    """

    def __init__(self, parent: QObject, panes: Panes) -> None:
        super().__init__(parent)
        self._panes = panes
        self._ids: tuple[NodeId, ...] = ()
        self._side = Side.RIGHT
        self._is_looking = False
        for pane in panes.panes.values():
            pane.canvas.laid_out.connect(self.look)
            pane.canvas.viewport.resized.connect(self.look)
            pane.canvas.viewport.moved.connect(self.on_viewport_moved)

    def keep(self, side: Side, ids: frozenset[NodeId]) -> None:
        """Look at nodes of a side; none ends it."""
        stage = self._panes.panes[side].canvas.stage
        nodes = stage.whole.nodes if stage is not None and ids else ()
        self._side, self._ids = side, tuple(islice((each.id for each in nodes if each.id in ids), _MOST))
        self.look()

    def on_viewport_moved(self) -> None:
        """Leave it to the user where to look."""
        if not self._is_looking:
            self._ids = ()

    def look(self) -> None:
        """Look at the first of them where none is in sight."""
        canvas = self._panes.panes[self._side].canvas
        scene, viewport = canvas.scene, canvas.viewport
        if not self._ids or scene is None or canvas.is_busy:
            return
        box_of = scene.view.box_of
        boxes = dict.fromkeys(box_of[each] for each in self._ids if each in box_of)
        if boxes and not any(viewport.showing(each) == viewport.camera for each in boxes):
            self._is_looking = True
            viewport.center(scene.rect(next(iter(boxes))).center())
            self._is_looking = False

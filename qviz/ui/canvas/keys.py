"""The keys of a canvas: walk, zoom, fold."""

from __future__ import annotations

import math

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent

from qviz.ui.canvas.camera import FOOT, MARGIN
from qviz.ui.canvas.folding import Folding
from qviz.ui.canvas.scene import WalkStep
from qviz.ui.canvas.selection import Selection
from qviz.ui.canvas.viewport import Viewport

ZOOM = 1.25
"""One press of + or -."""

_STEPS: dict[int, WalkStep] = {
    Qt.Key.Key_Up: "up",
    Qt.Key.Key_Down: "down",
    Qt.Key.Key_Left: "left",
    Qt.Key.Key_Right: "right",
}
_PAGES: dict[int, float] = {
    Qt.Key.Key_PageUp: -0.9,
    Qt.Key.Key_PageDown: 0.9,
    Qt.Key.Key_Home: -math.inf,
    Qt.Key.Key_End: math.inf,
}
"""Heights of what is seen; a line or two stay in sight."""


class Keys(QObject):
    """Does what a key means.

    Signals:
        entered: Enter was pressed; the selected `Box`.
        fit_asked: Everything is to be seen.
    """

    entered = Signal(object)
    fit_asked = Signal()

    def __init__(self, parent: QObject, viewport: Viewport, selection: Selection, folding: Folding) -> None:
        super().__init__(parent)
        self._viewport, self._selection, self._folding = viewport, selection, folding

    def press(self, event: QKeyEvent) -> None:
        """Do it, and accept the event where the key means something."""
        key = event.key()
        if key in _STEPS:
            self._selection.walk(_STEPS[key])
        elif key in _PAGES:
            self._page(_PAGES[key])
        elif key == Qt.Key.Key_F and not event.modifiers():
            self.fit_asked.emit()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self._viewport.zoom_by(ZOOM, self._selected())
        elif key == Qt.Key.Key_Minus:
            self._viewport.zoom_by(1 / ZOOM, self._selected())
        elif key == Qt.Key.Key_0:
            self._viewport.zoom_to(1.0, self._selected())
        elif key == Qt.Key.Key_Backspace:
            self._folding.fold_parent()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and (box := self._selection.box):
            self.entered.emit(box)
        else:
            return
        event.accept()

    def _page(self, heights: float) -> None:
        """Look further down by so many heights, up where that is negative, as far as the graph reaches."""
        view = self._viewport
        if view.scene is None:
            return
        sight, bounds, scale = view.sight, view.scene.bounds, view.camera.scale
        highest, lowest = bounds.top() - MARGIN / scale, bounds.bottom() + FOOT / scale - sight.height()
        if highest < lowest:
            top = min(max(sight.top() + heights * sight.height(), highest), lowest)
            view.move(view.camera._replace(y=top))

    def _selected(self) -> str | None:
        box = self._selection.box
        return box.id if box is not None else None

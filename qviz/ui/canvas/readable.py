"""Keeps a graph readable: what fits is open at first, and zooming gives boxes a second row of text or takes it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QSize, QTimer, Signal

from qviz.ui.canvas.camera import Camera, fitting
from qviz.ui.canvas.metrics import BoxForm
from qviz.ui.canvas.scene import Scene
from qviz.ui.canvas.viewport import Viewport

MORE_FROM, MORE_AT = 1.25, 0.85
"""Scale from which boxes get a second row of text, and the scale they are then shown at: rows about as high."""
FEWER_FROM, FEWER_AT = 0.6, 1.0
RESTED = 120
"""Milliseconds after the last zoom until boxes get other rows: placing all anew does not come between its frames."""
NAMES_FROM = {1: 0.54, 2: 0.36}
"""Scale from which names can be read, by the rows of text in a box."""
SETTLED = 120
"""Milliseconds after the last change of size until what fits is chosen again."""
CHANGED = 8
"""A side that grew or shrank by more than one part of so many is another size."""


class Readable(QObject):
    """Watches how large the boxes and the widget are.

    Signals:
        rows_wanted: How many rows of text boxes should have now.
        reopen_wanted: The size is another; what fits may be, too.

    Attributes:
        rows: How many rows of text a box has where it is not zoomed.
        is_narrow: Whether boxes with one row are as wide as their names.
        is_small: Whether boxes with one row have room for their texts at a smaller scale, too.
        is_opening: Whether what is open was chosen for the size of the widget, not by the user.
    """

    rows_wanted = Signal(int)
    reopen_wanted = Signal()

    def __init__(self, parent: QObject, viewport: Viewport) -> None:
        super().__init__(parent)
        self._viewport = viewport
        self.rows, self.is_narrow, self.is_small = 2, False, False
        self.is_opening = False
        self._opened_for = QSize()
        self._zoom: float | None = None
        self._is_one_row = False
        self._resized = self._timer(SETTLED, self.on_size_settled)
        self._zoomed = self._timer(RESTED, self.on_zoom_rested)
        viewport.moved.connect(self.on_viewport_moved)
        viewport.resized.connect(self.on_viewport_resized)

    def _timer(self, milliseconds: int, then: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.timeout.connect(then)
        return timer

    @property
    def is_waiting(self) -> bool:
        """Whether the size or the zoom has changed, and what fits, or how boxes are written, is still to be chosen."""
        return self._resized.isActive() or self._zoomed.isActive()

    def opened(self, is_opening: bool) -> None:
        """Remember for which size something was opened, and by whom."""
        self.is_opening, self._opened_for = is_opening, self._viewport.size.toSize()

    def form(self, has_columns: bool) -> BoxForm:
        """Return how boxes are written that the user opens or closes."""
        is_free = self.rows == 1 and not has_columns
        return BoxForm(self.rows, has_columns, self.is_narrow and is_free, self.is_small and is_free)

    def take(self, shown: Scene | BoxForm) -> None:
        """Go on as boxes are written now."""
        self.rows, self.is_narrow, self.is_small = shown.rows, shown.is_narrow, shown.is_small

    def fit(self) -> None:
        """Show everything; where its names could not be read then, fold it until they can."""
        scene, size = self._viewport.scene, self._viewport.size
        if scene is not None and fitting(scene.bounds, size.width(), size.height()).scale < NAMES_FROM[scene.rows]:
            self.is_opening = True
            self.reopen_wanted.emit()
        else:
            self._viewport.fit()

    def keep_one_row(self, is_kept: bool) -> None:
        """Have one row of text, whatever the zoom, until that ends: columns of numbers stand in it."""
        self._is_one_row = is_kept
        if is_kept and self.rows == 2:
            self.rows, self._zoom = 1, FEWER_AT / self._viewport.camera.scale

    def settle(self) -> None:
        """Look at the scale at which boxes are as high as before, where they have other rows now."""
        if self._zoom is not None:
            camera = self._viewport.camera
            self._viewport.set_camera(camera._replace(scale=camera.scale * self._zoom))
            self._zoom = None

    def _rows_at(self, scale: float) -> int:
        if self._is_one_row:
            return self.rows
        return 2 if self.rows == 1 and scale > MORE_FROM else 1 if scale < FEWER_FROM else self.rows

    def on_viewport_moved(self, camera: Camera) -> None:
        """Wait until the zoom rests where boxes have other rows."""
        if self._rows_at(camera.scale) != self.rows:
            self._zoomed.start()
        else:
            self._zoomed.stop()

    def on_zoom_rested(self) -> None:
        """Want other rows where the user zoomed so far."""
        rows = self._rows_at(self._viewport.camera.scale)
        if rows != self.rows:
            self.rows, self._zoom = rows, MORE_AT / MORE_FROM if rows == 2 else FEWER_AT / FEWER_FROM
            self.rows_wanted.emit(rows)

    def on_viewport_resized(self) -> None:
        """Wait until the size is settled."""
        if self.is_opening:
            self._resized.start()

    def on_size_settled(self) -> None:
        """Want what fits now."""
        size, before = self._viewport.size.toSize(), self._opened_for
        sides = ((size.width(), before.width()), (size.height(), before.height()))
        if self.is_opening and any(abs(now - then) * CHANGED > then for now, then in sides):
            self.reopen_wanted.emit()

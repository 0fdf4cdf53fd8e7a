"""The heads of the columns of numbers, over the columns themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from qviz.ui.canvas.metrics import COLUMN
from qviz.ui.canvas.scene import Scene
from qviz.ui.canvas.view import GraphCanvas

_GAP, _PAD = 16, 12.0
"""Pixels between two heads where they stand at the right end, and from a last column to the right end of its box."""
_MOST = 400
"""Boxes that are looked at."""


class ColumnHeads(QWidget):
    """Stands at the right end of a pane's head, and reaches as far to the left as its columns do.

    Signals:
        moved: It needs more room, or less.
    """

    moved = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self._titles: tuple[str, ...] = ()
        self._canvas: GraphCanvas | None = None
        self._found: tuple[Scene, float | None] | None = None
        self._beyond = 0

    def follow(self, canvas: GraphCanvas) -> None:
        """Stand over the columns of a canvas, wherever it looks."""
        self._canvas = canvas
        canvas.viewport.changed.connect(self._place)
        canvas.laid_out.connect(self._place)

    def show_titles(self, titles: Sequence[str]) -> None:
        """Show other heads, or none."""
        self._titles, self._found = tuple(titles), None
        self.setAccessibleName(", ".join(titles))
        self._place()
        self.updateGeometry()
        self.update()

    def end(self) -> int:
        """Return where in the pane the last head ends."""
        return self.geometry().right() + 1 - self._beyond

    def titles(self) -> tuple[str, ...]:
        """Return what is shown."""
        return self._titles

    def sizeHint(self) -> QSize:
        """Return room for the heads, and for what is right of their columns."""
        wide = max((self.fontMetrics().horizontalAdvance(each) for each in self._titles), default=0) + _GAP
        column = max(round(COLUMN * self._unit), wide) if self._beyond else wide
        return QSize(len(self._titles) * column + self._beyond, self.fontMetrics().height())

    @property
    def _unit(self) -> float:
        return self._canvas.viewport.unit if self._canvas is not None else 1.0

    def _place(self) -> None:
        """Find out how far from the right end of the pane the columns end."""
        canvas, beyond = self._canvas, 0
        if self._titles and canvas is not None and canvas.scene is not None:
            if self._found is None or self._found[0] is not canvas.scene:
                self._found = canvas.scene, _right_end(canvas.scene)
            end = self._found[1]
            if end is not None:
                view = canvas.viewport
                x = view.on_widget(view.camera.to_screen(QPointF(end, 0))).x() - _PAD * view.unit
                beyond = round(self.geometry().right() + 1 - x)
        room = canvas.surface.width() // 2 if canvas is not None else 0
        beyond = beyond if 0 < beyond < room else 0
        if beyond != self._beyond:
            self._beyond = beyond
            self.updateGeometry()
            self.update()
            self.moved.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw each title at the right end of its column."""
        if self._canvas is None:
            return
        painter = QPainter(self)
        painter.setPen(self._canvas.surface.theme().color("text.muted"))
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        x, column = float(self.width() - self._beyond), COLUMN * self._unit
        for title in reversed(self._titles):
            wide = self.fontMetrics().horizontalAdvance(title) + _GAP
            painter.drawText(QRectF(x - wide, 0, wide, self.height()), flags, title)
            x -= column if self._beyond else wide
        painter.end()


def _right_end(scene: Scene) -> float | None:
    """Return where most boxes with numbers end; None where no box has any."""
    ends = Counter(
        round(scene.rect(box.id).right(), 1)
        for box in islice(scene.view.boxes, _MOST)
        if box.kind is not None and box.kind.computes and any(scene.cells(box))
    )
    return ends.most_common(1)[0][0] if ends else None

"""Facts in two columns beside each other, below each other where they have no room."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from qviz.analysis.inspecting.node_page import Fact
from qviz.ui.panels.widgets import breakable, label

_BETWEEN, _BESIDE = 16, 8
"""Pixels between the two, and between a name and its value."""


class FactColumns(QWidget):
    """Two lists of names and values.

    Args:
        left: The first.
        right: The second, at its right or below.
    """

    def __init__(self, left: Sequence[Fact], right: Sequence[Fact]) -> None:
        super().__init__()
        self._sides = [[_cells(name, value) for name, value in facts] for facts in (left, right)]
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(3)
        self._grid.setSizeConstraint(QGridLayout.SizeConstraint.SetNoConstraint)
        self._grid.setHorizontalSpacing(_BESIDE)
        self._is_wide: bool | None = None
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._place(False)

    @property
    def is_wide(self) -> bool:
        """Whether they stand beside each other."""
        return bool(self._is_wide)

    def minimumSizeHint(self) -> QSize:
        """Return a size that a narrow panel has room for."""
        return QSize(24, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Use the width there is."""
        super().resizeEvent(event)
        self._place(self._needed() <= self.width())

    def changeEvent(self, event: QEvent) -> None:
        """Follow a larger text."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange):
            self._is_wide = None
            self._place(self._needed() <= self.width())

    def _needed(self) -> int:
        """Return the width for both beside each other, with no value broken."""
        wide = _BETWEEN + 2 * _BESIDE  # the empty column between them has neighbors, too
        for cells in self._sides:
            wide += max((name.sizeHint().width() for name, _ in cells), default=0) + _BESIDE
            wide += max((_length(value) for _, value in cells), default=0)
        return wide

    def _place(self, is_wide: bool) -> None:
        if is_wide is self._is_wide:
            return
        self._is_wide, row = is_wide, 0
        for side, cells in enumerate(self._sides):
            column = 3 * side if is_wide else 0
            row = 0 if is_wide else row
            for name, value in cells:
                self._grid.addWidget(name, row, column, Qt.AlignmentFlag.AlignTop)
                self._grid.addWidget(value, row, column + 1)
                row += 1
        self._grid.setColumnMinimumWidth(2, _BETWEEN if is_wide else 0)
        for side, cells in enumerate(self._sides):  # else the shorter values get as much as the longer ones
            longest = max((_length(value) for _, value in cells), default=0)
            self._grid.setColumnMinimumWidth(3 * side + 1, longest if is_wide else 0)
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnStretch(4, 1 if is_wide else 0)
        self._grid.activate()


def _cells(name: str, value: str) -> tuple[QLabel, QLabel]:
    text = label(breakable(value), wraps=True)
    text.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
    text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label(name, "muted"), text


def _length(value: QLabel) -> int:
    return value.fontMetrics().horizontalAdvance(value.text()) + 2

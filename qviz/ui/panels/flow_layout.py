"""A row that goes on below where there is no more room beside."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem


class FlowLayout(QLayout):
    """Places widgets as words stand in a text.

    Args:
        spacing: Pixels between two, and between rows.
    """

    def __init__(self, spacing: int) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self.setSpacing(spacing)

    def addItem(self, item: QLayoutItem) -> None:
        """Add one more at the end."""
        self._items.append(item)

    def count(self) -> int:
        """Return how many there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """Return one; None past the end."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Take one out; None past the end."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """Return that it takes no more room than it needs."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """Return that its height follows from its width."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height of all rows at a width."""
        return self._place(QRect(0, 0, width, 0), is_real=False)

    def setGeometry(self, rect: QRect) -> None:
        """Place all within a rectangle."""
        super().setGeometry(rect)
        self._place(rect, is_real=True)

    def sizeHint(self) -> QSize:
        """Return the least size: a row for the widest."""
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        """Return what the largest needs."""
        size = QSize()
        for each in self._items:
            size = size.expandedTo(each.minimumSize())
        return size

    def _place(self, rect: QRect, is_real: bool) -> int:
        """Place all, or only look how high that would be; return the height."""
        x, y, high = rect.x(), rect.y(), 0
        for each in self._items:
            wanted = each.sizeHint()
            if x > rect.x() and x + wanted.width() > rect.right() + 1:
                x, y, high = rect.x(), y + high + self.spacing(), 0
            if is_real:
                each.setGeometry(QRect(QPoint(x, y), wanted))
            x, high = x + wanted.width() + self.spacing(), max(high, wanted.height())
        return y + high - rect.y()

"""Search as you type in the stage in use; Enter and the arrows go through the results."""

from __future__ import annotations

from itertools import islice

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QWidget

from qviz.document.graph import Node
from qviz.document.query import search
from qviz.document.snapshot import Stage

LIMIT = 200
ROWS = 12
ROW_HEIGHT = 26


class Search(QLineEdit):
    """The field in the top bar, with its list of results below it.

    Signals:
        node_chosen: The id of a result.
        matched: The ids of all results, a frozenset; None when the field is empty.
    """

    node_chosen = Signal(str)
    matched = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setPlaceholderText("Search nodes, ops, modules…   Ctrl F")
        self.setAccessibleName("Search nodes")
        self.setClearButtonEnabled(True)
        self._stage: Stage | None = None
        self._results = QListWidget(parent.window())
        self._results.setAccessibleName("Search results")
        self._results.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._results.setProperty("role", "popup")
        self._results.hide()
        self._results.itemClicked.connect(self.on_result_clicked)
        self.textChanged.connect(self.on_text_changed)

    def set_stage(self, stage: Stage | None) -> None:
        """Search another stage."""
        self._stage = stage

    def on_text_changed(self, text: str) -> None:
        """Show what matches."""
        self._results.clear()
        found: list[Node] = list(islice(search(self._stage.graph, text), LIMIT)) if self._stage and text.strip() else []
        for node in found:
            item = QListWidgetItem(f"{node.id}    {node.kind.value.replace('_', ' ')}    {node.place}")
            item.setData(Qt.ItemDataRole.UserRole, node.id)
            self._results.addItem(item)
        if text.strip() and not found:
            self._results.addItem("Nothing matches")
        self.matched.emit(frozenset(node.id for node in found) if text.strip() else None)
        self._place_results(bool(text.strip()))

    def _place_results(self, is_shown: bool) -> None:
        if self._results.parent() is not self.window():
            self._results.setParent(self.window())  # the bar has got into its window only after the list was made
        self._results.setVisible(is_shown)
        if is_shown:
            corner = self.mapTo(self.window(), QPoint(0, self.height() + 3))
            rows = min(ROWS, self._results.count())
            wide = max(self.width(), 380)
            left = min(corner.x(), self.window().width() - wide - 8)
            self._results.setGeometry(left, corner.y(), wide, rows * ROW_HEIGHT + 6)
            self._results.raise_()
            self._results.setCurrentRow(0)

    def close_results(self) -> None:
        """Hide the list; the highlight goes with it."""
        self.clear()
        self._results.hide()

    def on_result_clicked(self, item: QListWidgetItem) -> None:
        """Go to a result."""
        if node_id := item.data(Qt.ItemDataRole.UserRole):
            self.node_chosen.emit(node_id)
            self._results.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk the results, choose one, or leave."""
        key = event.key()
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up) and self._results.isVisible():
            step = 1 if key == Qt.Key.Key_Down else -1
            self._results.setCurrentRow(max(0, min(self._results.count() - 1, self._results.currentRow() + step)))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._results.currentItem() is not None:
            self.on_result_clicked(self._results.currentItem())
        elif key == Qt.Key.Key_Escape:
            self.close_results()
            self.clearFocus()
        else:
            super().keyPressEvent(event)

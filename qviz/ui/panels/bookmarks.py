"""What the reader marked: the nodes, with a note that can be changed in place."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem

from qviz.document.graph import NodeId
from qviz.document.snapshot import Bookmark, StageName
from qviz.ui.theme import Theme
from qviz.words import mark, names, tr
from qviz.words.visible import one_line

_WORDS = mark("Bookmarks appear here. Select a node and press B to add one; they are saved with the result.")
_NOTE = 2


class Bookmarks(QTreeWidget):
    """A row a bookmark.

    Signals:
        bookmark_chosen: The `Bookmark` to go to.
        noted: The `Bookmark` with its new note.
        removed: The `Bookmark` to take away.
    """

    bookmark_chosen = Signal(object)
    noted = Signal(object)
    removed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._ink = QColor()
        self._is_filling = False
        self.setColumnCount(3)
        self.setHeaderLabels([tr("Node"), tr("Stage"), tr("Note")])
        self.setRootIsDecorated(False)
        self.setAccessibleName(tr("Bookmarks"))
        self.setAccessibleDescription(tr(_WORDS))
        self.setEditTriggers(QTreeWidget.EditTrigger.NoEditTriggers)
        self.header().setSectionResizeMode(_NOTE, QHeaderView.ResizeMode.Stretch)
        self.setColumnWidth(0, 230)
        self.setColumnWidth(1, 110)
        self.itemClicked.connect(self.on_item_clicked)
        self.itemDoubleClicked.connect(lambda item: self.editItem(item, _NOTE))
        self.itemChanged.connect(self.on_item_changed)

    def show_bookmarks(self, bookmarks: tuple[Bookmark, ...]) -> None:
        """Show these."""
        self._is_filling = True
        self.clear()
        self.setHeaderHidden(not bookmarks)
        for each in bookmarks:
            row = QTreeWidgetItem([one_line(each.node), names.stage(each.stage), each.note])
            row.setFlags(row.flags() | Qt.ItemFlag.ItemIsEditable)
            row.setData(0, Qt.ItemDataRole.UserRole, each)
            row.setToolTip(_NOTE, tr("Double-click to edit the note. Press Delete to remove the bookmark."))
            self.addTopLevelItem(row)
        self._is_filling = False

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""
        self._ink = theme.color("text.muted")
        self.viewport().update()

    def edit_note(self, stage: StageName, node_id: NodeId) -> None:
        """Let the note of a node be written."""
        for number in range(self.topLevelItemCount()):
            item = self.topLevelItem(number)
            if item is not None and (made := self._bookmark(item)).node == node_id and made.stage == stage:
                self.setCurrentItem(item)
                self.editItem(item, _NOTE)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go there with Enter, change the note with F2, take it away with Delete."""
        item = self.currentItem()
        if item is None or event.key() not in _KEYS:
            super().keyPressEvent(event)
        elif event.key() == Qt.Key.Key_F2:
            self.editItem(item, _NOTE)
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit(self._bookmark(item))
        else:
            self.bookmark_chosen.emit(self._bookmark(item))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the rows, or say how to make one."""
        super().paintEvent(event)
        if self.topLevelItemCount() == 0:
            painter = QPainter(self.viewport())
            painter.setPen(self._ink)
            top_left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
            painter.drawText(self.viewport().rect().adjusted(12, 10, -12, 0), top_left, tr(_WORDS))
            painter.end()

    def on_item_clicked(self, item: QTreeWidgetItem) -> None:
        """Go there."""
        self.bookmark_chosen.emit(self._bookmark(item))

    def on_item_changed(self, item: QTreeWidgetItem, column: int) -> None:
        """Tell the new note; only notes can be changed."""
        if self._is_filling:
            return
        made, note = self._bookmark(item), item.text(_NOTE).strip()
        if column == _NOTE:
            # Once the editor is closed: the rows are made anew then.
            self.noted.emit(Bookmark(made.stage, made.node, note))

    def _bookmark(self, item: QTreeWidgetItem) -> Bookmark:
        found = item.data(0, Qt.ItemDataRole.UserRole)
        assert isinstance(found, Bookmark)
        return found


_KEYS = (Qt.Key.Key_F2, Qt.Key.Key_Delete, Qt.Key.Key_Backspace, Qt.Key.Key_Return, Qt.Key.Key_Enter)

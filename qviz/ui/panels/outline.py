"""The modules of the model as a tree, with their share in low precision; a click goes to the first node of one."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
)

from qviz.analysis.tables.outline import OutlineRow, outline
from qviz.document.snapshot import Snapshot
from qviz.words import mark, tr
from qviz.words.formats import part
from qviz.words.untrusted import plain_tip
from qviz.words.visible import one_line

_TYPE = Qt.ItemDataRole.UserRole + 1
_EMPTY = mark("Modules will be listed here once the model has run.")
_BETWEEN = 8
"""Pixels between a name and its type."""


class _NameAndType(QStyledItemDelegate):
    """Writes the type of a module behind its name, in the color of secondary text."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Write both; of a long type, what there is room for."""
        self.initStyleOption(option, index)
        style = option.widget.style() if option.widget else QApplication.style()
        name, type_ = option.text, index.data(_TYPE) or ""
        place = style.subElementRect(QStyle.SubElement.SE_ItemViewItemText, option, option.widget)
        super().paint(painter, option, index)
        start = (
            place.left()
            + option.fontMetrics.horizontalAdvance(name)
            + 2 * style.pixelMetric(QStyle.PixelMetric.PM_FocusFrameHMargin)
        )
        room = QRect(start + _BETWEEN, place.top(), place.right() - start - _BETWEEN, place.height())
        if room.width() > 2 * _BETWEEN:
            painter.setPen(option.palette.color(QPalette.ColorRole.PlaceholderText))
            text = option.fontMetrics.elidedText(type_, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)


class ModuleTree(QTreeWidget):
    """Signals: module_chosen with the module's path."""

    module_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setHeaderHidden(True)
        self.setColumnCount(2)
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.setItemDelegateForColumn(0, _NameAndType(self))
        self.setIndentation(13)
        self.setAccessibleName(tr("Modules"))
        self.itemClicked.connect(self.on_item_clicked)
        self.itemExpanded.connect(self.on_item_expanded)
        self._rows: dict[str, OutlineRow] = {}
        self._children: dict[str | None, list[str]] = {}
        self._items: dict[str, QTreeWidgetItem] = {}
        self._result: Snapshot | None = None

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the rows, or say what will be here."""
        super().paintEvent(event)
        if self.topLevelItemCount() == 0:
            painter = QPainter(self.viewport())
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
            painter.drawText(self.viewport().rect().adjusted(4, 0, 0, 0), flags, tr(_EMPTY))
            painter.end()

    def show_result(self, snapshot: Snapshot) -> None:
        """Show the modules of a result, unless they stand there."""
        if snapshot is not self._result:
            self.show_modules(outline(snapshot))
            self._result = snapshot

    def show_modules(self, modules: Iterable[OutlineRow]) -> None:
        """Show modules, parents before children; items are made when their parent is opened."""
        self._result = None
        opened = [path for path, item in self._items.items() if item.isExpanded()]
        self.clear()
        self._items = {}
        self._rows = {row.path: row for row in modules}
        self._children = {}
        for path in self._rows:
            self._children.setdefault(self._parent(path), []).append(path)
        self._make_children(None)
        if "" in self._items:
            self._items[""].setExpanded(True)
        for path in opened:
            if path in self._rows:
                self._item(path).setExpanded(True)

    def show_selected(self, path: str) -> None:
        """Mark the module that the selected node belongs to."""
        while path and path not in self._rows:
            path = path.rpartition(".")[0]
        if path in self._rows:
            self.setCurrentItem(self._item(path))
        else:
            self.setCurrentIndex(QModelIndex())
            self.clearSelection()

    def _parent(self, path: str) -> str | None:
        """Return the path under which a path is shown; None at the top."""
        parent = path.rpartition(".")[0]
        return parent if path and parent in self._rows else None

    def _item(self, path: str) -> QTreeWidgetItem:
        if path not in self._items:
            parent = self._parent(path)
            if parent is not None:
                self._item(parent)
            self._make_children(parent)
        return self._items[path]

    def _make_children(self, parent: str | None) -> None:
        made = []
        for path in self._children.get(parent, ()):
            if path in self._items:
                return
            row, name = self._rows[path], path.rpartition(".")[2]
            item = QTreeWidgetItem([one_line(name or row.type), "" if row.low is None else part(row.low)])
            item.setData(0, Qt.ItemDataRole.UserRole, path)
            item.setData(0, _TYPE, row.type if name else "")
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            item.setToolTip(0, plain_tip(f"{path}: {row.type}" if path else tr("Whole model: {type}", type=row.type)))
            if row.low is not None:
                item.setToolTip(1, tr("{share} in low precision", share=part(row.low)))
            if path in self._children:
                item.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)
            self._items[path] = item
            made.append(item)
        if parent is None:
            self.addTopLevelItems(made)
        else:
            self._items[parent].addChildren(made)

    def on_item_expanded(self, item: QTreeWidgetItem) -> None:
        """Make the modules inside."""
        self._make_children(item.data(0, Qt.ItemDataRole.UserRole))

    def on_item_clicked(self, item: QTreeWidgetItem) -> None:
        """Tell which module was chosen."""
        self.module_chosen.emit(item.data(0, Qt.ItemDataRole.UserRole))

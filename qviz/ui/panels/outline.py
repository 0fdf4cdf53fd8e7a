"""The modules of the user's model as a tree; a click goes to the first node of one."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem

from qviz.words import tr


class ModuleTree(QTreeWidget):
    """Signals: module_chosen with the module's path."""

    module_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setHeaderHidden(True)
        self.setColumnCount(1)
        self.setIndentation(13)
        self.setAccessibleName(tr("Modules"))
        self.itemClicked.connect(self.on_item_clicked)
        self.itemExpanded.connect(self.on_item_expanded)
        self._types: dict[str, str] = {}
        self._children: dict[str | None, list[str]] = {}
        self._items: dict[str, QTreeWidgetItem] = {}

    def show_modules(self, modules: Iterable[tuple[str, str]]) -> None:
        """Show (path, type) pairs, parents before children; items are made when their parent is opened."""
        self.clear()
        self._items = {}
        self._types = dict(modules)
        self._children = {}
        for path in self._types:
            self._children.setdefault(self._parent(path), []).append(path)
        self._make_children(None)
        if "" in self._items:
            self._items[""].setExpanded(True)

    def show_selected(self, path: str) -> None:
        """Mark the module that the selected node belongs to."""
        while path and path not in self._types:
            path = path.rpartition(".")[0]
        if path in self._types:
            self.setCurrentItem(self._item(path))

    def _parent(self, path: str) -> str | None:
        """Return the path under which a path is shown; None at the top."""
        parent = path.rpartition(".")[0]
        return parent if path and parent in self._types else None

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
            name, kind = path.rpartition(".")[2], self._types[path]
            item = QTreeWidgetItem([f"{name or kind}   {kind if name else ''}".rstrip()])
            item.setData(0, Qt.ItemDataRole.UserRole, path)
            item.setToolTip(0, f"{path}: {kind}" if path else tr("Whole model: {type}", type=kind))
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

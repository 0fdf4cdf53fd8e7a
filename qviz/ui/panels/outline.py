"""The modules of the user's model as a tree; a click goes to the first node of one."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem


class Outline(QTreeWidget):
    """Signals: module_chosen with the module's path."""

    module_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setHeaderHidden(True)
        self.setColumnCount(1)
        self.setIndentation(13)
        self.setAccessibleName("Modules")
        self.itemClicked.connect(self.on_item_clicked)
        self._items: dict[str, QTreeWidgetItem] = {}

    def show_modules(self, modules: Iterable[tuple[str, str]]) -> None:
        """Show (path, type) pairs, parents before children."""
        self.clear()
        self._items = {}
        for path, kind in modules:
            parent, _, name = path.rpartition(".")
            item = QTreeWidgetItem([f"{name or kind}   {kind if name else ''}".rstrip()])
            item.setData(0, Qt.ItemDataRole.UserRole, path)
            item.setToolTip(0, f"{path or 'the model'}: {kind}")
            above = self._items.get(parent if path else "\0")
            (above.addChild if above is not None else self.addTopLevelItem)(item)
            self._items[path] = item
        if "" in self._items:
            self._items[""].setExpanded(True)

    def show_selected(self, path: str) -> None:
        """Mark the module that the selected node belongs to."""
        while path and path not in self._items:
            path = path.rpartition(".")[0]
        if path in self._items:
            self.setCurrentItem(self._items[path])

    def on_item_clicked(self, item: QTreeWidgetItem) -> None:
        """Tell which module was chosen."""
        self.module_chosen.emit(item.data(0, Qt.ItemDataRole.UserRole))

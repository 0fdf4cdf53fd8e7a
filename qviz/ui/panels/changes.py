"""What changed between the stages in view; a click goes there."""

from __future__ import annotations

from itertools import islice

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem

from qviz.session.change_rows import ChangeRow, change_cells, change_rows
from qviz.session.project import Project
from qviz.session.sides import Shown, Side
from qviz.ui.theme import Theme
from qviz.words import mark, names, tr
from qviz.words.formats import listed

_MOST = 1000
"""Rows; more are told by a last one."""
_SORTS = {
    "added": ("+", mark("added")),
    "removed": ("−", mark("removed")),
    "replaced": ("≠", mark("replaced")),
    "fused": ("⊃", mark("fused")),
}


class ChangeList(QTreeWidget):
    """A row for each change, made when it is seen.

    Signals:
        node_chosen: `Side` and id of the node to go to.
    """

    node_chosen = Signal(object, str)

    def __init__(self) -> None:
        super().__init__()
        self._project: Project | None = None
        self._theme: Theme | None = None
        self._shown_key: object = None
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAccessibleName(tr("Changes"))
        self.setSelectionMode(QTreeWidget.SelectionMode.ExtendedSelection)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.setColumnCount(4)
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.header().setStretchLastSection(True)
        self.itemClicked.connect(self.on_item_chosen)
        self.itemActivated.connect(self.on_item_chosen)

    def show_project(self, project: Project, theme: Theme) -> None:
        """Take the project whose changes are listed, once they are looked at."""
        self._project, self._theme = project, theme
        if self.isVisible():
            self._fill()

    def showEvent(self, event: QShowEvent) -> None:
        """List them."""
        super().showEvent(event)
        self._fill()

    def _fill(self) -> None:
        project, theme = self._project, self._theme
        if project is None or theme is None:
            return
        key: tuple[Shown, tuple[int, ...], str] = (project.shown, tuple(map(id, project.stages)), theme.name)
        if key == self._shown_key:
            return
        self._shown_key = key
        self.clear()
        left, right = project.shown.left, project.shown.right
        titles = [names.stage(left) if left else "", names.stage(right) if right else ""]
        self.setHeaderLabels([tr("Change"), *titles, tr("Module")])
        rows = change_rows(project)
        self.addTopLevelItems([_item(each, theme) for each in islice(rows, _MOST)])
        if more := sum(1 for _ in rows):
            self.addTopLevelItem(QTreeWidgetItem([tr("{count} more", count=more)]))
        for column, wide in enumerate((110, 260, 260)):
            self.setColumnWidth(column, wide)

    def cells(self, is_selected: bool) -> tuple[list[str], list[list[str]]]:
        """Return the heads and cells of the rows that are selected, or of all changes, for a file."""
        heads, rows = change_cells(self._project) if self._project is not None else ([], [])
        chosen = {index.row() for index in self.selectionModel().selectedRows()}
        return heads, [row for at, row in enumerate(rows) if not is_selected or at in chosen]

    def on_item_chosen(self, item: QTreeWidgetItem) -> None:
        """Go to the node of the right stage; where there is none, to that of the left."""
        row = item.data(0, Qt.ItemDataRole.UserRole)
        if isinstance(row, ChangeRow):
            side, ids = (Side.RIGHT, row.right) if row.right else (Side.LEFT, row.left)
            self.node_chosen.emit(side, ids[0])


def _item(row: ChangeRow, theme: Theme) -> QTreeWidgetItem:
    sign, word = _SORTS[row.sort]
    item = QTreeWidgetItem([f"{sign}  {tr(word)}", listed(row.left, 3), listed(row.right, 3), row.place])
    token = "replaced" if row.sort == "fused" else row.sort
    item.setForeground(0, theme.color(f"change.{token}"))
    item.setData(0, Qt.ItemDataRole.UserRole, row)
    return item

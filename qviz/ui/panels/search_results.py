"""The list below the search field: what was found, the best first, and how to search."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QFrame, QHBoxLayout, QHeaderView, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from qviz.analysis.searching.search import Found
from qviz.document.graph import Kind, Node
from qviz.ui.panels.shortcuts import PaletteRow
from qviz.ui.panels.widgets import button, dot, label
from qviz.ui.theme import Theme
from qviz.words import mark, names, tr
from qviz.words.formats import dtype, shape
from qviz.words.untrusted import plain_tip
from qviz.words.visible import one_line

ROWS = 12
_COMMAND = Qt.ItemDataRole.UserRole + 1
_NAME_SHARE = 0.48
WIDTH = 640
_HELP = (
    mark("kind:observer  dtype:  op:  module:  name:  shape:1x64  scale:  observer:  finding:"),
    mark('any attribute: in_channels:64  ·  exclude: -relu  ·  phrase: "two words"'),
    mark("↑ ↓ choose  ·  Enter next result  ·  Shift Enter previous result  ·  Esc clear"),
)


class Results(QFrame):
    """A frame over the window; the keys stay with the search field.

    Signals:
        node_clicked: The id of a result.
        dim_toggled: Whether what does not match shall be dimmed.
        command_chosen: The id of a command that was found where no node was.
    """

    node_clicked = Signal(str)
    dim_toggled = Signal(bool)
    command_chosen = Signal(str)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setProperty("role", "popup")
        self.setAccessibleName(tr("Search results"))
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        self.rows = _rows()
        self.rows.itemClicked.connect(self.on_row_clicked)
        column.addWidget(self.rows, 1)
        self.dim = button(tr("Dim others"), "chip")
        self.dim.setCheckable(True)
        self.dim.setChecked(True)
        self.dim.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.dim.setToolTip(tr("Dim nodes that do not match"))
        self.dim.toggled.connect(self.dim_toggled)
        column.addWidget(self._foot())
        self._icons: dict[Kind, QIcon] = {}
        self._theme: Theme | None = None
        self.hide()

    def _foot(self) -> QFrame:
        foot = QFrame()
        foot.setProperty("role", "sunken")
        row = QHBoxLayout(foot)
        row.setContentsMargins(10, 6, 8, 6)
        words = QVBoxLayout()
        words.setSpacing(2)
        for each in _HELP:
            words.addWidget(label(tr(each), "muted"))
        row.addLayout(words, 1)
        row.addWidget(self.dim)
        return foot

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of the roles."""
        self._theme = theme
        self._icons = {}

    def show_found(self, found: Found, commands: Sequence[PaletteRow] = ()) -> None:
        """Show the best results, or in words why there are none, and the commands that were found instead."""
        self.rows.clear()
        if found.best:
            self.rows.addTopLevelItems([self._row(node) for node in found.best])
            self._choose(0)
        else:
            row = QTreeWidgetItem([found.fault or tr("No node matches")])
            row.setFlags(Qt.ItemFlag.ItemIsEnabled)
            self.rows.addTopLevelItem(row)
            row.setFirstColumnSpanned(True)
            row.setToolTip(0, plain_tip(row.text(0)))
        self.rows.addTopLevelItems([self._command_row(each) for each in commands])
        if commands and not found.best:
            self._choose(1)

    def _command_row(self, command: PaletteRow) -> QTreeWidgetItem:
        row = QTreeWidgetItem([command.title, command.about])
        row.setData(0, _COMMAND, command.id)
        row.setToolTip(0, plain_tip(command.title))
        if self._theme is not None:
            row.setForeground(1, self._theme.color("text.muted"))
        return row

    def show_help(self) -> None:
        """Show no rows, only how to search."""
        self.rows.clear()

    def _row(self, node: Node) -> QTreeWidgetItem:
        looks = "  ".join(f"{dtype(value.dtype)} {shape(value.shape)}".rstrip() for value in node.values)
        row = QTreeWidgetItem([one_line(node.id), one_line(node.place), one_line(looks)])
        row.setData(0, Qt.ItemDataRole.UserRole, node.id)
        kind = names.kind(node.kind.value)
        row.setToolTip(0, plain_tip(tr("{node}: {kind}, {target}", node=node.id, kind=kind, target=node.target)))
        if self._theme is not None:
            if node.kind not in self._icons:
                self._icons[node.kind] = dot(self._theme.line(node.kind))
            row.setIcon(0, self._icons[node.kind])
            for place in (1, 2):
                row.setForeground(place, self._theme.color("text.muted"))
        return row

    def place_below(self, field: QWidget) -> None:
        """Stand below the field, within the window."""
        window = field.window()
        if self.parent() is not window:
            self.setParent(window)  # the bar has got into its window only after the list was made
        corner = field.mapTo(window, QPoint(0, field.height() + 3))
        wide = min(max(field.width(), WIDTH), window.width() - 16)
        count = min(ROWS, self.rows.topLevelItemCount())
        self.rows.setVisible(count > 0)
        self.rows.setFixedHeight(count * self.rows.sizeHintForRow(0) + 2)
        self.rows.setColumnWidth(0, round(wide * _NAME_SHARE))
        left = max(8, min(corner.x(), window.width() - wide - 8))
        self.setGeometry(left, corner.y(), wide, self.sizeHint().height())
        self.show()
        self.raise_()

    def walk(self, by: int, wraps: bool = False) -> None:
        """Choose another row."""
        count = self.rows.topLevelItemCount()
        current = self.rows.currentItem()
        place = (self.rows.indexOfTopLevelItem(current) if current is not None else -1) + by
        if count:
            place = place % count if wraps else max(0, min(count - 1, place))
            self._choose(place)

    def _choose(self, place: int) -> None:
        self.rows.setCurrentIndex(self.rows.model().index(place, 0))

    def chosen_command(self) -> str:
        """Return the id of the chosen row's command, "" where it has none."""
        current = self.rows.currentItem()
        return (current.data(0, _COMMAND) or "") if current is not None else ""

    def chosen(self) -> str:
        """Return the id of the chosen row's node, "" where there is none."""
        current = self.rows.currentItem()
        return (current.data(0, Qt.ItemDataRole.UserRole) or "") if current is not None else ""

    def on_row_clicked(self, row: QTreeWidgetItem) -> None:
        """Tell which node, or command, was chosen."""
        if command := row.data(0, _COMMAND):
            self.command_chosen.emit(command)
        elif node_id := row.data(0, Qt.ItemDataRole.UserRole):
            self.node_clicked.emit(node_id)


def _rows() -> QTreeWidget:
    made = QTreeWidget()
    made.setAccessibleName(tr("Search results"))
    made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    made.setHeaderHidden(True)
    made.setColumnCount(3)
    made.setRootIsDecorated(False)
    made.setUniformRowHeights(True)
    made.setIconSize(QSize(9, 9))
    made.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # names differ in their last digits
    made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    header = made.header()
    header.setStretchLastSection(False)
    header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
    return made

"""The nodes of the stage in pane B as a table: sorted by its heads, filtered with what is bright on the graph."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QContextMenuEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from qviz.analysis.tables.node_columns import COLUMNS, SortKey, column_at
from qviz.analysis.tables.node_figures import NodeFigures
from qviz.document.graph import NodeId
from qviz.ui.panels.node_model import SHARE, NodeModel
from qviz.ui.theme import Theme
from qviz.words import tr

_ROW, _HEAD = 22, 23
_BAR, _AWAY, _BESIDE = QSize(76, 6), 4, 64
_NODE, _LEAST = column_at("node"), 110


class _FigureWidth(NamedTuple):
    """Pixels of a column: where there is room, and in a narrow table."""

    wide: int
    least: int

    @property
    def usual(self) -> float:
        """What is between the two: with less, another column had better go."""
        return (self.wide + self.least) / 2


_WIDTHS = {
    "module": _FigureWidth(128, 84),
    "kind": _FigureWidth(100, 80),
    "dtype": _FigureWidth(62, 60),
    "scale": _FigureWidth(118, 92),
    "range": _FigureWidth(132, 120),
    "sqnr_db": _FigureWidth(108, 92),
    "share": _FigureWidth(158, 92),
    "bytes": _FigureWidth(80, 66),
}
"""The name of the node has the rest."""
_CROWDED_OUT = ("kind", "bytes", "dtype", "range", "module", "scale")
"""What gives way first where there is no room for all columns."""
_SWATCH = QSize(8, 8)
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class ShareBar(QStyledItemDelegate):
    """Draws a share as a bar left of its number; the largest share fills it."""

    def __init__(self, table: NodeTable) -> None:
        super().__init__(table)
        self._table = table

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw the cell, then the bar."""
        super().paint(painter, option, index)
        share, theme = index.data(SHARE), self._table.theme
        area = getattr(option, "rect", None)
        if not isinstance(share, float) or theme is None or area is None:
            return
        left = area.left() + _AWAY
        wide = min(_BAR.width(), area.width() - _BESIDE - 2 * _AWAY)
        if wide > 0:
            bar = QRectF(left, area.center().y() - _BAR.height() / 2 + 1, wide, _BAR.height())
            painter.fillRect(bar, theme.color("border"))
            largest = self._table.largest_share
            bar.setWidth(wide * min(share / largest, 1.0) if largest > 0 else 0.0)
            painter.fillRect(bar, theme.color("error.3"))


class NodeTable(QTableView):
    """A row for each node of a stage.

    Signals:
        node_chosen: The id of a node to go to.
        node_hovered: The id of the node under the pointer; "" for none.
        menu_requested: The `Node` of a row, and where on the desktop its menu was asked for.

    Attributes:
        nodes: What is shown, in which order.
        theme: The colors.
        largest_share: Of the stage's nodes, for the bars.
    """

    node_chosen = Signal(str)
    node_hovered = Signal(str)
    menu_requested = Signal(object, QPoint)

    def __init__(self) -> None:
        super().__init__()
        self.nodes = NodeModel(self)
        self.theme: Theme | None = None
        self.largest_share = 0.0
        self._words = ""
        self._waiting: tuple[NodeFigures | None, Theme] | None = None
        self._selected = ""
        self._hovered = ""
        self._text_scale, self._is_fitting = 1.0, False
        self._by_hand: dict[int, int] = {}
        self._unwanted: set[int] = set()
        self._kept: set[int] = set()
        self.setModel(self.nodes)
        self.setAccessibleName(tr("Nodes"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setIconSize(_SWATCH)
        self.setItemDelegateForColumn(column_at("share"), ShareBar(self))
        self.verticalHeader().hide()
        heads = self.horizontalHeader()
        heads.setSectionsClickable(True)
        heads.setHighlightSections(False)
        heads.setTextElideMode(Qt.TextElideMode.ElideRight)
        heads.setStretchLastSection(False)
        heads.sectionClicked.connect(self.on_head_clicked)
        heads.sectionResized.connect(self.on_head_resized)
        self._add_chooser()
        self.fit(1.0)
        self.clicked.connect(self.on_row_chosen)
        self.nodes.arranged.connect(self._follow)

    def _add_chooser(self) -> None:
        """Let a click with the right button on the heads choose the columns; the name stays."""
        heads = self.horizontalHeader()
        heads.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        for at, column in enumerate(COLUMNS):
            if at != _NODE:
                choice = QAction(tr(column.title), heads)
                choice.setCheckable(True)
                choice.setChecked(True)
                choice.toggled.connect(partial(self._show_column, at))
                heads.addAction(choice)

    def _show_column(self, at: int, is_shown: bool) -> None:
        if is_shown:
            self._unwanted.discard(at)
            self._kept.add(at)  # the user asked for it, however narrow the table is
        else:
            self._unwanted.add(at)
        self._widen()

    def fit(self, text_scale: float) -> None:
        """Let rows and columns grow with the text."""
        rows, heads = self.verticalHeader(), self.horizontalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setMinimumSectionSize(1)
        rows.setDefaultSectionSize(round(_ROW * text_scale))
        heads.setFixedHeight(round(_HEAD * text_scale))
        self._text_scale = text_scale
        self._widen()

    def _widen(self) -> None:
        """Narrow the figures where there is no room for all, and give the names what they leave."""
        self._is_fitting = True
        by_code = {column_at(code): width for code, width in _WIDTHS.items()}
        self._crowd_out(by_code)
        free = {at: each for at, each in by_code.items() if at not in self._by_hand and not self.isColumnHidden(at)}
        fixed = sum(each for at, each in self._by_hand.items() if at != _NODE and not self.isColumnHidden(at))
        room = (self.viewport().width() - fixed) / self._text_scale - _LEAST
        wide, least = sum(each.wide for each in free.values()), sum(each.least for each in free.values())
        share = min(max((room - least) / max(wide - least, 1), 0.0), 1.0)
        for at, each in free.items():
            self.setColumnWidth(at, int((each.least + share * (each.wide - each.least)) * self._text_scale))
        others = sum(self.columnWidth(at) for at in range(len(COLUMNS)) if at != _NODE)
        self.setColumnWidth(_NODE, max(self.viewport().width() - others, round(_LEAST * self._text_scale)))
        self._is_fitting = False

    def _crowd_out(self, by_code: Mapping[int, _FigureWidth]) -> None:
        """Hide what the user does not want, and what the narrow table has no room for."""
        kept = self._kept | {key.column for key in self.nodes.sort_keys}
        goes = [at for at in map(column_at, _CROWDED_OUT) if at not in kept | self._unwanted]
        shown = {at: self._by_hand.get(at, each.usual * self._text_scale) for at, each in by_code.items()}
        taken = sum(wide for at, wide in shown.items() if at not in self._unwanted) + _LEAST * self._text_scale
        hidden = set(self._unwanted)
        for at in goes:
            if taken > self.viewport().width():
                hidden.add(at)
                taken -= shown[at]
        for at in by_code:
            self.setColumnHidden(at, at in hidden)

    def on_head_resized(self, section: int, _before: int, now: int) -> None:
        """Keep the width that the user gave a column."""
        if not self._is_fitting and now:
            self._by_hand[section] = now

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the names as wide as there is room for."""
        super().resizeEvent(event)
        self._widen()

    def show_stage(self, figures: NodeFigures | None, theme: Theme, words: str = "") -> None:
        """Show the nodes of a stage, once they are looked at; `words` stand where there is none."""
        self.theme, self._words = theme, words
        self._waiting = (figures, theme)
        if self.isVisible():
            self._take()
        else:
            self.nodes.show_figures(None, theme)  # what is closed is let go

    def showEvent(self, event: QShowEvent) -> None:
        """Take what waits."""
        super().showEvent(event)
        self._take()

    def _take(self) -> None:
        if self._waiting is None:
            return
        (figures, theme), self._waiting = self._waiting, None
        self.largest_share = max(figures.shares(), default=0.0) if figures is not None else 0.0
        self.nodes.show_figures(figures, theme)
        self._follow()

    def show_selected(self, node_id: NodeId) -> None:
        """Mark the row of a node, and bring it into view; "" marks none."""
        self._selected = node_id
        if self.isVisible():
            self._follow()

    def _follow(self) -> None:
        row = self.nodes.row_of(self._selected) if self._selected else None
        if row is None:
            self.clearSelection()
            return
        chosen = {index.row() for index in self.selectionModel().selectedRows()}
        if row not in chosen:
            self.selectRow(row)
        self.scrollTo(self.nodes.index(row, 0))

    def on_head_clicked(self, section: int) -> None:
        """Sort by a column; with Shift, by it after the one before. A third click ends that."""
        keys = self.nodes.sort_keys
        is_second = bool(QApplication.keyboardModifiers() & Qt.KeyboardModifier.ShiftModifier) and bool(keys)
        self.sort_by_column(section, is_second)

    def sort_by_column(self, section: int, is_second: bool = False) -> None:
        """Sort by a column, turn its order round, or end that: as one more click on its head wants it."""
        keys = list(self.nodes.sort_keys)
        first = COLUMNS[section].is_number
        old = next((key for key in keys if key.column == section), None)
        new = [SortKey(section, first)] if old is None else [SortKey(section, not first)]
        if old is not None and old.is_descending is not first:
            new = []
        others = [key for key in keys if key.column != section][:1] if is_second else []
        if is_second and old is not None and keys[0].column == section:
            self.nodes.sort_by([*new, *keys[1:]])
        else:
            self.nodes.sort_by([*others, *new])

    def sort_for(self, code: str) -> None:
        """Sort by a column, the largest first; by none for ""."""
        self.nodes.sort_by([SortKey(column_at(code), True)] if code else [])

    def chosen_rows(self) -> list[int]:
        """Return the rows that are selected, from top to bottom."""
        return sorted(index.row() for index in self.selectionModel().selectedRows())

    def on_row_chosen(self, index: QModelIndex) -> None:
        """Go to the node, unless rows are being gathered."""
        node = self.nodes.node_at(index.row())
        if node is not None and len(self.chosen_rows()) <= 1:
            self._selected = node.id
            self.node_chosen.emit(node.id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go to the node of the current row by Enter; the arrows go from row to row."""
        before = self.currentIndex().row()
        if event.key() in _ENTER and self.currentIndex().isValid():
            self.on_row_chosen(self.currentIndex())
            return
        super().keyPressEvent(event)
        if self.currentIndex().row() != before and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.on_row_chosen(self.currentIndex())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell which node is under the pointer."""
        super().mouseMoveEvent(event)
        node = self.nodes.node_at(self.indexAt(event.position().toPoint()).row())
        self._hover(node.id if node is not None else "")

    def leaveEvent(self, event: QEvent) -> None:
        """Tell that none is."""
        super().leaveEvent(event)
        self._hover("")

    def _hover(self, node_id: NodeId) -> None:
        if node_id != self._hovered:
            self._hovered = node_id
            self.node_hovered.emit(node_id)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu of the row that is there."""
        index = self.indexAt(event.pos())
        node = self.nodes.node_at(index.row())
        if node is not None:
            if index.row() not in self.chosen_rows():
                self.selectRow(index.row())
            self.menu_requested.emit(node, event.globalPos())

    def ask_for_menu(self) -> None:
        """Ask for the menu of the current row."""
        index = self.currentIndex()
        node = self.nodes.node_at(index.row())
        if node is not None:
            self.menu_requested.emit(node, self.viewport().mapToGlobal(self.visualRect(index).center()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the rows, or say why there is none."""
        super().paintEvent(event)
        if self.nodes.rowCount() == 0 and self._words and self.theme is not None:
            painter = QPainter(self.viewport())
            painter.setPen(self.theme.color("text.muted"))
            top_left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
            painter.drawText(self.viewport().rect().adjusted(12, 10, -12, 0), top_left, self._words)
            painter.end()

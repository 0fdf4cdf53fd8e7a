"""The table of quantizers: ticks, shares as bars, gains; a row for the rest."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from qviz.session.tried_choice import TriedChoice
from qviz.ui.panels.trying.quantizer_model import (
    CHOSEN_ROLE,
    GAIN,
    NAME,
    PLACE,
    SHARE,
    SHARE_ROLE,
    SIZE,
    TICK,
    WHAT_ROLE,
    QuantizerModel,
)
from qviz.ui.theme import Theme
from qviz.words import tr

_ROW, _HEAD = 22, 23
_WIDTHS = {TICK: 30, PLACE: 26, SHARE: 110, GAIN: 64, SIZE: 80}
_LEAST, _MOST_ROWS = 120, 18
_NAMED, _SHARE_ALONE = 170, 66
"""Pixels of names that can be told apart, for which bars give way; of a share without one."""
_BAR, _BESIDE = QSize(44, 7), 56
_BOX = 13
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class QuantizerCells(QStyledItemDelegate):
    """Draws ticks, names in two tones, and shares as bars."""

    def __init__(self, table: QuantizerTable) -> None:
        super().__init__(table)
        self._table = table

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw a cell."""
        theme, area = self._table.theme, getattr(option, "rect", None)
        if theme is None or area is None:
            return
        place = QRectF(area)
        is_chosen, is_here = bool(index.data(CHOSEN_ROLE)), self._table.is_current(index.row())
        painter.save()
        if is_chosen or is_here:
            painter.fillRect(place, theme.color("accent.soft" if is_chosen else "hover"))
        if is_here and index.column() == TICK:
            painter.fillRect(QRectF(place.left(), place.top(), 3, place.height()), theme.color("accent"))
        if index.column() == TICK:
            self._draw_tick(painter, theme, place, index)
        elif index.column() == SHARE:
            self._draw_share(painter, theme, place, index)
        else:
            self._draw_text(painter, theme, place, index)
        painter.restore()

    def _draw_tick(
        self, painter: QPainter, theme: Theme, place: QRectF, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        state = index.data(Qt.ItemDataRole.CheckStateRole)
        if state is None:
            return
        is_on, is_free = (
            Qt.CheckState(state) is Qt.CheckState.Checked,
            bool(index.flags() & Qt.ItemFlag.ItemIsUserCheckable),
        )
        box = QRectF(place.left() + 11, place.center().y() - _BOX / 2 + 0.5, _BOX, _BOX)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(1.0 if is_free else 0.5)
        painter.setPen(QPen(theme.color("accent" if is_on else "border.strong"), 1.0))
        painter.setBrush(theme.color("accent" if is_on else "panel"))
        painter.drawRoundedRect(box, 3, 3)
        if is_on:
            painter.setPen(QPen(theme.color("text.on_accent"), 1.6))
            x, y = box.left(), box.top()
            painter.drawPolyline([QPointF(x + 3, y + 6.8), QPointF(x + 5.6, y + 9.4), QPointF(x + 10, y + 4)])

    def _draw_share(
        self, painter: QPainter, theme: Theme, place: QRectF, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        share = index.data(SHARE_ROLE)
        wide = min(float(_BAR.width()), place.width() - _BESIDE - 8)
        if isinstance(share, float) and wide > 0 and not self._table.quantizers.is_narrow:
            bar = QRectF(place.left() + 4, place.center().y() - _BAR.height() / 2 + 1, wide, _BAR.height())
            painter.fillRect(bar, theme.color("border"))
            largest = self._table.largest_share
            bar.setWidth(wide * min(max(share, 0.0) / largest, 1.0) if largest > 0 else 0.0)
            is_rest = self._table.quantizers.row_at(index.row()) is None
            painter.fillRect(bar, theme.color("error.1" if is_rest else "error.3"))
        self._draw_text(painter, theme, place, index)

    def _draw_text(
        self, painter: QPainter, theme: Theme, place: QRectF, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        text = str(index.data(Qt.ItemDataRole.DisplayRole) or "")
        is_rest = self._table.quantizers.row_at(index.row()) is None
        painter.setFont(self._table.font())
        painter.setPen(theme.color("text.muted" if is_rest or index.column() == PLACE else "text"))
        room = place.adjusted(
            4 - (self._table.columnWidth(PLACE) if is_rest and index.column() == NAME else 0), 0, -8, 0
        )
        if index.column() != NAME:
            painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
            return
        what, metrics = str(index.data(WHAT_ROLE) or ""), painter.fontMetrics()
        behind = f" · {what}" if what else ""
        beside = metrics.horizontalAdvance(behind)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        name = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, max(int(room.width()) - beside, 20))
        painter.drawText(room, left, name)
        painter.setPen(theme.color("text.muted"))
        painter.drawText(room.adjusted(metrics.horizontalAdvance(name), 0, 0, 0), left, behind)


class QuantizerTable(QTableView):
    """The quantizers of a run.

    Signals:
        chosen: The id of the quantizer of a row that was clicked, or came to by a key.

    Attributes:
        quantizers: What is shown, in which order.
        theme: The colors.
        largest_share: For the bars.
    """

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.quantizers = QuantizerModel(self)
        self.theme: Theme | None = None
        self.largest_share = 0.0
        self._sorted: tuple[int, bool] | None = None
        self._text_scale = 1.0
        self._selected: frozenset[int] = frozenset()
        self.setModel(self.quantizers)
        self.setItemDelegate(QuantizerCells(self))
        self.setAccessibleName(tr("Quantizers by their share of the noise"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.verticalHeader().hide()
        heads = self.horizontalHeader()
        heads.setSectionsClickable(True)
        heads.setHighlightSections(False)
        heads.sectionClicked.connect(self.on_head_clicked)
        self.quantizers.modelReset.connect(self.updateGeometry)
        self.quantizers.modelReset.connect(self.on_selection_changed)
        self.selectionModel().selectionChanged.connect(self.on_selection_changed)
        self.fit(1.0)

    def fit(self, text_scale: float) -> None:
        """Let rows and columns grow with the text."""
        rows, heads = self.verticalHeader(), self.horizontalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setMinimumSectionSize(1)
        rows.setDefaultSectionSize(round(_ROW * text_scale))
        heads.setFixedHeight(round(_HEAD * text_scale))
        self._text_scale = text_scale
        for column, wide in _WIDTHS.items():
            self.setColumnWidth(column, round(wide * text_scale))
        self._widen()
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """Return the room of all rows that are listed at first."""
        rows = min(self.quantizers.rowCount(), _MOST_ROWS)
        high = self.horizontalHeader().height() + rows * self.verticalHeader().defaultSectionSize() + 2
        return QSize(480, high)

    def minimumSizeHint(self) -> QSize:
        """Return the room of some rows."""
        return QSize(300, self.horizontalHeader().height() + 6 * self.verticalHeader().defaultSectionSize())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the names what the figures leave."""
        super().resizeEvent(event)
        self._widen()

    def _widen(self) -> None:
        wide, share = self.viewport().width(), _WIDTHS[SHARE]
        others = sum(self.columnWidth(each) for each in _WIDTHS if each != SHARE)
        is_narrow = wide - others - round(share * self._text_scale) < round(_NAMED * self._text_scale)
        self.setColumnWidth(SHARE, round((_SHARE_ALONE if is_narrow else share) * self._text_scale))
        if is_narrow is not self.quantizers.is_narrow:
            self.quantizers.is_narrow = is_narrow
            self.quantizers.headerDataChanged.emit(Qt.Orientation.Horizontal, SHARE, SHARE)
        self.setColumnWidth(NAME, max(wide - others - self.columnWidth(SHARE), _LEAST))

    def show_choice(self, choice: TriedChoice, theme: Theme) -> None:
        """Show a choice."""
        self.theme = theme
        shares = (each.quantizer.share for each in choice.tried.rows)
        self.largest_share = max((each for each in shares if isinstance(each, float)), default=0.0)
        self.quantizers.show_choice(choice, theme)
        self.viewport().update()

    def is_current(self, row: int) -> bool:
        """Tell whether a row is selected."""
        return row in self._selected

    def on_selection_changed(self) -> None:
        """Remember which rows are selected: every cell asks."""
        self._selected = frozenset(self.chosen_rows())

    def mark(self, names: tuple[str, ...]) -> None:
        """Select the rows of quantizers, and bring the first into view; tells no one."""
        rows = [place for each in names if (place := self.quantizers.place_of(each)) is not None]
        self.clearSelection()
        if rows:
            self.setCurrentIndex(self.quantizers.index(rows[0], NAME))
            self.selectRow(rows[0])
            self.scrollTo(self.quantizers.index(rows[0], NAME))
        self.viewport().update()

    def chosen_rows(self) -> list[int]:
        """Return the rows that are selected, from top to bottom."""
        return sorted(index.row() for index in self.selectionModel().selectedRows())

    def on_head_clicked(self, section: int) -> None:
        """Sort by a column, turn its order round, or end that."""
        first = section in (TICK, SHARE, GAIN, SIZE)
        ways = {None: (section, first), (section, first): (section, not first)}
        known = self._sorted if self._sorted is not None and self._sorted[0] == section else None
        self._sorted = ways.get(known)
        if self._sorted is None:
            self.quantizers.sort(-1)
            return
        orders = Qt.SortOrder
        self.quantizers.sort(section, orders.DescendingOrder if self._sorted[1] else orders.AscendingOrder)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Tick the box of a row, or go to its quantizer."""
        index = self.indexAt(event.position().toPoint())
        if event.button() is Qt.MouseButton.LeftButton and index.column() == TICK:
            self.setCurrentIndex(index)
            self.quantizers.turn(index.row())
            return
        super().mousePressEvent(event)
        if event.button() is Qt.MouseButton.LeftButton:
            self._tell(index.row())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """List all by a double click on the last row."""
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and self.quantizers.row_at(index.row()) is None:
            self.quantizers.expand(True)
        else:
            self.mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Tick by the space bar, go from row to row by the arrows; Enter on the last row lists all."""
        before = self.currentIndex().row()
        if event.key() == Qt.Key.Key_Space:
            self.quantizers.turn(before)
            return
        if event.key() in _ENTER:
            if self.quantizers.row_at(before) is None:
                self.quantizers.expand(True)
            self._tell(before)
            return
        super().keyPressEvent(event)
        if self.currentIndex().row() != before:
            self._tell(self.currentIndex().row())

    def _tell(self, row: int) -> None:
        found = self.quantizers.row_at(row)
        if found is not None:
            self.chosen.emit(found.quantizer.id)

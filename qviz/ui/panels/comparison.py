"""The flows compared on one model: the advice, a row for each, and the tables that explain them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QCloseEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QProgressBar,
    QSplitter,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from qviz.analysis.verdicts.advice import advise, title
from qviz.analysis.verdicts.claims import claims
from qviz.analysis.verdicts.comparison_words import HEADINGS, cells, explained, float_lines
from qviz.analysis.verdicts.support import OPERATORS, TRAITS, TRAITS_NOTE, used
from qviz.document.comparison import ERROR_MEANS, SIZE_MEANS, TIME_MEANS, FlowRow
from qviz.document.flows import Mode
from qviz.document.plan import Plan
from qviz.errors import QvizError
from qviz.trust.grants import Grant
from qviz.ui.panels.widgets import button, label
from qviz.ui.process.comparison import Comparing
from qviz.ui.theme import Theme
from qviz.words import names, tr
from qviz.words.untrusted import plain_tip
from qviz.words.visible import short_name, visible

_MEANINGS = {"Size": SIZE_MEANS, "SQNR": ERROR_MEANS, "Time": TIME_MEANS}
_WIDTHS = (130, 270, 100, 150, 75, 165)
_PADDING = 4
_FLOW = Qt.ItemDataRole.UserRole


class ComparisonSheet(QDialog):
    """Starts to compare at once; closing it ends the engine.

    Signals:
        flow_chosen: The plan with the flow of the row that was chosen.
    """

    flow_chosen = Signal(object)

    def __init__(
        self, plan: Plan, flows: Sequence[str], theme: Theme, parent: QWidget, grants: tuple[Grant, ...] = ()
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Flow comparison – {source}", source=short_name(plan.source)))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(1100, 720)
        self._plan, self._theme, self._flows = plan, theme, tuple(flows)
        self.comparing = Comparing(plan, flows, self, grants)
        self.advice = label("", "title", wraps=True)
        self.advice.setAccessibleName(tr("Advice"))
        self.fault = label("", "error", wraps=True)
        self.fault.hide()
        self.rows = self._make_rows()
        self.why = _table((tr("Flows"), tr("Failures and float operators")), (300,))
        self.said = _table((tr("Claim"), tr("Measured")), (430,))
        headings = (tr("In model"), tr("Operator"), tr("Static"), tr("Dynamic"), tr("In torch 2.8"))
        self.operators = _table(headings, (70, 140, 230, 220))
        self.modes = _table(("", *(names.mode(each.value) for each in Mode)), (220, 240, 290))
        self._arrange()
        self._show_constant_tables()
        self.rows.itemClicked.connect(self.on_row_chosen)
        self.rows.itemActivated.connect(self.on_row_chosen)
        self.comparing.changed.connect(self.refresh)
        self.comparing.rejected.connect(self.on_comparing_rejected)
        self.comparing.start()

    def _make_rows(self) -> QTreeWidget:
        made = QTreeWidget()
        made.setHeaderLabels([tr("Flow"), *(tr(each) for each in HEADINGS)])
        made.setRootIsDecorated(False)
        made.setAccessibleName(tr("Flow comparison"))
        made.header().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for column, width in enumerate(_WIDTHS):
            made.setColumnWidth(column, width)
        for column, heading in enumerate(HEADINGS, 1):
            made.headerItem().setToolTip(column, tr(_MEANINGS[heading]) if heading in _MEANINGS else "")
        return made

    def _arrange(self) -> None:
        self.words, self.bar = label("", "muted"), QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, len(self._flows))
        self.bar.setAccessibleName(tr("Progress of the comparison"))
        self.cancel = button(tr("Cancel"), on_click=self.comparing.stop)
        self.again = button(tr("Continue"), on_click=self.comparing.start)
        progress = QHBoxLayout()
        progress.addWidget(self.words)
        progress.addWidget(self.bar, 1)
        for each in (self.cancel, self.again):
            each.setAutoDefault(False)
            progress.addWidget(each)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        pages = ((tr("Failures and float"), self.why), (tr("Claims, measured"), self.said))
        for name, page in (*pages, (tr("Operators"), self.operators), (tr("Eager, FX, PT2E"), self.modes)):
            page.setAccessibleName(name)
            self.tabs.addTab(page, name)
        self.tabs.currentChanged.connect(self.on_tabs_current_changed)
        halves = QSplitter(Qt.Orientation.Vertical)
        halves.addWidget(self.rows)
        halves.addWidget(self.tabs)
        halves.setSizes([350, 260])
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 14)
        column.setSpacing(10)
        column.addWidget(self.advice)
        column.addWidget(self.fault)
        column.addLayout(progress)
        column.addWidget(halves, 1)
        column.addWidget(label(tr("Click a row or press Enter to run its flow."), "muted"))

    def _show_constant_tables(self) -> None:
        traits = [tuple(tr(text) for text in each) for each in TRAITS]
        _fill(self.modes, [*traits, (tr("In torch 2.8"), "", "", tr(TRAITS_NOTE))])

    def refresh(self) -> None:
        """Show what has arrived."""
        comparison, left = self.comparing.comparison, self.comparing.waiting
        is_running = self.comparing.is_running
        step = self.comparing.doing
        done = {"done": len(comparison.rows), "total": len(self._flows)}
        self.words.setText(tr("{step}…", step=step) if is_running else tr("{done} of {total} flows compared", **done))
        self.bar.setValue(len(comparison.rows))
        self.bar.setVisible(is_running)
        self.cancel.setVisible(is_running)
        self.again.setVisible(not is_running and bool(left))
        advice = advise(comparison.rows)
        self.advice.setText(advice.text if comparison.rows and not left else tr("Comparing the flows on this model"))
        self._show_rows(comparison.rows, left, advice.flow if not left else None)
        _fill(self.why, explained(comparison.rows))
        _fill(self.said, [(claim.text, claim.measured) for claim in claims(comparison.rows)])
        have = used(comparison.types, {name for row in comparison.rows for name in row.operators})
        _fill(
            self.operators,
            [("✓" if o.name in have else "", o.name, str(o.static), str(o.dynamic), o.remark) for o in OPERATORS],
        )

    def _show_rows(self, rows: Iterable[FlowRow], left: Sequence[str], advised: str | None) -> None:
        chosen = self.rows.currentItem()
        current = chosen.data(0, _FLOW) if chosen is not None else None
        self.rows.clear()
        for row in rows:
            item = self._add_row(row.flow, cells(row))
            lines = "\n".join(float_lines(row))
            for column in range(self.rows.columnCount()):
                item.setToolTip(column, plain_tip(lines))
            if row.status != "done" or row.broken is not None:
                item.setForeground(1, QBrush(self._theme.color("level.error")))
            font = item.font(0)
            font.setBold(row.flow == advised)
            item.setFont(0, font)
        for flow in left:
            item = self._add_row(
                flow, (tr("Running") if flow == left[0] and self.comparing.is_running else tr("Waiting"),)
            )
            for column in range(self.rows.columnCount()):
                item.setForeground(column, QBrush(self._theme.color("text.muted")))
        for place in range(self.rows.topLevelItemCount()):
            if (found := self.rows.topLevelItem(place)) is not None and found.data(0, _FLOW) == current:
                self.rows.setCurrentItem(found)

    def _add_row(self, flow: str, words: Sequence[str]) -> QTreeWidgetItem:
        item = QTreeWidgetItem([title(flow), *words])
        item.setData(0, _FLOW, flow)
        self.rows.addTopLevelItem(item)
        return item

    def on_row_chosen(self, item: QTreeWidgetItem) -> None:
        """Run the flow of a row; comparing ends."""
        flow = item.data(0, _FLOW)
        self.close()
        self.flow_chosen.emit(msgspec.structs.replace(self._plan, flow=flow))

    def on_tabs_current_changed(self) -> None:
        """Fit the rows of a table to its columns, which have their width only when it is shown."""
        table = self.tabs.currentWidget()
        if isinstance(table, QTableWidget):
            table.resizeRowsToContents()

    def on_comparing_rejected(self, error: QvizError) -> None:
        """Say why nothing can be compared."""
        self.advice.setText(tr("The flows could not be compared"))
        self.fault.setText(str(error))
        self.fault.show()

    def reject(self) -> None:
        """Close by Esc as by the frame."""
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """End the engine."""
        self.comparing.blockSignals(True)
        self.comparing.stop()
        super().closeEvent(event)


class _Wrapping(QStyledItemDelegate):
    """Counts the lines of a cell without the padding that the style sheet takes from its width."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Return the room for all lines."""
        room = option.rect
        room.setWidth(room.width() - 2 * _PADDING)
        option.rect = room
        return super().sizeHint(option, index)


def _table(headings: Sequence[str], widths: Sequence[int]) -> QTableWidget:
    """Return a table whose cells wrap; a tree cuts long words off."""
    made = QTableWidget(0, len(headings))
    made.setHorizontalHeaderLabels(list(headings))
    made.setShowGrid(False)
    made.setItemDelegate(_Wrapping(made))
    made.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
    made.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
    made.verticalHeader().hide()
    header = made.horizontalHeader()
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    header.setHighlightSections(False)
    header.setStretchLastSection(True)
    header.sectionResized.connect(made.resizeRowsToContents)
    for column, width in enumerate(widths):
        made.setColumnWidth(column, width)
    return made


def _fill(table: QTableWidget, rows: Sequence[Sequence[str]]) -> None:
    table.setRowCount(len(rows))
    for place, row in enumerate(rows):
        for column, words in enumerate(row):
            cell = QTableWidgetItem(visible(words))
            cell.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
            table.setItem(place, column, cell)
    table.resizeRowsToContents()

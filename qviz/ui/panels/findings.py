"""What to look at: the findings of the run, the worst first."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QIcon, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem

from qviz.document.causes import by_cause
from qviz.document.snapshot import Finding
from qviz.ui.theme import Theme
from qviz.words import names, tr
from qviz.words.formats import capitalized, listed, sentence

_MOST_WIDE = {0: 230, 2: 190}
"""Pixels for the rule and for the nodes."""
_GAP = 16


class FindingList(QTreeWidget):
    """A row for each finding.

    Signals:
        finding_chosen: The `Finding` to go to.
        menu_requested: The `Finding` and where on the desktop its menu was asked for.
    """

    finding_chosen = Signal(object)
    menu_requested = Signal(object, QPoint)

    def __init__(self) -> None:
        super().__init__()
        self._words, self._ink = "", QColor()
        self._shown_key: tuple[object, ...] = ()
        self.setColumnCount(3)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setIconSize(QSize(9, 9))
        self.setAccessibleName(tr("Findings"))
        self.header().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.header().setStretchLastSection(False)
        self.itemClicked.connect(self.on_item_chosen)
        self.itemActivated.connect(self.on_item_chosen)

    def show_findings(self, findings: tuple[Finding, ...], theme: Theme, words: str = "") -> None:
        """Show one row a finding and below it what follows from it; `words` stand where there is none.

        Reason and hint are in the tooltip.
        """
        key = (findings, theme.name, words)
        if key == self._shown_key:
            return  # rows that stay keep the place that the next and the previous are counted from
        self._shown_key = key
        self.clear()
        self._words, self._ink = words, theme.color("text.muted")
        self.setAccessibleDescription("" if findings else words)
        groups = by_cause(findings)
        self.setRootIsDecorated(any(each.consequences for each in groups))
        for cause, consequences in groups:
            row = _row(cause, theme)
            row.addChildren([_row(each, theme) for each in consequences])
            self.addTopLevelItem(row)
        self.expandAll()
        for column, most in _MOST_WIDE.items():  # what they do not need is the message's
            self.resizeColumnToContents(column)
            self.setColumnWidth(column, min(self.columnWidth(column) + _GAP, most))

    def step(self, by: int) -> None:
        """Go to the next or previous finding."""
        rows = [*self._rows()]
        if rows:
            current = self.currentItem()
            here = rows.index(current) if current is not None else (-1 if by > 0 else 0)
            item = rows[(here + by) % len(rows)]
            self.setCurrentItem(item)
            self.on_item_chosen(item)

    def _rows(self) -> Iterator[QTreeWidgetItem]:
        """Yield all rows from top to bottom."""
        for place in range(self.topLevelItemCount()):
            row = self.topLevelItem(place)
            assert row is not None
            yield row
            yield from (each for at in range(row.childCount()) if (each := row.child(at)) is not None)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the rows, or say why there is none."""
        super().paintEvent(event)
        if self.topLevelItemCount() == 0:
            painter = QPainter(self.viewport())
            painter.setPen(self._ink)
            top_left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
            painter.drawText(self.viewport().rect().adjusted(12, 10, -12, 0), top_left, self._words)
            painter.end()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu of the row that is there."""
        item = self.itemAt(event.pos())
        if item is not None:
            self.setCurrentItem(item)
            self.ask_for_menu()

    def ask_for_menu(self) -> None:
        """Ask for the menu of the current row."""
        item = self.currentItem()
        if item is not None:
            place = self.viewport().mapToGlobal(self.visualItemRect(item).center())
            self.menu_requested.emit(item.data(0, Qt.ItemDataRole.UserRole), place)

    def on_item_chosen(self, item: QTreeWidgetItem) -> None:
        """Tell which finding was chosen."""
        self.finding_chosen.emit(item.data(0, Qt.ItemDataRole.UserRole))


def _row(finding: Finding, theme: Theme) -> QTreeWidgetItem:
    nodes = listed(finding.nodes, 2) or names.stage(finding.stage)
    row = QTreeWidgetItem([names.rule(finding.rule), finding.message, nodes])
    row.setIcon(0, _dot(theme.color(f"level.{finding.level.value}")))
    row.setData(0, Qt.ItemDataRole.UserRole, finding)
    for column in range(3):
        row.setToolTip(column, _explained(finding))
    return row


def _explained(finding: Finding) -> str:
    level, reason = capitalized(names.level(finding.level.value)), sentence(finding.reason)
    return tr("{level}: {reason}\n{hint}", level=level, reason=reason, hint=sentence(finding.hint))


def _dot(color: QColor) -> QIcon:
    pixmap = QPixmap(18, 18)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(color)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawEllipse(1, 1, 16, 16)
    painter.end()
    return QIcon(pixmap)

"""What to look at: a row for each kind of fault, the worst first, with a stepper over its places."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache, partial

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QIcon, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from qviz.analysis.inspecting.inspected_run import InspectedRun
from qviz.analysis.inspecting.place_text import headline
from qviz.analysis.tables.finding_rows import FindingRow, finding_rows
from qviz.document.snapshot import Finding, Level
from qviz.ui.canvas.level_shape import draw_level
from qviz.ui.panels.widgets import button, label
from qviz.ui.theme import Theme
from qviz.words import names, tr
from qviz.words.formats import capitalized, sentence
from qviz.words.untrusted import plain_tip
from qviz.words.visible import one_line

_TITLE, _MESSAGE, _PLACE, _STEPS, _ACTION = range(5)
_MOST_WIDE = {_TITLE: 230, _PLACE: 230}
"""Pixels for the rule and for the place."""
_GAP, _MARK, _RATIO = 16, 14, 2
_NEW_LINE = "\u2028"
_NARROW_PLACE = 118
_WIDE_MESSAGE = 420
"""Pixels that a message wants for a column of its own; with less it stands below the title."""


class PlaceStepper(QWidget):
    """Goes through the places of one finding.

    Args:
        row: The finding.
        go: Is called with 1 or -1.
    """

    def __init__(self, row: FindingRow, go: partial[None]) -> None:
        super().__init__()
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 8, 0)
        line.setSpacing(2)
        self._at = label("", "muted")
        for text, by, spoken in (("‹", -1, tr("Previous place")), ("›", 1, tr("Next place"))):
            made = button(text, "step", partial(go, by))
            made.setAccessibleName(tr("{action}: {finding}", action=spoken, finding=row.title))
            made.setToolTip(spoken)
            line.addWidget(made)
            if by < 0:
                line.addWidget(self._at)
        self._many = len(row.places)
        self.show_place(self._many - 1)
        self._at.setMinimumWidth(self._at.sizeHint().width())
        self.show_place(0)

    def show_place(self, place: int) -> None:
        """Say which place is shown, counted from 0."""
        self._at.setText(tr("{number} of {count}", number=place + 1, count=self._many))


class _TitleCell(QStyledItemDelegate):
    """The title, and where the list is narrow the message below it."""

    def __init__(self, listed: FindingList) -> None:
        super().__init__(listed)
        self._listed = listed

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """Say both."""
        super().initStyleOption(option, index)
        if self._listed.is_narrow:
            message = index.sibling(index.row(), _MESSAGE).data()
            option.text = f"{option.text}{_NEW_LINE}{message}"


class FindingList(QTreeWidget):
    """A row for each finding, and below it what follows from it.

    Signals:
        finding_chosen: The `Finding` to go to.
        place_chosen: The `Finding` at whose next or previous place to look.
        remedy_chosen: A patch that is to be taken into the plan, as TOML, and what it is called.
        menu_requested: The `Finding` and where on the desktop its menu was asked for.
    """

    finding_chosen = Signal(object)
    place_chosen = Signal(object)
    remedy_chosen = Signal(str, str)
    menu_requested = Signal(object, QPoint)

    def __init__(self) -> None:
        super().__init__()
        self._words, self._ink = "", QColor()
        self._wide_title = self._wide_place = 0
        self._shown_key: tuple[object, ...] = ()
        self._places: dict[int, int] = {}
        self._accepted: frozenset[int] = frozenset()
        self.setColumnCount(5)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setIconSize(QSize(_MARK, _MARK))
        self.setItemDelegateForColumn(_TITLE, _TitleCell(self))
        self.setAccessibleName(tr("Findings"))
        self.header().setSectionResizeMode(_MESSAGE, QHeaderView.ResizeMode.Stretch)
        self.header().setStretchLastSection(False)
        self.itemClicked.connect(self.on_item_chosen)
        self.itemActivated.connect(self.on_item_chosen)

    def show_findings(
        self, findings: tuple[Finding, ...], theme: Theme, words: str = "", run: InspectedRun | None = None
    ) -> None:
        """Show one row a finding and below it what follows from it; `words` stand where there is none.

        Reason and hint are in the tooltip.
        """
        key = (findings, theme.name, words, run)
        if key == self._shown_key:
            return  # rows that stay keep the place that the next and the previous are counted from
        self._shown_key = key
        self.clear()
        self._places = {}
        self._words, self._ink = words, theme.color("text.muted")
        self.setAccessibleDescription("" if findings else words)
        rows = finding_rows(findings, run)
        self.setRootIsDecorated(any(each.consequences for each in rows))
        for row in rows:
            item = _item(row, theme)
            self.addTopLevelItem(item)
            self._equip(item, row)
            for each in row.consequences:
                inner = _item(each, theme)
                item.addChild(inner)
                self._equip(inner, each)
        self.expandAll()
        for column in (_TITLE, _PLACE, _STEPS, _ACTION):  # what they do not need is the message's
            self.resizeColumnToContents(column)
            equipped = (self.itemWidget(item, column) for item in self._rows())
            inside = [made.sizeHint().width() for made in equipped if made is not None]
            self.setColumnHidden(column, column in (_STEPS, _ACTION) and not inside)
            wide = max([self.columnWidth(column), *inside])
            self.setColumnWidth(column, min(wide + _GAP, _MOST_WIDE.get(column, wide + _GAP)))
        self._wide_title, self._wide_place = self.columnWidth(_TITLE), self.columnWidth(_PLACE)
        self._mark_accepted()
        self._make_room()

    def height_of_rows(self) -> int:
        """Return how high all rows are, or the words in their place, with some air."""
        rows = [self.rowHeight(self.indexFromItem(item)) for item in self._rows()]
        return (sum(rows) if rows else 2 * self.fontMetrics().height()) + _GAP // 2

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the messages below the titles where there is no room beside them."""
        super().resizeEvent(event)
        self._make_room()

    @property
    def is_narrow(self) -> bool:
        """Whether messages stand below the titles."""
        return self.isColumnHidden(_MESSAGE)

    def _make_room(self) -> None:
        taken = self._wide_title + self._wide_place + self.columnWidth(_STEPS) + self.columnWidth(_ACTION)
        messages = (self.fontMetrics().horizontalAdvance(item.text(_MESSAGE)) + _GAP for item in self._rows())
        wanted = min(max(messages, default=0), _WIDE_MESSAGE)
        is_narrow = self.viewport().width() - taken < wanted
        if is_narrow != self.is_narrow:
            self.setColumnHidden(_MESSAGE, is_narrow)
            modes = QHeaderView.ResizeMode
            self.header().setSectionResizeMode(_TITLE, modes.Stretch if is_narrow else modes.Interactive)
            if not is_narrow:
                self.setColumnWidth(_TITLE, self._wide_title)
            self.setColumnWidth(_PLACE, min(self._wide_place, _NARROW_PLACE) if is_narrow else self._wide_place)
            self.scheduleDelayedItemsLayout()

    def show_accepted(self, findings: Iterable[Finding]) -> None:
        """Show which findings the baseline accepts: they are paler, and say so."""
        self._accepted = frozenset(map(id, findings))
        self._mark_accepted()

    def _mark_accepted(self) -> None:
        for item in self._rows():
            row = _told(item)
            is_accepted = id(row.finding) in self._accepted
            item.setText(_TITLE, tr("{title} (accepted)", title=row.title) if is_accepted else row.title)
            for column in range(_STEPS):
                item.setData(column, Qt.ItemDataRole.ForegroundRole, self._ink if is_accepted else None)

    def _equip(self, item: QTreeWidgetItem, row: FindingRow) -> None:
        """Give a row its stepper, where it has several places, and its remedy."""
        if len(row.finding.nodes) > 1:
            self.setItemWidget(item, _STEPS, PlaceStepper(row, partial(self._step_item, item)))
        if row.remedy:
            made = button(tr("Apply"), "chip", partial(self.remedy_chosen.emit, row.remedy, row.title))
            made.setAccessibleName(tr("Apply: {remedy}", remedy=row.title))
            made.setToolTip(tr("Add this to the configuration. The result on screen stays until the next run."))
            self.setItemWidget(item, _ACTION, made)

    def place_of(self, finding: Finding) -> int:
        """Return which place of a finding was looked at last, counted from 0."""
        return self._places.get(id(finding), 0)

    def chosen(self) -> list[Finding]:
        """Return the findings of the rows that are selected."""
        return [each.data(0, Qt.ItemDataRole.UserRole).finding for each in self.selectedItems()]

    def shown(self) -> list[Finding]:
        """Return the findings of all rows, from top to bottom."""
        return [each.data(0, Qt.ItemDataRole.UserRole).finding for each in self._rows()]

    def step(self, by: int) -> None:
        """Go to the next or previous finding."""
        rows = [*self._rows()]
        if rows:
            current = self.currentItem()
            here = rows.index(current) if current is not None else (-1 if by > 0 else 0)
            item = rows[(here + by) % len(rows)]
            self.setCurrentItem(item)
            self.on_item_chosen(item)

    def step_place(self, by: int) -> None:
        """Go to the next or previous place of the current finding, around the end; without places, to another one."""
        item = self.currentItem()
        if item is None or not _told(item).finding.nodes:
            self.step(1 if by > 0 else -1)
        else:
            self._step_item(item, by)

    def _step_item(self, item: QTreeWidgetItem, by: int) -> None:
        row = _told(item)
        place = (self.place_of(row.finding) + by) % len(row.places)
        self._places[id(row.finding)] = place
        item.setText(_PLACE, one_line(row.places[place]))
        item.setToolTip(_PLACE, plain_tip(row.places[place]))
        stepper = self.itemWidget(item, _STEPS)
        if isinstance(stepper, PlaceStepper):
            stepper.show_place(place)
        self.setCurrentItem(item)
        self.place_chosen.emit(row.finding)

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
            self.menu_requested.emit(_told(item).finding, place)

    def on_item_chosen(self, item: QTreeWidgetItem) -> None:
        """Tell which finding was chosen."""
        self.finding_chosen.emit(_told(item).finding)


def _told(item: QTreeWidgetItem) -> FindingRow:
    row = item.data(0, Qt.ItemDataRole.UserRole)
    assert isinstance(row, FindingRow)
    return row


def _item(row: FindingRow, theme: Theme) -> QTreeWidgetItem:
    finding = row.finding
    item = QTreeWidgetItem([row.title, one_line(headline(finding, finding.message)), one_line(row.places[0]), "", ""])
    item.setIcon(_TITLE, sign(finding.level, theme))
    item.setData(0, Qt.ItemDataRole.UserRole, row)
    level = capitalized(names.level(finding.level.value))
    item.setData(0, Qt.ItemDataRole.AccessibleTextRole, tr("{level}: {title}", level=level, title=row.title))
    for column in range(_STEPS):
        item.setToolTip(column, plain_tip(_explained(finding)))
    item.setToolTip(_PLACE, plain_tip(row.places[0]))
    return item


def _explained(finding: Finding) -> str:
    level, reason = capitalized(names.level(finding.level.value)), sentence(finding.reason)
    return tr("{level}: {reason}\n{hint}", level=level, reason=reason, hint=sentence(finding.hint))


@lru_cache(maxsize=16)
def sign(level: Level, theme: Theme) -> QIcon:
    """Return the sign of a level: an octagon, a triangle or a circle.

    The same again: Qt keeps what it draws of each icon.
    """
    pixmap = QPixmap(_MARK * _RATIO, _MARK * _RATIO)
    pixmap.setDevicePixelRatio(_RATIO)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    draw_level(painter, level.value, theme.color(f"level.{level.value}"))
    painter.end()
    return QIcon(pixmap)

"""The quantizers of a choice as Qt's views read them: ticked, sorted, with a row for the rest at the end."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from qviz.analysis.ledger.answer import finite
from qviz.analysis.tables.node_columns import CellValue
from qviz.analysis.trying.trial_words import (
    added_text,
    gain_text,
    refusal,
    rest_share,
    rest_text,
    row_name,
)
from qviz.analysis.trying.trials import TrialRow
from qviz.session.tried_choice import TriedChoice
from qviz.ui.theme import Theme
from qviz.words import mark, tr
from qviz.words.formats import part
from qviz.words.untrusted import plain_tip
from qviz.words.visible import one_line

TICK, PLACE, NAME, SHARE, GAIN, SIZE = range(6)
SHARE_ROLE, CHOSEN_ROLE, WHAT_ROLE = (Qt.ItemDataRole.UserRole + each for each in range(3))
"""A share from 0 to 1, for a bar; whether a row is in float; what is rounded, behind the name."""
LISTED = 12
"""Rows that are shown at first."""
_HEADS = ("", mark("k"), mark("Quantizer"), mark("Share of noise"), mark("Gain"), mark("Size"))
_TIPS = {
    PLACE: mark("The number of worst quantizers in float that includes this one"),
    SHARE: mark("Its share of the output noise when it rounds alone"),
    GAIN: mark("Gain in output SQNR, together with all rows above"),
    SIZE: mark("Growth of the weights, together with all rows above"),
}
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_CellIndex = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class QuantizerModel(QAbstractTableModel):
    """A row for each quantizer, and one for the rest.

    Signals:
        turned: The number of a change that is to be chosen, or no more.
    """

    turned = Signal(int)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.choice: TriedChoice | None = None
        self.is_expanded = self.is_narrow = False
        self._theme: Theme | None = None
        self._sort: tuple[int, bool] | None = None
        self._rows: list[TrialRow] = []

    def show_choice(self, choice: TriedChoice, theme: Theme) -> None:
        """Show a choice; the rows stay where they are those of the same run."""
        is_same = self.choice is not None and self.choice.tried is choice.tried
        self.choice, self._theme = choice, theme
        if is_same:
            last = self.index(self.rowCount() - 1, SIZE)
            self.dataChanged.emit(self.index(0, 0), last)
        else:
            self.is_expanded = False
            self._arrange()

    def expand(self, is_expanded: bool) -> None:
        """Show all rows, or the worst alone."""
        if is_expanded is not self.is_expanded:
            self.is_expanded = is_expanded
            self._arrange()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; -1 goes back to the worst first."""
        self._sort = None if column < 0 else (column, order is Qt.SortOrder.DescendingOrder)
        self._arrange()

    @property
    def hidden(self) -> int:
        """How many rows are not shown."""
        return len(self.choice.tried.rows) - len(self._rows) if self.choice is not None else 0

    def _arrange(self) -> None:
        self.beginResetModel()
        rows = self.choice.tried.rows if self.choice is not None else ()
        shown = [*(rows if self.is_expanded or len(rows) <= LISTED + 1 else rows[:LISTED])]
        if self._sort is not None:
            column, is_descending = self._sort
            known = [each for each in shown if self._key(each, column) is not None]
            rest = [each for each in shown if self._key(each, column) is None]
            shown = [*sorted(known, key=lambda each: self._key(each, column) or 0.0, reverse=is_descending), *rest]
        self._rows = shown
        self.endResetModel()

    def _key(self, row: TrialRow, column: int) -> Any:
        assert self.choice is not None
        return {
            TICK: float(row.quantizer.id in self.choice.gone),
            PLACE: row.place or None,
            NAME: row.quantizer.id,
            SHARE: finite(row.quantizer.share),
            GAIN: float(row.gain_db) if row.gain_db is not None else None,
            SIZE: row.added_bytes if row.gain_db is not None else None,
        }[column]

    def row_at(self, row: int) -> TrialRow | None:
        """Return the quantizer of a row; None of the last row."""
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def place_of(self, name: str) -> int | None:
        """Return the row of a quantizer by its id."""
        return next((place for place, each in enumerate(self._rows) if each.quantizer.id == name), None)

    def rowCount(self, parent: _CellIndex = _NOWHERE) -> int:
        """Return how many rows there are, the one for the rest among them."""
        return 0 if parent.isValid() or self.choice is None else len(self._rows) + 1

    def columnCount(self, parent: _CellIndex = _NOWHERE) -> int:
        """Return how many columns there are."""
        return 0 if parent.isValid() else len(_HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the head of a column."""
        if orientation is Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            head = mark("Noise") if section == SHARE and self.is_narrow else _HEADS[section]
            title = tr(head) if head else ""
            arrow = "" if self._sort is None or self._sort[0] != section else " ▼" if self._sort[1] else " ▲"
            return title + arrow
        if role == Qt.ItemDataRole.ToolTipRole and section in _TIPS:
            return tr(_TIPS[section])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _LEFT if section == NAME else _RIGHT
        return None

    def flags(self, index: _CellIndex) -> Qt.ItemFlag:
        """Return what can be done with a cell."""
        found = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return found | Qt.ItemFlag.ItemIsUserCheckable if index.column() == TICK and self._can_turn(index) else found

    def _can_turn(self, index: _CellIndex) -> bool:
        row, choice = self.row_at(index.row()), self.choice
        return row is not None and choice is not None and not refusal(choice.tried, row, choice.chosen)

    def turn(self, row: int) -> None:
        """Ask for the quantizer of a row to be chosen, or no more."""
        found, index = self.row_at(row), self.index(row, TICK)
        if found is not None and found.change is not None and self._can_turn(index):
            self.turned.emit(found.change)

    def setData(self, index: _CellIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Take a tick."""
        if role != Qt.ItemDataRole.CheckStateRole:
            return False
        self.turn(index.row())
        return True

    def data(self, index: _CellIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a cell shows."""
        choice, row = self.choice, self.row_at(index.row())
        if choice is None:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _LEFT if index.column() == NAME else _RIGHT
        if row is None:
            return self._of_rest(choice, index.column(), role)
        if role == Qt.ItemDataRole.DisplayRole:
            return one_line(self._text(row, index.column()))
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip("\n".join(filter(None, (row.quantizer.id, refusal(choice.tried, row, choice.chosen)))))
        is_gone = row.quantizer.id in choice.gone
        known = {SHARE_ROLE: finite(row.quantizer.share), CHOSEN_ROLE: is_gone, WHAT_ROLE: row_name(row)[1]}
        return self._tick(row, is_gone, role) if index.column() == TICK and role not in known else known.get(role)

    def _tick(self, row: TrialRow, is_gone: bool, role: int) -> Any:
        if role == Qt.ItemDataRole.CheckStateRole and row.change is not None:
            return Qt.CheckState.Checked if is_gone else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return tr("{name}: in float", name=row.quantizer.id) if is_gone else row.quantizer.id
        return None

    def _text(self, row: TrialRow, column: int) -> str:
        share = finite(row.quantizer.share)
        return {
            TICK: "",
            PLACE: str(row.place) if row.place else "",
            NAME: row_name(row)[0],
            SHARE: part(share) if share is not None else tr("not known"),
            GAIN: gain_text(row.gain_db),
            SIZE: added_text(row.added_bytes) if row.gain_db is not None else "",
        }[column]

    def _of_rest(self, choice: TriedChoice, column: int, role: int) -> Any:
        share = rest_share(choice.tried, self.hidden)
        if role == SHARE_ROLE:
            return share
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.rest_tip()
        if role == Qt.ItemDataRole.DisplayRole:
            texts = {NAME: rest_text(choice.tried, self.hidden), SHARE: part(share) if share is not None else ""}
            return texts.get(column, "")
        return None

    def rest_tip(self) -> str:
        """Return what the last row is for."""
        if self.hidden:
            return tr("Enter or a double click lists all.")
        return tr("Interaction between quantizers: one minus the sum of the shares.")

    def cells(self, rows: list[int] | None = None) -> tuple[list[str], list[list[CellValue]]]:
        """Return the heads and the cells of some rows, or of all."""
        heads = [tr("In float"), *(tr(each) for each in _HEADS[1:])]
        found: list[list[CellValue]] = []
        for place in range(len(self._rows)) if rows is None else rows:
            row = self.row_at(place)
            if row is not None and self.choice is not None:
                is_gone = tr("yes") if row.quantizer.id in self.choice.gone else tr("no")
                gained = finite(row.gain_db)
                figures = (row.place or None, row.quantizer.id, finite(row.quantizer.share), gained, row.added_bytes)
                found.append([is_gone, *figures])
        return heads, found

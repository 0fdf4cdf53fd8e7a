"""Shows the whole numbers of a quantized weight, channel by channel, or the floats they represent."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QButtonGroup,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from qviz.document.snapshot import Integers
from qviz.session.facts_text import integer_rows
from qviz.ui.panels.widgets import button, join_segments, label, mono
from qviz.words import tr

_ROW_HEIGHT = 21
_HEIGHT = 214
_ENOUGH_ROWS = 8
_SCALE_COLUMNS = 2


class IntegersTable(QWidget):
    """One row a channel: scale, zero point, then its first values."""

    def __init__(self, integers: Integers) -> None:
        super().__init__()
        self._integers = integers
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        column.addLayout(self._choice())
        self._table = self._empty_table()
        column.addWidget(self._table)
        shown, total = len(integers.channels), integers.total
        if shown < total:
            column.addWidget(label(tr("First {shown} of {total} channels", shown=shown, total=total), "muted"))
        self._fill(as_floats=False)

    def _choice(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(0)
        self._forms = QButtonGroup(self)
        for place, text in enumerate((tr("Integers"), tr("Floats"))):
            segment = button(text, "segment")
            segment.setCheckable(True)
            segment.setChecked(place == 0)
            self._forms.addButton(segment, place)
            row.addWidget(segment, 1)
        join_segments(self._forms.buttons())
        self._forms.idClicked.connect(self.on_form_chosen)
        return row

    def _empty_table(self) -> QTableWidget:
        values = max(map(len, self._integers.channels))
        table = QTableWidget(len(self._integers.channels), _SCALE_COLUMNS + values)
        table.setAccessibleName(tr("Quantized weight, one row per channel"))
        table.setFont(mono())
        table.setShowGrid(False)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.setHorizontalHeaderLabels([tr("scale"), tr("zero point"), *map(str, range(values))])
        table.setVerticalHeaderLabels([str(channel) for channel in range(len(self._integers.channels))])
        table.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        table.setFixedHeight(_HEIGHT if len(self._integers.channels) >= _ENOUGH_ROWS else _height_of(table))
        return table

    def _fill(self, as_floats: bool) -> None:
        for row, texts in enumerate(integer_rows(self._integers, as_floats)):
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self._table.setItem(row, column, item)

    def on_form_chosen(self, form: int) -> None:
        """Show the integers, or the floats they represent."""
        self._fill(as_floats=form == 1)


def _height_of(table: QTableWidget) -> int:
    scroll_bar = table.horizontalScrollBar().sizeHint().height()
    return table.rowCount() * _ROW_HEIGHT + table.horizontalHeader().sizeHint().height() + scroll_bar + 4

"""The sheet of all keys, and the palette that runs a command by its name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from qviz.session.commands import Command
from qviz.ui.panels.widgets import label, section
from qviz.words import mark, tr

_EITHER = mark("{first} or {second}")
_CANVAS_KEYS = (
    ("↑ ↓", mark("Go to the producer or user")),
    ("← →", mark("Go to a sibling")),
    ("Enter", mark("Expand or collapse")),
    ("Backspace", mark("Collapse the parent")),
)
_SEARCH_KEYS = (
    ("Enter", mark("Next result")),
    ("Shift+Enter", mark("Previous result")),
    ("↑ ↓", mark("Choose in the list")),
    ("Esc", mark("Clear the search")),
    (mark("Shift+click"), mark("On a count: dim the others")),
)


_COLUMNS, _SLACK = 3, 4
_BAR = 24
"""Room for a scroll bar, and around the sheet."""


class ShortcutSheet(QDialog):
    """All keys, a block for each menu."""

    def __init__(self, parent: QWidget, commands: Sequence[Command]) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Keys"))
        groups = list(dict.fromkeys(command.group for command in commands))
        blocks = {group: [(c.keys, c.title) for c in commands if c.group == group and c.keys] for group in groups}
        blocks[mark("Search")] = [((keys,), title) for keys, title in _SEARCH_KEYS]
        blocks[mark("In the graph")] = [((keys,), title) for keys, title in _CANVAS_KEYS]
        room, scroll = parent.window().size(), QScrollArea()
        scroll.setWidgetResizable(True)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)
        for count in range(_COLUMNS, 0, -1):
            page = _page(blocks, count)
            scroll.setWidget(page)  # only then its text has the size of the window's
            page.ensurePolished()
            for each in page.findChildren(QWidget):
                each.ensurePolished()
            if page.sizeHint().width() + 2 * _BAR <= room.width():
                break
        wanted = page.sizeHint()
        self.resize(min(wanted.width() + _BAR, room.width() - _BAR), min(wanted.height(), room.height() - _BAR))


def _page(blocks: dict[str, list[tuple[tuple[str, ...], str]]], count: int) -> QWidget:
    """Return the blocks in so many columns of about equal height."""
    page = QWidget()
    columns = QHBoxLayout(page)
    columns.setContentsMargins(24, 20, 24, 20)
    columns.setSpacing(34)
    rows = sum(map(len, blocks.values()))
    column, filled = QVBoxLayout(), 0
    for group, keyed in blocks.items():
        if filled and filled + len(keyed) > rows / count + _SLACK:
            column.addStretch(1)
            columns.addLayout(column)
            column, filled = QVBoxLayout(), 0
        column.addLayout(_block(group, keyed))
        column.addSpacing(14)
        filled += len(keyed)
    column.addStretch(1)
    columns.addLayout(column)
    return page


def _block(group: str, keyed: list[tuple[tuple[str, ...], str]]) -> QGridLayout:
    block = QGridLayout()
    block.setVerticalSpacing(5)
    block.setHorizontalSpacing(14)
    block.setColumnStretch(1, 1)
    block.addWidget(section(tr(group)), 0, 0, 1, 2)
    for row, (keys, title) in enumerate(keyed, 1):
        text = tr(_EITHER, first=keys[0], second=keys[1]) if len(keys) > 1 else tr(keys[0])
        block.addWidget(label(text), row, 0)
        block.addWidget(label(tr(title), "muted"), row, 1)
    return block


class PaletteRow(NamedTuple):
    """What can be chosen in a palette.

    Attributes:
        id: Names it.
        title: What it is called.
        about: What stands beside it: a key, or what is known of it.
        words: Other words that it is found by.
    """

    id: str
    title: str
    about: str
    words: str


def rows_of(commands: Sequence[Command]) -> tuple[PaletteRow, ...]:
    """Return the rows of commands: their menu, title and first key."""
    return tuple(
        PaletteRow(
            each.id,
            tr("{menu}: {command}", menu=tr(each.group), command=tr(each.title)),
            each.keys[0] if each.keys else "",
            tr(each.words) if each.words else "",
        )
        for each in commands
    )


def matching(rows: Sequence[PaletteRow], text: str) -> list[PaletteRow]:
    """Return the rows that hold every word; those that have them in their title come first."""
    wanted = text.lower().split()
    found = [row for row in rows if all(word in f"{row.title} {row.words}".lower() for word in wanted)]
    return sorted(found, key=lambda row: not all(word in row.title.lower() for word in wanted))


class Palette(QDialog):
    """Type a few letters, Enter chooses.

    Signals:
        command_chosen: The id of the row.
    """

    command_chosen = Signal(str)

    def __init__(self, parent: QWidget, rows: Sequence[PaletteRow], title: str = "") -> None:
        super().__init__(parent)
        self._all = rows
        title = title or tr("Search commands")
        self.setWindowTitle(title)
        self.resize(460, 380)
        column = QVBoxLayout(self)
        self.typed = QLineEdit()
        self.typed.setPlaceholderText(title)
        self.typed.setAccessibleName(title)
        self.typed.textChanged.connect(self.on_typed_changed)
        self.typed.returnPressed.connect(self.on_typed_returned)
        self.rows = QListWidget()
        self.rows.setAccessibleName(title)
        self.rows.itemActivated.connect(self.on_row_chosen)
        self.rows.itemClicked.connect(self.on_row_chosen)
        column.addWidget(self.typed)
        column.addWidget(self.rows)
        self.on_typed_changed("")

    def on_typed_changed(self, text: str) -> None:
        """Show the rows that hold every word."""
        self.rows.clear()
        for each in matching(self._all, text):
            item = QListWidgetItem(f"{each.title}    {each.about}".rstrip())
            item.setData(Qt.ItemDataRole.UserRole, each.id)
            self.rows.addItem(item)
        self.rows.setCurrentRow(0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk the list from the field."""
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
        if (step := steps.get(Qt.Key(event.key()))) and self.rows.count():
            self.rows.setCurrentRow((self.rows.currentRow() + step) % self.rows.count())
        else:
            super().keyPressEvent(event)

    def on_typed_returned(self) -> None:
        """Choose the current one."""
        if (row := self.rows.currentItem()) is not None:
            self.on_row_chosen(row)

    def on_row_chosen(self, row: QListWidgetItem) -> None:
        """Choose one."""
        self.accept()
        self.command_chosen.emit(row.data(Qt.ItemDataRole.UserRole))

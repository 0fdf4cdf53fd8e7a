"""The sheet of all keys, and the palette that runs a command by its name."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QGridLayout, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from qviz.session.commands import Command
from qviz.ui.panels.widgets import label, section
from qviz.words import mark, tr

_EITHER = mark("{first} or {second}")
_CANVAS_KEYS = (
    ("↑ ↓", mark("Go to the producer or consumer")),
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


class ShortcutSheet(QDialog):
    """All keys, by group."""

    def __init__(self, parent: QWidget, commands: Sequence[Command]) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Keyboard shortcuts"))
        grid = QGridLayout(self)
        grid.setContentsMargins(24, 20, 24, 20)
        grid.setHorizontalSpacing(26)
        groups = list(dict.fromkeys(command.group for command in commands))
        rows = {group: [(c.keys, c.title) for c in commands if c.group == group and c.keys] for group in groups}
        rows[mark("Search")] = [((keys,), title) for keys, title in _SEARCH_KEYS]
        rows[mark("Graph")] = [((keys,), title) for keys, title in _CANVAS_KEYS]
        rows["Help"] = rows.pop("Help")  # the short ones last
        filled = [(group, keyed) for group, keyed in rows.items() if keyed]
        for place, (group, keyed) in enumerate(filled):
            column = QGridLayout()
            column.setVerticalSpacing(5)
            column.setHorizontalSpacing(14)
            column.setColumnStretch(1, 1)
            column.addWidget(section(tr(group)), 0, 0, 1, 2)
            for row, (keys, title) in enumerate(keyed, 1):
                column.addWidget(
                    label(tr(_EITHER, first=keys[0], second=keys[1]) if len(keys) > 1 else tr(keys[0])), row, 0
                )
                column.addWidget(label(tr(title), "muted"), row, 1)
            column.setRowStretch(len(keyed) + 1, 1)
            grid.addLayout(column, place // 3, place % 3)


class Palette(QDialog):
    """Type a few letters of a command, Enter runs it.

    Signals:
        command_chosen: A command's id.
    """

    command_chosen = Signal(str)

    def __init__(self, parent: QWidget, commands: Sequence[Command]) -> None:
        super().__init__(parent)
        self._commands = commands
        self.setWindowTitle(tr("Search commands"))
        self.resize(420, 340)
        column = QVBoxLayout(self)
        self.typed = QLineEdit()
        self.typed.setPlaceholderText(tr("Search commands"))
        self.typed.setAccessibleName(tr("Search commands"))
        self.typed.textChanged.connect(self.on_typed_changed)
        self.typed.returnPressed.connect(self.on_typed_returned)
        self.rows = QListWidget()
        self.rows.itemActivated.connect(self.on_row_chosen)
        self.rows.itemClicked.connect(self.on_row_chosen)
        column.addWidget(self.typed)
        column.addWidget(self.rows)
        self.on_typed_changed("")

    def on_typed_changed(self, text: str) -> None:
        """Show the commands that hold every word."""
        self.rows.clear()
        for command in self._commands:
            title = tr(command.title)
            if all(word in title.lower() for word in text.lower().split()):
                keys = f"    {command.keys[0]}" if command.keys else ""
                row = QListWidgetItem(title + keys)
                row.setData(Qt.ItemDataRole.UserRole, command.id)
                self.rows.addItem(row)
        self.rows.setCurrentRow(0)

    def on_typed_returned(self) -> None:
        """Run the first."""
        if (row := self.rows.currentItem()) is not None:
            self.on_row_chosen(row)

    def on_row_chosen(self, row: QListWidgetItem) -> None:
        """Run one."""
        self.accept()
        self.command_chosen.emit(row.data(Qt.ItemDataRole.UserRole))

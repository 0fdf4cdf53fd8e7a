"""Copies the rows of a table, and saves all of them as CSV."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QAbstractItemView

from qviz.analysis.tables.delimited import csv_text, tab_separated
from qviz.analysis.tables.node_columns import CellValue
from qviz.document.writing import write_atomically
from qviz.errors import QvizError
from qviz.ui.clipboard import copy_text
from qviz.ui.shell.files import ask_for_csv
from qviz.words import tr, trn

RowCells: TypeAlias = tuple[Sequence[str], Sequence[Sequence[CellValue]]]
"""The heads and the cells of rows."""


class RowActions(QObject):
    """Two entries for the menu of a table; the first has the key that copies.

    Args:
        view: The table.
        name: What the file is called at first, without its ending.
        read: Returns the rows that are selected, or all that are shown.

    Attributes:
        actions: The entries, in their order.

    Signals:
        done: What was done, in words.
        failed: A `QvizError` to tell the user.
    """

    done = Signal(str)
    failed = Signal(object)

    def __init__(self, view: QAbstractItemView, name: str, read: Callable[[bool], RowCells]) -> None:
        super().__init__(view)
        self._view, self._name, self._read = view, name, read
        self.copy = QAction(tr("Copy rows"), view)
        self.copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        self.copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self.copy.triggered.connect(self.on_copy_triggered)
        self.save = QAction(tr("Save as CSV…"), view)
        self.save.triggered.connect(self.on_save_triggered)
        self.actions = [self.copy, self.save]
        view.addActions(self.actions)

    def on_copy_triggered(self) -> None:
        """Put the rows that are selected on the clipboard, with tabs between their cells; without any, all."""
        heads, rows = self._read(True)
        if not rows:
            heads, rows = self._read(False)
        copy_text(tab_separated(heads, rows))
        self.done.emit(trn(len(rows), "{count} row is on the clipboard.", "{count} rows are on the clipboard."))

    def on_save_triggered(self) -> None:
        """Ask for a file, and write all rows that are shown into it."""
        path = ask_for_csv(self._view, f"{self._name}.csv")
        if path is None:
            return
        heads, rows = self._read(False)
        try:
            write_atomically(Path(path), csv_text(heads, rows).encode())
        except QvizError as error:
            self.failed.emit(error)
            return
        self.done.emit(trn(len(rows), "Saved {count} row in {name}", "Saved {count} rows in {name}", name=path))

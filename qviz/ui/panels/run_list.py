"""The runs of the open model: view one again, compare it with the one on screen, name it, keep it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QInputDialog, QMenu, QVBoxLayout, QWidget

from qviz.session.kept_runs import ShelvedRun, ShelvedRuns
from qviz.ui.panels.widgets import label
from qviz.words import mark, tr

_EMPTY = mark("Runs of this model are listed here. Run the flow to get the first.")
MOST_ROWS = 5
"""Rows; the menu of the list names all."""


class RunRow(QFrame):
    """One run: its name, and what came of it.

    Signals:
        chosen: The run is to be viewed.
        menu_asked: Its menu is to open, at a place of the screen.
    """

    chosen = Signal()
    menu_asked = Signal(QPoint)

    def __init__(self, run: ShelvedRun, is_shown: bool) -> None:
        super().__init__()
        self.run = run
        self.setProperty("role", "runshown" if is_shown else "run")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 4, 10, 4)
        column.setSpacing(0)
        title = tr("Run {number} · {name}", number=run.number, name=run.name)
        name = label(title, "strong" if is_shown else "")
        name.setMinimumWidth(1)
        column.addWidget(name)
        column.addWidget(label(run.about, "muted"))
        told = tr("{title}, {about}", title=title, about=run.about)
        self.setToolTip(told)
        self.setAccessibleName(told)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """View the run."""
        if event.button() is Qt.MouseButton.LeftButton:
            self.chosen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """View the run with Enter."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the menu of the run."""
        self.menu_asked.emit(event.globalPos())


class RunList(QWidget):
    """The newest runs.

    Signals:
        viewed: The number of the run to show.
        compared: The number of the run to show beside the one on screen.
        renamed: A number and the new name.
        pinned: A number and whether it stays.
        removed: A number.
    """

    viewed = Signal(int)
    compared = Signal(int)
    renamed = Signal(int, str)
    pinned = Signal(int, bool)
    removed = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 4)
        self._column.setSpacing(0)
        self.rows: list[RunRow] = []
        self._empty = label(tr(_EMPTY), "muted", wraps=True)
        self._empty.setContentsMargins(14, 2, 14, 6)
        self._column.addWidget(self._empty)

    def show_runs(self, runs: ShelvedRuns, shown: ShelvedRun | None) -> None:
        """Show the newest runs, and the one on screen."""
        for row in self.rows:
            row.hide()
            row.deleteLater()
        listed = runs.runs[:MOST_ROWS]
        if shown is not None and shown not in listed:
            listed = (*listed[:-1], shown)
        self.rows = [RunRow(each, each is shown) for each in listed]
        for row in self.rows:
            row.chosen.connect(partial(self.viewed.emit, row.run.number))
            row.menu_asked.connect(partial(self.open_menu, row.run))
            self._column.addWidget(row)
        self._empty.setVisible(not self.rows)

    def open_menu(self, run: ShelvedRun, at: QPoint) -> None:
        """Offer what can be done with a run."""
        menu = QMenu(self)
        menu.addAction(tr("View"), partial(self.viewed.emit, run.number))
        menu.addAction(tr("Compare with the run on screen"), partial(self.compared.emit, run.number))
        menu.addSeparator()
        menu.addAction(tr("Rename…"), partial(self.ask_for_name, run))
        pin = tr("Unpin") if run.is_pinned else tr("Pin")
        menu.addAction(pin, partial(self.pinned.emit, run.number, not run.is_pinned))
        menu.addAction(tr("Delete"), partial(self.removed.emit, run.number))
        menu.exec(at)
        menu.deleteLater()

    def ask_for_name(self, run: ShelvedRun) -> None:
        """Let the user name a run."""
        name, is_given = QInputDialog.getText(self, tr("Rename the run"), tr("Name"), text=run.name)
        if is_given:
            self.renamed.emit(run.number, name)

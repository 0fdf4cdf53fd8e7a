"""The runs of the open model: view one again, put it beside another, name it, keep it."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QInputDialog, QMenu, QScrollArea, QVBoxLayout, QWidget

from qviz.session.kept_runs import ShelvedRun, ShelvedRuns
from qviz.session.sides import Side
from qviz.ui.panels.run_row import ListedRun, RunRow
from qviz.ui.panels.widgets import label
from qviz.words import mark, tr

_EMPTY = mark("Runs of this model are listed here. Run the flow to get the first.")
_DRAG = mark("Drag a run onto a pane to compare A | B")
MOST_ROWS = 5
"""Rows that are in view; the others are scrolled to."""
_AGE_MS = 30_000


class ListedRuns(NamedTuple):
    """The runs, and which of them are on screen.

    Attributes:
        runs: All that are kept.
        panes: The number of the run in each pane.
        content: What the model's file holds now: a hash; "" where nobody knows.
        differences: In which settings the runs in the panes differ.
    """

    runs: ShelvedRuns
    panes: dict[Side, int]
    content: str = ""
    differences: str = ""

    def state(self, run: ShelvedRun) -> ListedRun:
        """Return a run as its row shows it."""
        letters = "".join(letter for side, letter in zip(Side, "AB", strict=True) if self.panes.get(side) == run.number)
        then = run.origin.content
        return ListedRun(run, letters, bool(then and self.content and then != self.content))


class RunList(QWidget):
    """The runs, the newest first.

    Signals:
        viewed: The number of the run to show.
        placed: A `Side`, and the number of the run to show there, beside the one on the other side.
        renamed: A number and the new name.
        pinned: A number and whether it stays.
        removed: A number.
        copied: The number of the run whose Python is wanted.
        filed: The number of the run whose plan is to be saved.
    """

    viewed = Signal(int)
    placed = Signal(object, int)
    renamed = Signal(int, str)
    pinned = Signal(int, bool)
    removed = Signal(int)
    copied = Signal(int)
    filed = Signal(int)

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._clock = clock
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 6)
        column.setSpacing(0)
        self.rows: list[RunRow] = []
        self._empty = label(tr(_EMPTY), "muted", wraps=True)
        self._empty.setContentsMargins(14, 2, 14, 6)
        column.addWidget(self._empty)
        self._column, self._scroll = QVBoxLayout(), QScrollArea()
        self._make_scroll()
        column.addWidget(self._scroll)
        self.differences = label("", "cell", wraps=True)
        self.differences.setContentsMargins(14, 4, 14, 2)
        self.hint = label(tr(_DRAG), "dashed")
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hint.setToolTip(tr(_DRAG))
        around = QVBoxLayout()
        around.setContentsMargins(12, 4, 12, 0)
        around.addWidget(self.hint)
        column.addWidget(self.differences)
        column.addLayout(around)
        for each in (self._scroll, self.differences, self.hint):
            each.hide()
        self._timer = QTimer(self)
        self._timer.setInterval(_AGE_MS)
        self._timer.timeout.connect(self.show_ages)

    def _make_scroll(self) -> None:
        inner = QWidget()
        inner.setProperty("role", "side")
        inner.setLayout(self._column)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._scroll.setWidget(inner)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    @property
    def focused(self) -> int | None:
        """The number of the run whose row the keys go to."""
        return next((row.state.run.number for row in self.rows if row.hasFocus()), None)

    def show_runs(self, listed: ListedRuns) -> None:
        """Show the runs, and which are on screen; rows of runs that stay are kept."""
        there = {row.state.run.number: row for row in self.rows}
        now, runs = self._clock(), listed.runs.runs
        for number in there.keys() - {run.number for run in runs}:
            there[number].hide()
            there.pop(number).deleteLater()
        self.rows = []
        for place, run in enumerate(runs):
            state = listed.state(run)
            row = there.get(run.number) or self._made(state)
            row.show_state(state, now)
            if self._column.indexOf(row) != place:
                self._column.insertWidget(place, row)
            self.rows.append(row)
        self._empty.setVisible(not runs)
        self._scroll.setVisible(bool(runs))
        is_pair = len(set(listed.panes.values())) > 1
        self.hint.setVisible(len(runs) > 1 and not is_pair)
        self.differences.setText(listed.differences)
        self.differences.setVisible(bool(listed.differences))
        height = self.rows[0].sizeHint().height() if self.rows else 0
        self._scroll.setFixedHeight(height * min(len(runs), MOST_ROWS))
        if runs:
            self._timer.start()
        else:
            self._timer.stop()

    def show_ages(self) -> None:
        """Say how long ago the runs were, as time goes by."""
        now = self._clock()
        for row in self.rows:
            row.show_state(row.state, now)

    def _made(self, state: ListedRun) -> RunRow:
        row, number = RunRow(state), state.run.number
        row.chosen.connect(partial(self.viewed.emit, number))
        row.removed.connect(partial(self.removed.emit, number))
        row.menu_asked.connect(partial(self.open_menu, number))
        row.stepped.connect(partial(self._step, number))
        return row

    def _step(self, number: int, by: int) -> None:
        place = [row.state.run.number for row in self.rows].index(number) + by
        if 0 <= place < len(self.rows):
            self.rows[place].setFocus(Qt.FocusReason.TabFocusReason)
            self._scroll.ensureWidgetVisible(self.rows[place])

    def _run(self, number: int) -> ShelvedRun | None:
        return next((row.state.run for row in self.rows if row.state.run.number == number), None)

    def ask_for_menu(self) -> bool:
        """Open the menu of the run whose row the keys go to; return whether there is one."""
        row = next((each for each in self.rows if each.hasFocus()), None)
        if row is not None:
            self.open_menu(row.state.run.number, row.mapToGlobal(row.rect().center()))
        return row is not None

    def open_menu(self, number: int, at: QPoint) -> None:
        """Offer what can be done with a run."""
        menu = self.menu_of(number)
        if menu is not None:
            menu.aboutToHide.connect(menu.deleteLater)
            menu.popup(at)

    def menu_of(self, number: int) -> QMenu | None:
        """Return what can be done with a run."""
        run = self._run(number)
        if run is None:
            return None
        menu = QMenu(self)
        menu.addAction(tr("View"), partial(self.viewed.emit, number))
        menu.addAction(tr("Show as A"), partial(self.placed.emit, Side.LEFT, number))
        menu.addAction(tr("Show as B"), partial(self.placed.emit, Side.RIGHT, number))
        menu.addSeparator()
        menu.addAction(tr("Rename…"), partial(self.ask_for_name, number))
        pin = tr("Unpin") if run.is_pinned else tr("Pin")
        menu.addAction(pin, partial(self.pinned.emit, number, not run.is_pinned))
        menu.addSeparator()
        menu.addAction(tr("Copy as Python"), partial(self.copied.emit, number))
        menu.addAction(tr("Save as TOML…"), partial(self.filed.emit, number))
        menu.addSeparator()
        menu.addAction(tr("Delete"), partial(self.removed.emit, number))
        return menu

    def ask_for_name(self, number: int) -> None:
        """Let the user name a run; an empty name goes back to what qviz calls it."""
        run = self._run(number)
        if run is None:
            return
        name, is_given = QInputDialog.getText(self, tr("Rename the run"), tr("Name"), text=run.name)
        if is_given and name != run.name:
            self.renamed.emit(number, name)

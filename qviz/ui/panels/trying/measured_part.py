"""The choice beside the run that measured it, or the button that measures it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QVBoxLayout, QWidget

from qviz.analysis.tables.summary import low_name
from qviz.analysis.trying.before_after import before_after, has_agreement
from qviz.analysis.trying.trial_words import errors_text
from qviz.session.tried_choice import TriedChoice
from qviz.ui.panels.widgets import button, empty, label, line
from qviz.words import tr, trn
from qviz.words.formats import sentences
from qviz.words.untrusted import plain_tip

_MOST_DIGITS = 13
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def _cut(text: str, metrics: QFontMetrics) -> str:
    """Return a text without its middle where it is longer than the figures; all of it is in the tooltip."""
    return metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, _MOST_DIGITS * metrics.horizontalAdvance("0"))


class MeasuredPart(QFrame):
    """Rows of both runs.

    Signals:
        measure_requested: The choice is to be run.
    """

    measure_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._column.addWidget(label(tr("Before and after"), "part"))
        self._rows = QWidget()
        self._grid = QGridLayout(self._rows)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(4)
        self._column.addWidget(self._rows)
        self.words = label("", "small", wraps=True)
        self._column.addWidget(self.words)
        self.measure = button("", "act", self.measure_requested.emit)
        self._column.addWidget(self.measure, 0, Qt.AlignmentFlag.AlignLeft)
        self._column.addStretch(1)

    def show_choice(self, choice: TriedChoice, measure: str, is_running: bool) -> None:
        """Show the run of a choice beside the base.

        Args:
            choice: What is chosen.
            measure: What the button says that runs it; "" where nothing can.
            is_running: Whether a run is at work.
        """
        empty(self._grid)
        run = choice.measured_as
        is_base = run is not None and run.number == choice.base.number
        has_rows = run is not None and not is_base
        self._rows.setVisible(has_rows)
        self.measure.setVisible(run is None and bool(measure))
        self.measure.setEnabled(not is_running)
        failed = choice.failed_as
        self.measure.setText(tr("Running…") if is_running else measure if failed is None else tr("Run again"))
        if run is not None and not is_base:
            self._fill(choice)
        told = errors_text(choice.errors)
        if is_base:
            told = tr("Nothing is selected: these are the numbers of the run.")
        elif failed is not None:
            told = sentences((tr("Run {number} of this choice failed.", number=failed.number), told))
        elif run is None:
            told = sentences((tr("This choice has not run."), told))
        elif samples := run.measured.samples if run.measured is not None else 0:
            same = trn(samples, "Same top-1: as float, on {count} sample.", "Same top-1: as float, on {count} samples.")
            told = sentences((same if has_agreement(run) else "", told))
        self.words.setText(told)

    def _fill(self, choice: TriedChoice) -> None:
        run, predicted = choice.measured_as, choice.prediction
        assert run is not None
        heads = (tr("Run {number}", number=each.number) for each in (choice.base, run))
        for column, text in enumerate((*heads, tr("Change")), 1):
            self._put(0, column, label(text, "small"))
        level = predicted.sqnr_db if predicted is not None else None
        rows = before_after(choice.base, run, level, low_name(choice.base.run))
        for place, each in enumerate(rows, 1):
            self._grid.addWidget(line(), 2 * place - 1, 0, 1, 4)
            self._put(2 * place, 0, label(each.title))
            self._put(2 * place, 1, label(each.before))
            self._put(2 * place, 2, label(each.after, "strong"))
            change = label(_cut(each.change, self.fontMetrics()), each.tone or "muted")
            change.setToolTip(plain_tip(each.change))
            self._put(2 * place, 3, change)
        self._grid.setColumnStretch(0, 1)

    def _put(self, row: int, column: int, cell: QLabel) -> None:
        if column:
            cell.setAlignment(_RIGHT)
        self._grid.addWidget(cell, row, column)

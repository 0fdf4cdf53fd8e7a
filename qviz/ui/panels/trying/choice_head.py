"""The head of the panel: the slider, and the figures that a choice is predicted to have."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QSlider, QVBoxLayout, QWidget

from qviz.analysis.ledger.answer import finite
from qviz.analysis.tables.summary import low_name
from qviz.analysis.trying.trial_words import (
    added_text,
    choice_title,
    errors_text,
    level_text,
    uncertainty_text,
)
from qviz.session.tried_choice import TriedChoice
from qviz.ui.panels.widgets import button, label
from qviz.ui.theme import Theme
from qviz.words import mark, tr
from qviz.words.formats import part, size

_HANDLE = 16
_TICKS = (1, 2, 3, 5, 10, 20)
_MOST = 5


class SliderNumbers(QWidget):
    """The numbers below the slider."""

    def __init__(self) -> None:
        super().__init__()
        self._last = 0
        self._theme: Theme | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return the height of a line."""
        return QSize(100, self.fontMetrics().height() + 1)

    def show_range(self, last: int, theme: Theme) -> None:
        """Show the numbers up to the last one."""
        self._last, self._theme = last, theme
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw them under the places of the handle."""
        if self._theme is None or not self._last:
            return
        painter = QPainter(self)
        painter.setPen(self._theme.color("text.muted"))
        step = next((each for each in _TICKS if self._last / each <= _MOST), _TICKS[-1])
        for value in range(0, self._last + 1, step):
            x = _HANDLE / 2 + value / self._last * (self.width() - _HANDLE)
            painter.drawText(QRectF(x - 20, 0, 40, self.height()), Qt.AlignmentFlag.AlignCenter, str(value))
        painter.end()


class ChoiceHead(QWidget):
    """Slider and figures.

    Signals:
        count_chosen: How many of the worst shall be chosen.
        run_chosen: The number of a run to view.
    """

    count_chosen = Signal(int)
    run_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._is_told = False
        row = self._parts = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        row.setContentsMargins(14, 8, 14, 8)
        row.setSpacing(22)
        row.addLayout(self._make_slider(), 1)
        beside = QHBoxLayout()
        beside.setSpacing(22)
        self._figures = QGridLayout()
        self._figures.setHorizontalSpacing(22)
        self._figures.setVerticalSpacing(2)
        self.level, self.whole, self.macs = (self._add(column) for column in range(3))
        beside.addLayout(self._figures)
        self.measured = button("", "chip", self.on_measured_clicked)
        self._run: int | None = None
        beside.addWidget(self.measured)
        beside.addStretch(1)
        row.addLayout(beside)

    def put_beside(self, is_beside: bool) -> None:
        """Put the figures beside the slider, or below it where there is no room."""
        directions = QBoxLayout.Direction
        self._parts.setDirection(directions.LeftToRight if is_beside else directions.TopToBottom)
        self._parts.setSpacing(22 if is_beside else 6)

    def _make_slider(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(1)
        title = QHBoxLayout()
        self.title = label("", "strong")
        title.addWidget(self.title)
        title.addStretch(1)
        self._hint = label(tr("← → change it by one"), "small")
        title.addWidget(self._hint)
        column.addLayout(title)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setPageStep(3)
        self.slider.setMinimumWidth(120)
        self.slider.setAccessibleName(tr("How many of the worst stay in float"))
        self.slider.valueChanged.connect(self.on_slider_value_changed)
        column.addWidget(self.slider)
        self._numbers = SliderNumbers()
        column.addWidget(self._numbers)
        return column

    def _add(self, column: int) -> tuple[QLabel, QLabel, QLabel]:
        """Add a figure: its name, its value, what stands beside that."""
        name, value, beside = label("", "small"), label("", "title"), label("", "muted")
        self._figures.addWidget(name, 0, column)
        below = QHBoxLayout()
        below.setSpacing(4)
        below.addWidget(value, 0, Qt.AlignmentFlag.AlignBottom)
        below.addWidget(beside, 0, Qt.AlignmentFlag.AlignBottom)
        below.addStretch(1)
        self._figures.addLayout(below, 1, column)
        return name, value, beside

    def show_choice(self, choice: TriedChoice, last: int, theme: Theme) -> None:
        """Show a choice, of which up to `last` of the worst can be chosen here."""
        self._is_told = True
        self.slider.setRange(0, last)
        self.slider.setValue(choice.count if choice.count is not None else len(choice.chosen))
        self._is_told = False
        self.slider.setEnabled(last > 0)
        self._numbers.show_range(last, theme)
        self.title.setText(choice_title(choice.tried, choice.chosen))
        found, base = choice.prediction, choice.base.size
        level = level_text(found.sqnr_db) if found is not None else tr("not predicted")
        _show(self.level, tr("Predicted SQNR"), level, uncertainty_text(choice.uncertainty))
        self.level[1].setToolTip(errors_text(choice.errors))
        added = found.added_bytes if found is not None else 0
        if base is not None:
            _show(self.whole, tr("Size"), size(base + added), added_text(added) if added else "")
        else:
            _show(self.whole, tr("Size"), added_text(added), "")
        macs = finite(found.macs) if found is not None else None
        _show(
            self.macs,
            tr("MACs in {precision}", precision=low_name(choice.base.run)),
            part(macs) if macs is not None else tr("not counted"),
            "",
        )
        run = choice.measured_as
        self._run = run.number if run is not None else None
        self.measured.setVisible(run is not None)
        if run is not None:
            is_base = run.number == choice.base.number
            text = mark("this is Run {number}") if is_base else mark("measured as Run {number}")
            self.measured.setText(f"✓ {tr(text, number=run.number)}")
            self.measured.setToolTip(tr("View this run"))

    def on_slider_value_changed(self, value: int) -> None:
        """Tell what the user chose."""
        if not self._is_told:
            self.count_chosen.emit(value)

    def on_measured_clicked(self) -> None:
        """View the run."""
        if self._run is not None:
            self.run_chosen.emit(self._run)


def _show(figure: tuple[QLabel, QLabel, QLabel], name: str, value: str, beside: str) -> None:
    for part_, text in zip(figure, (name, value, beside), strict=True):
        part_.setText(text)

"""Try it: which quantizers to leave in float, what that is predicted to give, what runs of it gave."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from qviz.analysis.trying.chart import ChartContent, cost_title, trial_chart
from qviz.analysis.trying.trial_words import additivity_text, level_text, no_choice
from qviz.analysis.trying.trials import MOST_STEPS
from qviz.session.tried_choice import TriedChoice
from qviz.ui.panels.toasts import OneLine
from qviz.ui.panels.trying.choice_head import ChoiceHead
from qviz.ui.panels.trying.curve import TradeOff
from qviz.ui.panels.trying.measured_part import MeasuredPart
from qviz.ui.panels.trying.plan_preview import PlanPreview
from qviz.ui.panels.trying.quantizer_model import LISTED
from qviz.ui.panels.trying.quantizer_table import QuantizerTable
from qviz.ui.panels.widgets import button, label, line
from qviz.ui.theme import Theme
from qviz.words import tr
from qviz.words.untrusted import plain_tip

WIDE = 928
_BESIDE = 760
"""From this width on there are two columns."""


class TryPanel(QFrame):
    """The whole panel, or what there is to do where nothing is measured.

    Signals:
        choice_changed: Another `TriedChoice`.
        quantizer_chosen: The id of a quantizer to go to.
        run_chosen: The number of a run to view.
        measure_requested: The run is to be measured, or what is chosen.
        used: The choice is to go into the configuration.
        copied: Python for the clipboard.
        save_requested: TOML that is to be saved.
        rebase_requested: To go on from the run on screen.
        closed: The user had enough.
    """

    choice_changed = Signal(object)
    quantizer_chosen = Signal(str)
    run_chosen = Signal(int)
    measure_requested = Signal()
    used = Signal()
    copied = Signal(str)
    save_requested = Signal(str)
    rebase_requested = Signal()
    closed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("role", "side")
        self.choice: TriedChoice | None = None
        self._theme = theme
        self._by_macs, self._measure, self._is_running = False, "", False
        self._marked: tuple[str, ...] = ()
        self._text_scale = 1.0
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._make_title())
        column.addWidget(line())
        self.head, self.table, self.preview = ChoiceHead(), QuantizerTable(), PlanPreview(theme)
        self.curve, self.measured = TradeOff(), MeasuredPart()
        self._content = QWidget()
        inner = QVBoxLayout(self._content)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(0)
        inner.addWidget(self.head)
        inner.addWidget(line())
        inner.addWidget(self._make_body(), 1)
        column.addWidget(self._content, 1)
        self._empty = self._make_empty()
        column.addWidget(self._empty, 1)
        self._connect()

    def _make_title(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(14, 8, 8, 8)
        row.setSpacing(10)
        row.addWidget(label(tr("Try it"), "title"))
        self._about = OneLine("muted", least=1)
        row.addWidget(self._about, 1)
        self._rebase = button("", "link", self.rebase_requested.emit)
        row.addWidget(self._rebase)
        close = button("✕", "step", self.closed.emit)
        close.setAccessibleName(tr("Close"))
        close.setToolTip(tr("Close (Esc)"))
        row.addWidget(close)
        return row

    def _make_body(self) -> QScrollArea:
        """Return both columns, beside each other where there is room, else one below the other."""
        left, right = QWidget(), QWidget()
        one = QVBoxLayout(left)
        one.setContentsMargins(0, 0, 0, 12)
        one.setSpacing(8)
        one.addWidget(self.table)
        self._note = label("", "small", wraps=True)
        self._note.setContentsMargins(14, 0, 14, 0)
        one.addWidget(self._note)
        one.addWidget(line())
        self.preview.setContentsMargins(14, 0, 14, 0)
        one.addWidget(self.preview, 1)
        other = QVBoxLayout(right)
        other.setContentsMargins(14, 8, 14, 12)
        other.setSpacing(6)
        head = QHBoxLayout()
        self._chart_title = label("", "part")
        head.addWidget(self._chart_title)
        head.addStretch(1)
        self.by_macs = button("", "link", self.on_by_macs_clicked)
        head.addWidget(self.by_macs)
        other.addLayout(head)
        other.addWidget(self.curve, 1)
        other.addWidget(line())
        other.addWidget(self.measured)
        self._parting = QFrame()
        self._parting.setFrameShape(QFrame.Shape.NoFrame)
        self._parting.setProperty("role", "parting")
        body = QWidget()
        self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight, body)
        self._columns.setContentsMargins(0, 0, 0, 0)
        self._columns.setSpacing(0)
        self._columns.addWidget(left, 11)
        self._columns.addWidget(self._parting)
        self._columns.addWidget(right, 8)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(body)
        return scroll

    def _make_empty(self) -> QWidget:
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(28, 28, 28, 28)
        column.setSpacing(12)
        self.words = label("", wraps=True)
        column.addWidget(self.words)
        self.begin = button("", "primary", self.measure_requested.emit)
        column.addWidget(self.begin, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        return made

    def _connect(self) -> None:
        self.head.count_chosen.connect(self.on_count_chosen)
        self.curve.count_chosen.connect(self.on_count_chosen)
        self.head.run_chosen.connect(self.run_chosen)
        self.curve.run_chosen.connect(self.run_chosen)
        self.curve.change_chosen.connect(self.on_change_chosen)
        self.table.quantizers.turned.connect(self.on_quantizer_turned)
        self.table.quantizers.modelReset.connect(self.on_rows_arranged)
        self.table.chosen.connect(self.on_table_chosen)
        self.measured.measure_requested.connect(self.measure_requested)
        self.preview.used.connect(self.used)
        self.preview.copied.connect(self.copied)
        self.preview.save_requested.connect(self.save_requested)

    def fit(self, text_scale: float) -> None:
        """Let rows grow with the text."""
        self._text_scale = text_scale
        self.table.fit(text_scale)
        self._put_columns()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the columns below each other where they have no room."""
        super().resizeEvent(event)
        self._put_columns()

    def _put_columns(self) -> None:
        directions = QBoxLayout.Direction
        is_wide = self.width() >= _BESIDE * self._text_scale
        self._columns.setDirection(directions.LeftToRight if is_wide else directions.TopToBottom)
        self.head.put_beside(is_wide)

    def show_nothing(self, words: str, measure: str, is_running: bool, theme: Theme) -> None:
        """Say that nothing is measured, and offer to do it; "" offers nothing."""
        self.choice, self._theme = None, theme
        self._about.setText("")
        self._rebase.setVisible(False)
        self._content.setVisible(False)
        self._empty.setVisible(True)
        self.words.setText(words)
        self.begin.setText(tr("Running…") if is_running else measure)
        self.begin.setVisible(bool(measure))
        self.begin.setEnabled(not is_running)

    def show_choice(self, choice: TriedChoice, theme: Theme, measure: str, is_running: bool, rebase: str = "") -> None:
        """Show a choice.

        Args:
            choice: What is chosen, of which run.
            theme: The colors.
            measure: What the button says that runs it.
            is_running: Whether a run is at work.
            rebase: What the link says that goes on from the run on screen; "" for none.
        """
        self.choice, self._theme, self._measure, self._is_running = choice, theme, measure, is_running
        self._empty.setVisible(False)
        self._content.setVisible(True)
        number = choice.base.number
        self._about.setText(
            tr("Leave the worst quantizers of Run {number} in float. The prediction needs no run.", number=number)
        )
        self._about.setToolTip(plain_tip(self._about.text()))
        self._rebase.setText(rebase)
        self._rebase.setVisible(bool(rebase))
        self.table.show_choice(choice, theme)
        self._show_rest(choice, theme)

    def _show_rest(self, choice: TriedChoice, theme: Theme) -> None:
        self.head.show_choice(choice, self._last(choice), theme)
        note = additivity_text(choice.tried.ledger) if choice.tried.steps else no_choice() + "."
        self._note.setText(note)
        self._note.setVisible(bool(note))
        self.preview.show_choice(choice, theme)
        self.measured.show_choice(choice, self._measure, self._is_running)
        self._show_curve(choice, theme)

    def _last(self, choice: TriedChoice) -> int:
        """Return how many of the worst the slider goes up to: those that are listed."""
        most = MOST_STEPS if self.table.quantizers.is_expanded else LISTED
        wanted = max(most, choice.count or 0)
        return min(wanted, len(choice.tried.steps), MOST_STEPS)

    def _show_curve(self, choice: TriedChoice, theme: Theme) -> None:
        content = ChartContent(
            tried=choice.tried,
            steps=self._last(choice),
            points=choice.points,
            prediction=choice.prediction,
            uncertainty=choice.uncertainty,
            by_macs=self._by_macs,
        )
        title = cost_title(self._by_macs, choice.base.size)
        self.curve.show_chart(trial_chart(content), theme, title, _label(choice), choice.count)
        has_macs = choice.tried.curve[0].macs is not None
        against = tr("Output SQNR in dB against MACs") if self._by_macs else tr("Output SQNR in dB against size")
        self._chart_title.setText(against)
        self.by_macs.setText(tr("By size") if self._by_macs else tr("By MACs"))
        self.by_macs.setVisible(has_macs)
        self._mark_curve(choice)

    def mark(self, names: tuple[str, ...]) -> None:
        """Mark quantizers in the list and on the curve."""
        self._marked = names
        self.table.mark(names)
        if self.choice is not None:
            self._mark_curve(self.choice)

    def _mark_curve(self, choice: TriedChoice) -> None:
        places = (each.place for each in choice.tried.rows if each.quantizer.id in self._marked)
        self.curve.mark(frozenset(filter(None, places)))

    def on_count_chosen(self, count: int) -> None:
        """Choose so many of the worst."""
        if self.choice is not None and count != self.choice.count:
            self.choice_changed.emit(self.choice.choosing_worst(count))

    def on_change_chosen(self, number: int) -> None:
        """Choose one change alone."""
        if self.choice is not None:
            self.choice_changed.emit(self.choice.choosing((number,)))

    def on_quantizer_turned(self, number: int) -> None:
        """Choose one more, or one fewer."""
        if self.choice is not None:
            self.choice_changed.emit(self.choice.turning(number))

    def on_table_chosen(self, name: str) -> None:
        """Mark what was clicked on the curve, and go to it."""
        self._marked = (name,)
        if self.choice is not None:
            self._mark_curve(self.choice)
        self.quantizer_chosen.emit(name)

    def on_rows_arranged(self) -> None:
        """Let slider and curve reach as far as the list."""
        if self.choice is not None and self.table.quantizers.choice is self.choice:
            self._show_rest(self.choice, self._theme)
            self.table.mark(self._marked)

    def on_by_macs_clicked(self) -> None:
        """Show what a choice costs in bytes, or in multiply-accumulates."""
        self._by_macs = not self._by_macs
        if self.choice is not None:
            self._show_curve(self.choice, self._theme)


def _label(choice: TriedChoice) -> str:
    """Return what the choice is, beside its point."""
    found = choice.prediction
    if found is None:
        return ""
    count, level = choice.count, level_text(found.sqnr_db)
    return tr("k = {count} · {level}", count=count, level=level) if count is not None else level

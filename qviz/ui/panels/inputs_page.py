"""The inputs page: which model is meant, and what it is called with."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace
from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from qviz.document.flows import flow
from qviz.document.model_call import ModelCall
from qviz.document.plan import Plan
from qviz.session.call_code import call_code
from qviz.session.input_rows import InputRow, inputs_of, is_random, missing, rows_of, rows_of_signature
from qviz.sources.model_list import ListedModel, ModelList
from qviz.ui.panels.calibration_choice import CalibrationChoice
from qviz.ui.panels.call_sheet import CallSheet
from qviz.ui.panels.coming_stages import ComingStages
from qviz.ui.panels.input_line import InputLine, heads
from qviz.ui.panels.model_choice import ModelChoice
from qviz.ui.panels.segments import Segments
from qviz.ui.panels.weights_choice import WeightsChoice
from qviz.ui.panels.widgets import breakable, button, empty, label, line, restyle, section
from qviz.words import mark, names, tr, trn
from qviz.words.formats import amount, listed

_TWO_COLUMNS = 900
"""From this width on the models stand beside the inputs, else above them."""
_LEFT = (230, 400)
_MARGIN = 32
_READ = mark("{file} was read, not run. It offers {count}.")
_OFFERS = mark("{file} offers {count}.")
_ALONE = mark("{source} is used unchanged.")
_CONSENT = mark("Reading a file runs nothing. To guess the inputs qviz builds the model, which runs its Python.")
_ALLOWED = mark("You allowed this model's Python to run. It runs in a separate process.")


class InputsPage(QScrollArea):
    """Edits the source and the inputs of a plan.

    Attributes:
        choice: The models of the file.
        lines: A row of fields for each argument.
        calls: The call as code, and what came of it.
        run: Runs the flow.

    Signals:
        plan_changed: The `Plan` after an edit.
        guess_requested: The model is to be built, and its inputs guessed.
        try_requested: The call is to be tried.
        run_requested: The flow is to run.
        save_requested: The inputs are to be saved.
        closed: The page is to give way to what was there before.
    """

    plan_changed = Signal(object)
    guess_requested = Signal()
    try_requested = Signal()
    run_requested = Signal()
    save_requested = Signal()
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "page")
        self.setAccessibleName(tr("Inputs"))
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.plan = Plan()
        self._call: ModelCall | None = None
        self._found: ModelList | None = None
        self._chosen, self._is_allowed = -1, False
        self.rows: tuple[InputRow, ...] = ()
        self.lines: list[InputLine] = []
        page = QWidget()
        page.setProperty("role", "page")
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        self.coming = ComingStages()
        column.addWidget(self.coming)
        self._whole = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        column.addLayout(self._whole, 1)
        self._left, right = self._make_left(), self._make_right()
        self._whole.addWidget(self._left, 2)
        self._whole.addWidget(right, 5)
        self.setWidget(page)

    def _make_left(self) -> QWidget:
        left, column = _part()
        column.addWidget(label(tr("Which model?"), "page"))
        self._about_file = label("", "muted", wraps=True)
        column.addWidget(self._about_file)
        self.choice = ModelChoice()
        self.choice.source_changed.connect(self.on_choice_source_changed)
        column.addWidget(self.choice)
        column.addSpacing(12)
        self.weights = WeightsChoice()
        self.weights.plan_changed.connect(self.on_weights_plan_changed)
        column.addWidget(self.weights)
        column.addSpacing(12)
        column.addWidget(section(tr("Consent")))
        sheet, inner = _sheet()
        self._consent = label("", "small", wraps=True)
        self.allow = button(tr("Allow and guess the inputs…"), "", self.guess_requested.emit)
        inner.addWidget(self._consent)
        inner.addWidget(self.allow)
        column.addWidget(sheet)
        column.addStretch(1)
        return left

    def _make_right(self) -> QWidget:
        right, column = _part()
        head = QHBoxLayout()
        head.addWidget(label(tr("Which inputs does it take?"), "page"))
        head.addStretch(1)
        head.addWidget(button(tr("Back"), "link", self.closed.emit))
        column.addLayout(head)
        self._about_inputs = label("", "muted", wraps=True)
        column.addWidget(self._about_inputs)
        self.origin = Segments(
            (("file", tr("From the model's file")), ("here", tr("Set here"))), tr("Where the inputs come from")
        )
        self.origin.picked.connect(self.on_origin_picked)
        row = QHBoxLayout()
        row.addWidget(self.origin)
        row.addStretch(1)
        column.addLayout(row)
        self._sheet = QFrame()
        self._sheet.setProperty("role", "sheet")
        self._table = QVBoxLayout(self._sheet)
        self._table.setContentsMargins(1, 1, 1, 1)
        self._table.setSpacing(0)
        column.addWidget(self._sheet)
        column.addSpacing(6)
        self.calibration = CalibrationChoice()
        self.calibration.plan_changed.connect(self._take)
        column.addWidget(self.calibration)
        column.addSpacing(6)
        self.calls = CallSheet()
        self.calls.try_requested.connect(self.try_requested)
        column.addWidget(self.calls)
        foot = QHBoxLayout()
        self.run = button("", "primary", self.on_run_clicked)
        self.save = button(tr("Save inputs beside the model…"), "", self.save_requested.emit)
        foot.addWidget(self.run)
        foot.addWidget(self.save)
        foot.addStretch(1)
        foot.addWidget(label(tr("Kept with the result; the next run takes the same inputs."), "small"))
        column.addLayout(foot)
        column.addStretch(1)
        return right

    @property
    def model(self) -> ListedModel | None:
        """The model that is chosen."""
        return self.choice.model

    def show_model(self, plan: Plan, found: ModelList | None) -> None:
        """Show what a plan names, and what else its file offers."""
        self.plan, self._call = plan, None
        self.choice.show_list(found)
        self._chosen = self.choice.chosen
        self._found = found
        self.calls.show_nothing()
        self.show_allowed(False)
        self._read_rows()
        self._show_plan()

    def show_plan(self, plan: Plan) -> None:
        """Follow an edit that was made elsewhere."""
        if plan == self.plan:
            return
        is_other = plan.inputs != self.plan.inputs
        self.plan = plan
        if is_other and plan.inputs != inputs_of(self.rows):
            self._read_rows()
        self._show_plan()

    def show_allowed(self, is_allowed: bool) -> None:
        """Show whether the model's code may run already."""
        if (found := self._found) is not None:
            count = trn(len(found.models), "{count} model", "{count} models")
            known = {"file": Path(found.place).name, "count": count}
            self._about_file.setText(tr(_OFFERS if is_allowed else _READ, **known))
        else:
            self._about_file.setText(breakable(tr(_ALONE, source=self.plan.source)))
        self._consent.setText(tr(_ALLOWED if is_allowed else _CONSENT))
        self._is_allowed = is_allowed
        self._about_inputs.setText(self._told())
        for each, is_next in ((self.allow, not is_allowed), (self.run, is_allowed)):
            each.setProperty("role", "primary" if is_next else "")
            restyle(each)
        self.allow.setText(tr("Guess the inputs again") if is_allowed else tr("Allow and guess the inputs…"))

    def show_call(self, call: ModelCall) -> None:
        """Show what the engine found out of the model; what the plan says already stays."""
        self._call = call
        self.show_allowed(True)
        self._read_rows()
        if not call.own and not self.plan.inputs and not missing(self.rows):
            self._take(replace(self.plan, inputs=inputs_of(self.rows)))
        self._show_plan()

    def _read_rows(self) -> None:
        """Make rows of what is known now: of the model, else of its file."""
        if self._call is not None:
            rows = rows_of(self._call, self.plan.inputs)
        else:
            rows = rows_of_signature(self.model.forward if self.model is not None else None, self.plan.inputs)
        self._show_rows(rows)

    def _show_rows(self, rows: tuple[InputRow, ...]) -> None:
        if [row.name for row in rows] == [each.row.name for each in self.lines]:
            for each, row in zip(self.lines, rows, strict=True):
                each.show_row(row)
        else:
            empty(self._table)
            self._table.addWidget(heads())
            self.lines = []
            for place, row in enumerate(rows):
                made = InputLine(row)
                made.edited.connect(lambda changed, place=place: self._take_row(place, changed))
                if place:
                    self._table.addWidget(line())
                self._table.addWidget(made)
                self.lines.append(made)
        self.rows = rows
        self._sheet.setVisible(bool(rows))

    def _show_plan(self) -> None:
        """Show what follows from the plan and the rows."""
        own = self._call.own if self._call is not None else ()
        self.origin.setVisible(bool(own))
        self.origin.show_value("here" if self.plan.inputs or not own else "file")
        self._sheet.setEnabled(bool(self.plan.inputs) or not own)
        self._about_inputs.setText(self._told())
        chosen = flow(self.plan.flow)
        title = names.flow(chosen.id, chosen.title) if chosen is not None else tr("capture only")
        self.run.setText(tr("Run {flow}", flow=title))
        self.calibration.show_plan(self.plan, is_random=is_random(self.rows) and bool(self.plan.inputs))
        self.weights.show_plan(self.plan)
        self.coming.show_plan(self.plan)
        self.calls.show_code(call_code(self.plan, self.rows, self.model))

    def _told(self) -> str:
        call, model = self._call, self.model
        if call is None:
            forward = model.forward if model is not None else None
            if forward is None:
                return tr("Its arguments are unknown until the model is built.")
            told = trn(len(forward), "forward takes {count} argument.", "forward takes {count} arguments.")
            wait = tr("{told} Shapes are guessed from the layers once you allow the model to be built.", told=told)
            return told if self._is_allowed else wait
        size = trn(call.modules, "{type}: {count} module, {parameters} parameters.",
                   "{type}: {count} modules, {parameters} parameters.", type=call.type,
                   parameters=amount(call.parameters))  # fmt: skip
        if call.own:
            return tr("{size} Its file has inputs: {inputs}.", size=size, inputs=listed(call.own))
        if not call.runs:
            return tr("{size} No guessed input ran: {fault}", size=size, fault=call.fault)
        return tr(
            "{size} Shapes come from the layers that use them first. Dashed fields are guesses: check them.", size=size
        )

    def _take(self, plan: Plan) -> None:
        if plan != self.plan:
            self.plan = plan
            self._show_plan()
            self.plan_changed.emit(plan)

    def _take_row(self, place: int, row: InputRow) -> None:
        self.rows = (*self.rows[:place], row, *self.rows[place + 1 :])
        self.calls.show_stale()
        self._take(replace(self.plan, inputs=inputs_of(self.rows)))
        self._show_plan()

    def on_choice_source_changed(self, source: str) -> None:
        """Take another model, or other arguments; what was guessed was of the one before."""
        self._call = None
        self.calls.show_nothing()
        self.show_allowed(False)
        if self.choice.chosen != self._chosen:
            self._chosen = self.choice.chosen
            self.plan = replace(self.plan, inputs=())
        self._read_rows()
        self._take(replace(self.plan, source=source))
        self._show_plan()

    def on_weights_plan_changed(self, plan: Plan) -> None:
        """Take other weights; what was tried was with those before."""
        self.calls.show_stale()
        self._take(plan)

    def on_origin_picked(self, origin: str) -> None:
        """Take the inputs of the model's file, or those of the rows."""
        self._take(replace(self.plan, inputs=inputs_of(self.rows) if origin == "here" else ()))

    def on_run_clicked(self) -> None:
        """Run, or say which argument of the model is missing."""
        if not self.choice.complain():
            self.run_requested.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go back on Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the models above the inputs where there is no room beside them."""
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of text."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "_left"):
            self._arrange()

    def _arrange(self) -> None:
        scale = self.fontMetrics().height() / 15
        is_wide = self.viewport().width() >= _TWO_COLUMNS * max(1.0, scale)
        way = QBoxLayout.Direction.LeftToRight if is_wide else QBoxLayout.Direction.TopToBottom
        self._whole.setDirection(way)
        margin = _MARGIN if self.viewport().width() > _TWO_COLUMNS + 4 * _MARGIN else _MARGIN // 2
        self.coming.setContentsMargins(margin, 10, margin, 0)
        self._whole.setContentsMargins(margin, 16, margin, 26)
        self._whole.setSpacing(margin)
        self._left.setMaximumWidth(round(_LEFT[1] * scale) if is_wide else 16_777_215)
        self._left.setMinimumWidth(round(_LEFT[0] * scale) if is_wide else 0)


def _part() -> tuple[QWidget, QVBoxLayout]:
    part = QWidget()
    column = QVBoxLayout(part)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(8)
    return part, column


def _sheet() -> tuple[QFrame, QVBoxLayout]:
    sheet = QFrame()
    sheet.setProperty("role", "sheet")
    column = QVBoxLayout(sheet)
    column.setContentsMargins(12, 10, 12, 10)
    column.setSpacing(8)
    return sheet, column

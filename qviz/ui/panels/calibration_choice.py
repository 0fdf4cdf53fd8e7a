"""What a model is calibrated on: its inputs, a file, or a function."""

from __future__ import annotations

from msgspec.structs import replace
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from qviz.document.flows import flow
from qviz.document.plan import Plan
from qviz.sources.input_text import DATA_FILES
from qviz.ui.panels.segments import Segments
from qviz.ui.panels.widgets import button, file_filter, indent, label, restyle, section
from qviz.words import mark, tr

_MOST_BATCHES = 1_000_000
_SAMPLES = {"file": mark("data.npz"), "function": mark("data.py:batches")}
_OWN = mark("calibration_data beside the model is used, if the file has it.")
_DRAWN = mark("How many random batches to calibrate with. The example inputs are the first.")
_RANDOM = mark("▲ Random data shows the graph, not the accuracy.")


class CalibrationChoice(QWidget):
    """Edits the calibration of a plan.

    Signals:
        plan_changed: The `Plan` after an edit.
    """

    plan_changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._plan = Plan()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(section(tr("Calibration")))
        row = QHBoxLayout()
        row.setSpacing(10)
        choices = (("", tr("From these inputs")), ("file", tr("From a file")), ("function", tr("From a function")))
        self.origin = Segments(choices, tr("Calibration"))
        self.origin.picked.connect(self.on_origin_picked)
        row.addWidget(self.origin)
        self.source = QLineEdit()
        self.source.setAccessibleName(tr("Calibration data"))
        self.source.textEdited.connect(self.on_source_edited)
        row.addWidget(self.source, 1)
        self.browse = button(tr("Browse…"), "", self.on_browse_clicked)
        row.addWidget(self.browse)
        self._title = label(tr("batches"), "small")
        row.addWidget(self._title)
        self.batches = QSpinBox()
        indent(self.batches)
        self.batches.setRange(0, _MOST_BATCHES)
        self.batches.editingFinished.connect(self.on_batches_edited)
        row.addWidget(self.batches)
        self._note = label("", "guess", wraps=True)
        row.addWidget(self._note, 1)
        column.addLayout(row)
        self._origin, self._is_random = "", False

    def show_plan(self, plan: Plan, is_random: bool) -> None:
        """Show the calibration of a plan; emits no signal.

        Args:
            plan: Whose.
            is_random: Whether the inputs are made up.
        """
        self._plan = plan
        chosen = flow(plan.flow)
        self.setVisible(chosen is not None and chosen.calibrates)
        if plan.calibrate:
            self._origin = "file" if plan.calibrate.endswith(DATA_FILES) else "function"
        self._show(is_random)

    def _show(self, is_random: bool) -> None:
        self.origin.show_value(self._origin)
        has_data = bool(self._origin)
        self._is_random = is_random and not has_data
        self.source.setVisible(has_data)
        for each in (self._title, self.batches):
            each.setVisible(has_data or self._is_random)
        self.batches.setMinimum(int(self._is_random))
        self.batches.setSpecialValueText("" if self._is_random else tr("all"))
        spoken = tr("Random batches") if self._is_random else tr("Batches at most")
        self.batches.setAccessibleName(spoken)
        self.batches.setToolTip(tr(_DRAWN) if self._is_random else spoken)
        self.browse.setVisible(self._origin == "file")
        self.source.setPlaceholderText(tr(_SAMPLES.get(self._origin, "")))
        if self.source.text().strip() != (self._plan.calibrate or ""):
            self.source.setText(self._plan.calibrate or "")
        self.batches.setValue(self._plan.random_batches if self._is_random else self._plan.batch_limit or 0)
        self._note.setText("" if has_data else tr(_RANDOM if is_random else _OWN))
        self._note.setProperty("role", "guess" if is_random else "small")
        self._note.setVisible(not has_data)
        restyle(self._note)

    def on_origin_picked(self, origin: str) -> None:
        """Take data from elsewhere; the field for it is empty at first."""
        self._origin = origin
        if self._plan.calibrate is not None:
            self.plan_changed.emit(replace(self._plan, calibrate=None))
        self._show(is_random=False)
        if origin:
            self.source.setFocus()

    def on_source_edited(self, text: str) -> None:
        """Take the data that was named."""
        self.plan_changed.emit(replace(self._plan, calibrate=text.strip() or None))

    def on_batches_edited(self) -> None:
        """Take the number of batches."""
        if self._is_random:
            self.plan_changed.emit(replace(self._plan, random_batches=self.batches.value()))
        else:
            self.plan_changed.emit(replace(self._plan, batch_limit=self.batches.value() or None))

    def on_browse_clicked(self) -> None:
        """Ask for a file of tensors."""
        path, _ = QFileDialog.getOpenFileName(self, tr("Calibration data"), "", file_filter(tr("Tensors"), *DATA_FILES))
        if path:
            self.plan_changed.emit(replace(self._plan, calibrate=path))

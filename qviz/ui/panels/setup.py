"""What to do: the model, the flow with its configuration, the data."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QLineEdit, QVBoxLayout

from qviz.document.configuration import Rule
from qviz.document.flows import Flow
from qviz.document.graph import Json
from qviz.document.plan import Plan
from qviz.sources.input_text import split_texts
from qviz.ui.panels.flow_choice import FlowChoice
from qviz.ui.panels.plan_text import PlanDialog
from qviz.ui.panels.rules import AnyRule, Rules
from qviz.ui.panels.tick import Tick
from qviz.ui.panels.widgets import breakable, button, label, section
from qviz.wire.messages import ModelLoaded
from qviz.words import mark, tr, trn
from qviz.words.formats import amount, size

_INPUTS = mark("One [NAME=]SHAPE[:DTYPE[:VALUES]] per argument, separated by spaces. Empty: those beside the model.")
_TRACED, _GIVEN = mark("Fuses {modules} (found by tracing)"), mark("Fuses {modules}")
_CALIBRATION = mark("Empty: calibration_data beside the model, or the example inputs.")
_TRAINING = mark("A function that trains the model it is given. Empty: train beside the model, or one forward pass.")


class Setup(QFrame):
    """The left side: every choice of a plan.

    Signals:
        plan_changed: The `Plan` after the user changed something.
        plan_loaded: A `Plan` that may come from a file or from elsewhere, before it is taken.
        help_requested: The API that is to be explained.
    """

    plan_changed = Signal(object)
    plan_loaded = Signal(object)
    help_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "side")
        self._plan = Plan(source="")
        self._is_filling = False
        self._ran_with: tuple[Rule, ...] = ()
        self._matched: list[int | None] = []
        self._fused: tuple[tuple[str, ...], ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 14, 14, 8)
        column.setSpacing(6)
        column.addWidget(section(tr("Model")))
        self.source = QLineEdit()
        self.source.setAccessibleName(tr("Source of the model"))
        self.source.setPlaceholderText(tr("file.py:name or package.module:name"))
        self.source.editingFinished.connect(self.on_field_edited)
        column.addWidget(self.source)
        self.about = label("", "muted", wraps=True)
        self.about.hide()
        column.addWidget(self.about)
        column.addSpacing(8)
        self._add_flow(column)
        column.addSpacing(8)
        self._add_data(column)

    def _add_flow(self, column: QVBoxLayout) -> None:
        head = QHBoxLayout()
        head.addWidget(section(tr("Flow")))
        head.addStretch(1)
        head.addWidget(button(tr("API help"), "link", self.on_calls_clicked))
        column.addLayout(head)
        self.flow = FlowChoice()
        self.flow.edited.connect(self.on_field_edited)
        column.addWidget(self.flow)
        column.addSpacing(8)
        row = QHBoxLayout()
        row.addWidget(section(tr("Configuration")))
        self.pending = label("●", "pending")
        self.pending.setToolTip(tr("Edited: the result on screen is that of the last run."))
        self.pending.setAccessibleName(tr("Edited since the last run"))
        self.pending.hide()
        row.addWidget(self.pending)
        row.addStretch(1)
        row.addWidget(button(tr("Options…"), "link", self.on_all_clicked))
        column.addLayout(row)
        self.fused = label("", "muted", wraps=True)
        column.addWidget(self.fused)
        self.rules = Rules()
        self.rules.rules_changed.connect(self.on_rules_changed)
        column.addWidget(self.rules)
        boxes = QHBoxLayout()
        self.with_reference, self.with_lowering = Tick(tr("Reference")), Tick(tr("Lower to x86"))
        self.with_reference.setToolTip(tr("Add the reference stage. In PT2E it replaces the converted stage."))
        self.with_lowering.setToolTip(tr("Add the lowered stage, whose x86 kernels compute in integers."))
        self.with_reference.setProperty("topic", "use_reference_representation")
        self.with_lowering.setProperty("topic", "lower_pt2e_quantized_to_x86")
        self.rules.setProperty("topic", "QConfigMapping")
        self.flow.backend.setProperty("topic", "backend")
        for each in (self.with_reference, self.with_lowering):
            each.clicked.connect(self.on_field_edited)
            boxes.addWidget(each)
        boxes.addStretch(1)
        column.addLayout(boxes)

    def _add_data(self, column: QVBoxLayout) -> None:
        column.addWidget(section(tr("Data")))
        self.inputs = QLineEdit()
        self.inputs.setAccessibleName(tr("Inputs"))
        self.inputs.setPlaceholderText(tr("Inputs, such as 1x3x224x224"))
        self.calibrate = QLineEdit()
        self.calibrate.setAccessibleName(tr("Calibration data"))
        self.calibrate.setPlaceholderText(tr("Calibration: file.npz or mod:callable"))
        self.train = QLineEdit()
        self.train.setAccessibleName(tr("Training"))
        self.train.setPlaceholderText(tr("Training: mod:callable"))
        for each, about in ((self.inputs, _INPUTS), (self.calibrate, _CALIBRATION), (self.train, _TRAINING)):
            each.setToolTip(f"{each.placeholderText()}\n{tr(about)}")
            each.editingFinished.connect(self.on_field_edited)
            column.addWidget(each)

    def show_plan(self, plan: Plan) -> None:
        """Show a plan's choices; emits no signal."""
        self._is_filling = True
        self._plan = plan
        self.source.setText(plan.source)
        chosen = self.flow.show_plan(plan)
        self._show_configuration(plan, chosen)
        self.inputs.setText(" ".join(plan.inputs))
        self.calibrate.setText(plan.calibrate or "")
        self.calibrate.setVisible(chosen.calibrates)
        self.train.setText(plan.train or "")
        for each in (self.inputs, self.calibrate, self.train):
            if not each.hasFocus():
                each.setCursorPosition(0)  # what has no room is read from its beginning
        self.train.setVisible(chosen.is_training)
        self._is_filling = False

    def _show_configuration(self, plan: Plan, chosen: Flow) -> None:
        is_for_quantizer = chosen.takes("quantizer_options")
        self.rules.setVisible(chosen.takes("rules") or is_for_quantizer)
        if is_for_quantizer:
            self.rules.show_rules(plan.quantizer_options.rules, (), is_for_quantizer=True)
        else:
            self.rules.show_rules(plan.rules, self._matched if plan.rules == self._ran_with else ())
        self.with_reference.setVisible(chosen.takes("reference"))
        self.with_reference.setChecked(plan.reference)
        self.with_lowering.setVisible(chosen.takes("lower"))
        self.with_lowering.setChecked(plan.lower)
        self.fused.setVisible(chosen.takes("fuse_list"))
        given = plan.fuse_list if plan.fuse_list is not None else self._fused
        self.fused.setText(_fusions(given, is_traced=plan.fuse_list is None))

    def show_result(self, config: dict[str, Json], rules: tuple[Rule, ...]) -> None:
        """Show what a run recorded of its configuration: the nodes that each rule matched, the fuse list."""
        rows = config.get("rules")
        self._ran_with = rules
        self._matched = [_count(row) for row in rows] if isinstance(rows, list) else []
        entries = config.get("fuse_list")
        lists = entries if isinstance(entries, list) else []
        self._fused = tuple(tuple(map(str, each)) for each in lists if isinstance(each, list))
        self.show_plan(self._plan)

    def show_model(self, model: ModelLoaded | None) -> None:
        """Show what the engine said of the model."""
        has_own = model is not None and bool(model.inputs) and not self._plan.inputs
        own = tr("Inputs: those of the model") if has_own else tr("Inputs, such as 1x3x224x224")
        self.inputs.setPlaceholderText(own)
        self.inputs.setToolTip(f"{own}\n{tr(_INPUTS)}")
        if model is None:
            self.about.hide()
            return
        self.rules.suggest(tuple(dict.fromkeys(text for pair in model.tree for text in pair if text)))
        about = trn(
            model.modules,
            "{count} module · {parameters} parameters · {size}",
            "{count} modules · {parameters} parameters · {size}",
            parameters=amount(model.parameters),
            size=size(model.bytes),
        )
        lines = [about, *(tr("Input {input}", input=each) for each in model.inputs)]
        self.about.setText(breakable("\n".join(lines)))
        self.about.show()

    def show_pending(self, is_pending: bool) -> None:
        """Show whether the plan is another than that of the result on screen."""
        self.pending.setVisible(is_pending)

    def set_backends(self, available: tuple[str, ...]) -> None:
        """Leave only the engines of this machine selectable; the others say why."""
        self.flow.set_backends(available, self._plan)

    def on_calls_clicked(self) -> None:
        """Ask for help on the function that the flow begins with."""
        self.help_requested.emit(self.flow.chosen().api)

    def on_rules_changed(self, rules: tuple[AnyRule, ...]) -> None:
        """Take other rules into the plan: of the quantizer, or of the configuration by modules."""
        if self.flow.chosen().takes("quantizer_options"):
            options = msgspec.structs.replace(self._plan.quantizer_options, rules=rules)
            self.take_plan(msgspec.structs.replace(self._plan, quantizer_options=options))
        else:
            self.take_plan(msgspec.structs.replace(self._plan, rules=rules))

    def on_all_clicked(self) -> None:
        """Edit the whole plan as text."""
        dialog = PlanDialog(self, self._plan)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self.plan_loaded.emit(dialog.plan)
            self.take_plan(dialog.plan)

    def take_plan(self, plan: Plan) -> None:
        """Take another plan, as if it had been chosen here."""
        if plan != self._plan:
            self.show_plan(plan)
            self.plan_changed.emit(plan)

    def on_field_edited(self) -> None:
        """Make a plan of what the fields say."""
        if self._is_filling:
            return
        self.take_plan(
            msgspec.structs.replace(
                self._plan,
                source=self.source.text().strip(),
                flow=self.flow.chosen().id,
                inputs=split_texts(self.inputs.text()),
                calibrate=self.calibrate.text().strip() or None,
                train=self.train.text().strip() or None,
                reference=self.with_reference.isChecked() and not self.with_reference.isHidden(),
                lower=self.with_lowering.isChecked() and not self.with_lowering.isHidden(),
                **self.flow.backend_choice(),
            )
        )


def _count(row: Json) -> int | None:
    found = row.get("matched") if isinstance(row, dict) else None
    return found if isinstance(found, int) else None


def _fusions(fused: Sequence[Sequence[str]], is_traced: bool) -> str:
    if not fused:
        return tr("Fuses the patterns found by tracing")
    modules = "; ".join(", ".join(entry) for entry in fused)
    return tr(_TRACED if is_traced else _GIVEN, modules=modules)

"""What to do: the model, the flow with its configuration, the data."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLineEdit, QVBoxLayout

from qviz.document.plan import BACKENDS, DEFAULT_FLOW, FLOWS, QUANTIZERS, Plan, flow
from qviz.ui.panels.pieces import Choice, button, label, section
from qviz.wire.messages import ModelLoaded

_QUANTIZER_TITLES = {"xnnpack": "XNNPACK", "x86_inductor": "X86 Inductor"}
_NO_ENGINE = "this machine has no such engine"


class Setup(QFrame):
    """The left side: every choice of a plan.

    Signals:
        plan_changed: The `Plan` after the user changed something.
    """

    plan_changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "side")
        self._plan = Plan(source="")
        self._is_filling = False
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 14, 14, 8)
        column.setSpacing(6)
        column.addWidget(section("Model"))
        self.source = QLineEdit()
        self.source.setAccessibleName("Source of the model")
        self.source.setPlaceholderText("file.py:name or package.module:name")
        self.source.editingFinished.connect(self.on_field_edited)
        column.addWidget(self.source)
        self.about = label("", "muted", wraps=True)
        column.addWidget(self.about)
        column.addSpacing(8)
        self._add_flow(column)
        column.addSpacing(8)
        self._add_data(column)

    def _add_flow(self, column: QVBoxLayout) -> None:
        column.addWidget(section("Flow"))
        row = QHBoxLayout()
        row.setSpacing(0)
        self.modes = QButtonGroup(self)
        for each in FLOWS:
            segment = button(each.mode, "segment")
            segment.setCheckable(True)
            segment.setProperty("flow", each.id)
            segment.setToolTip(each.runs)
            self.modes.addButton(segment)
            row.addWidget(segment, 1)
        self.modes.buttonClicked.connect(self.on_field_edited)
        column.addLayout(row)
        self.kind = label("", "muted")
        column.addWidget(self.kind)
        self.backend = Choice()
        self.backend.setAccessibleName("Backend or quantizer")
        self.backend.activated.connect(self.on_field_edited)
        column.addWidget(self.backend)

    def _add_data(self, column: QVBoxLayout) -> None:
        column.addWidget(section("Data"))
        self.inputs = QLineEdit()
        self.inputs.setAccessibleName("Inputs")
        self.inputs.setPlaceholderText("inputs: 1x3x224x224, one per argument")
        self.inputs.setToolTip("[NAME=]SHAPE[:DTYPE[:LOW..HIGH]], separated by spaces; empty: those beside the model")
        self.calibrate = QLineEdit()
        self.calibrate.setAccessibleName("Calibration data")
        self.calibrate.setPlaceholderText("calibration: file.npz or mod:callable")
        self.calibrate.setToolTip("Empty: calibration_data beside the model, else the example inputs once")
        for each in (self.inputs, self.calibrate):
            each.editingFinished.connect(self.on_field_edited)
            column.addWidget(each)

    def show_plan(self, plan: Plan) -> None:
        """Show a plan's choices; tells nobody."""
        self._is_filling = True
        self._plan = plan
        self.source.setText(plan.source)
        chosen = flow(plan.flow or "") or flow(DEFAULT_FLOW) or FLOWS[0]
        for each in self.modes.buttons():
            each.setChecked(each.property("flow") == chosen.id)
        self.kind.setText(chosen.type)
        self._fill_backends(plan, chosen.id)
        self.inputs.setText(" ".join(plan.inputs))
        self.calibrate.setText(plan.calibrate or "")
        self._is_filling = False

    def show_model(self, model: ModelLoaded | None) -> None:
        """Show what the engine said of the model."""
        if model is None:
            self.about.setText("")
            return
        modules = f"{model.modules} module" + ("" if model.modules == 1 else "s")
        size = f"{modules} · {_short(model.parameters)} parameters · {_bytes(model.bytes)}"
        self.about.setText(size + "".join(f"\ninput {each}" for each in model.inputs))

    def set_backends(self, available: tuple[str, ...]) -> None:
        """Leave only the engines of this machine selectable; the others say why."""
        self._available = available
        self._fill_backends(self._plan, self._plan.flow or DEFAULT_FLOW)

    _available: tuple[str, ...] = BACKENDS

    def _fill_backends(self, plan: Plan, flow_id: str) -> None:
        self.backend.clear()
        if flow_id.startswith("fx"):
            for name in BACKENDS:
                there = name in self._available
                self.backend.addItem(f"Backend: {name}" + ("" if there else f" ({_NO_ENGINE})"), name)
                if not there:
                    self.backend.model().item(self.backend.count() - 1).setEnabled(False)  # type: ignore[attr-defined]
            self.backend.setCurrentIndex(max(0, self.backend.findData(plan.backend)))
        else:
            for name in QUANTIZERS:
                self.backend.addItem(f"Quantizer: {_QUANTIZER_TITLES[name]}", name)
            self.backend.setCurrentIndex(max(0, self.backend.findData(plan.quantizer)))

    def on_field_edited(self) -> None:
        """Make a plan of what the fields say."""
        if self._is_filling:
            return
        checked = self.modes.checkedButton()
        flow_id = checked.property("flow") if checked else DEFAULT_FLOW
        same_flow = flow_id == (self._plan.flow or DEFAULT_FLOW)
        choice = self.backend.currentData()
        is_fx = flow_id.startswith("fx")
        changed = Plan(
            source=self.source.text().strip(),
            flow=flow_id,
            inputs=tuple(self.inputs.text().split()),
            calibrate=self.calibrate.text().strip() or None,
            backend=choice if is_fx and same_flow else self._plan.backend,
            quantizer=choice if not is_fx and same_flow else self._plan.quantizer,
            strict=self._plan.strict,
            reference=self._plan.reference,
            seed=self._plan.seed,
        )
        if changed != self._plan:
            self.show_plan(changed)
            self.plan_changed.emit(changed)


def _short(count: int) -> str:
    for size, letter in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if count >= size:
            return f"{count / size:.3g}{letter}"
    return str(count)


def _bytes(count: int) -> str:
    for size, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count} B"

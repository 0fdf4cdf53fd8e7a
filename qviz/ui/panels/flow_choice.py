"""Chooses the flow: the mode, the type of quantization, and whose kernels or quantizer."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QVBoxLayout, QWidget

from qviz.document.plan import BACKENDS, DEFAULT_FLOW, FLOWS, QUANTIZERS, Flow, Plan, flow
from qviz.ui.panels.widgets import Choice, button

MODES = tuple(dict.fromkeys(each.mode for each in FLOWS))
_QUANTIZER_TITLES = {"xnnpack": "XNNPACK", "x86_inductor": "X86 Inductor", "embedding": "Embedding"}
_NO_ENGINE = "this machine has no such engine"


class FlowChoice(QWidget):
    """Mode, type, backend or quantizer.

    Signals:
        edited: The user changed one of them.
    """

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._available: tuple[str, ...] = BACKENDS
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        row = QHBoxLayout()
        row.setSpacing(0)
        self.modes = QButtonGroup(self)
        for mode in MODES:
            segment = button(mode, "segment")
            segment.setCheckable(True)
            self.modes.addButton(segment)
            row.addWidget(segment, 1)
        self.modes.buttonClicked.connect(self.on_mode_clicked)
        column.addLayout(row)
        self.types, self.backend = Choice(), Choice()
        self.types.setAccessibleName("Type of quantization")
        self.backend.setAccessibleName("Backend or quantizer")
        for each in (self.types, self.backend):
            each.activated.connect(self.edited)
            column.addWidget(each)

    def show_plan(self, plan: Plan) -> None:
        """Show the choices of a plan; tells nobody."""
        chosen = flow(plan.flow or "") or flow(DEFAULT_FLOW)
        assert chosen is not None
        for each in self.modes.buttons():
            each.setChecked(each.text() == chosen.mode)
        self._fill_types(chosen)
        self._fill_backends(plan, chosen)

    def set_backends(self, available: tuple[str, ...], plan: Plan) -> None:
        """Leave only the engines of this machine selectable; the others say why."""
        self._available = available
        self.show_plan(plan)

    def flow_id(self) -> str:
        """Return the flow that is chosen."""
        return str(self.types.currentData())

    def on_mode_clicked(self) -> None:
        """Take the same type in the other mode, or its static one."""
        checked = self.modes.checkedButton()
        mode, kind = checked.text() if checked else MODES[0], self.types.currentText()
        of_mode = [each for each in FLOWS if each.mode == mode]
        same = next((each for each in of_mode if each.type == kind), None)
        self._fill_types(same or next(each for each in of_mode if each.id.endswith("-static")))
        self.edited.emit()

    def _fill_types(self, chosen: Flow) -> None:
        self.types.clear()
        for each in FLOWS:
            if each.mode == chosen.mode:
                self.types.addItem(each.type, each.id)
        self.types.setCurrentIndex(self.types.findData(chosen.id))
        self.types.setToolTip(chosen.runs)

    def _fill_backends(self, plan: Plan, chosen: Flow) -> None:
        self.backend.clear()
        self.backend.setVisible(chosen.id != "fx-fuse")
        if chosen.id.startswith("pt2e"):
            own = [plan.quantizer] if plan.quantizer not in QUANTIZERS else []
            for name in (*QUANTIZERS, *own):
                self.backend.addItem(f"Quantizer: {_QUANTIZER_TITLES.get(name, name)}", name)
            self.backend.setCurrentIndex(max(0, self.backend.findData(plan.quantizer)))
            return
        for name in BACKENDS:
            there = name in self._available
            self.backend.addItem(f"Backend: {name}" + ("" if there else f" ({_NO_ENGINE})"), name)
            if not there:
                self.backend.model().item(self.backend.count() - 1).setEnabled(False)  # type: ignore[attr-defined]
        self.backend.setCurrentIndex(max(0, self.backend.findData(plan.backend)))

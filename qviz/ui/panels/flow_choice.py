"""Chooses the flow: the mode, the method, and whose kernels or quantizer."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QVBoxLayout, QWidget

from qviz.document.flows import DEFAULT_FLOW, FLOWS, Flow, Method, Mode, flow
from qviz.document.plan import BACKENDS, QUANTIZERS, Plan
from qviz.ui.panels.choice import Choice
from qviz.ui.panels.widgets import button, join_segments
from qviz.words import mark, names, tr

_QUANTIZER_TITLES = {"xnnpack": "XNNPACK", "x86_inductor": "X86 Inductor", "embedding": "Embedding"}
_BACKEND, _NO_BACKEND = mark("Backend: {name}"), mark("Backend: {name} (not on this machine)")


class FlowChoice(QWidget):
    """Mode, method, backend or quantizer.

    Signals:
        edited: The user changed one of them.
    """

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._available: tuple[str, ...] = BACKENDS
        self._backend_option: str | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        row = QHBoxLayout()
        row.setSpacing(0)
        self.modes = QButtonGroup(self)
        self._segments: dict[Mode, QAbstractButton] = {}
        for mode in Mode:
            segment = self._segments[mode] = button(names.mode(mode.value), "segment")
            segment.setCheckable(True)
            self.modes.addButton(segment)
            row.addWidget(segment, 1)
        join_segments([*self._segments.values()])
        self.modes.buttonClicked.connect(self.on_mode_clicked)
        column.addLayout(row)
        self.methods, self.backend = Choice(), Choice()
        self.methods.setAccessibleName(tr("Method"))
        self.backend.setAccessibleName(tr("Backend or quantizer"))
        for each in (self.methods, self.backend):
            each.activated.connect(self.edited)
            column.addWidget(each)

    def show_plan(self, plan: Plan) -> Flow:
        """Show the choices of a plan, and return the flow shown; emits no signal."""
        chosen = _flow_of(plan)
        for mode, segment in self._segments.items():
            segment.setChecked(mode is chosen.mode)
        self._fill_methods(chosen)
        self._fill_backends(plan, chosen)
        return chosen

    def set_backends(self, available: tuple[str, ...], plan: Plan) -> None:
        """Leave only the engines of this machine selectable; the others say why."""
        self._available = available
        self.show_plan(plan)

    def chosen(self) -> Flow:
        """Return the flow that is chosen."""
        found = flow(self.methods.currentData())
        assert found is not None  # the choice lists what is known
        return found

    def backend_choice(self) -> dict[str, str]:
        """Return the field of the plan that the second choice sets; none while it lists what another flow takes."""
        option, name = self._backend_option, self.backend.currentData()
        return {option: name} if option is not None and name and self.chosen().takes(option) else {}

    def on_mode_clicked(self, segment: QAbstractButton) -> None:
        """Take the same method in the other mode, or its static one, or its first."""
        mode = next(mode for mode, each in self._segments.items() if each is segment)
        method, of_mode = self.chosen().method, [each for each in FLOWS if each.mode is mode]
        of_mode.sort(key=lambda each: (each.method is not method, each.method is not Method.STATIC))
        self._fill_methods(of_mode[0])
        self.edited.emit()

    def _fill_methods(self, chosen: Flow) -> None:
        self.methods.clear()
        of_mode = [each for each in FLOWS if each.mode is chosen.mode]
        for each in of_mode:
            is_only_one = sum(other.method is each.method for other in of_mode) == 1
            title = names.method(each.method.value) if is_only_one else names.flow(each.id, each.title)
            self.methods.addItem(title, each.id)
        self.methods.setCurrentIndex(self.methods.findData(chosen.id))
        self.methods.setToolTip(tr("Calls {functions}", functions=chosen.runs))

    def _fill_backends(self, plan: Plan, chosen: Flow) -> None:
        self.backend.clear()
        self._backend_option = next((each for each in ("quantizer", "backend") if chosen.takes(each)), None)
        self.backend.setVisible(self._backend_option is not None)
        if self._backend_option == "quantizer":
            own = [plan.quantizer] if plan.quantizer not in QUANTIZERS else []
            for name in (*QUANTIZERS, *own):
                self.backend.addItem(tr("Quantizer: {name}", name=_QUANTIZER_TITLES.get(name, name)), name)
            self.backend.setCurrentIndex(max(0, self.backend.findData(plan.quantizer)))
            return
        for name in BACKENDS:
            there = name in self._available
            self.backend.addItem(tr(_BACKEND if there else _NO_BACKEND, name=name), name)
            if not there:
                self.backend.model().item(self.backend.count() - 1).setEnabled(False)  # type: ignore[attr-defined]
        self.backend.setCurrentIndex(max(0, self.backend.findData(plan.backend)))


def _flow_of(plan: Plan) -> Flow:
    """Return the flow of a plan; the default where it has none, or one that this version does not know."""
    found = flow(plan.flow) or flow(DEFAULT_FLOW)
    assert found is not None
    return found

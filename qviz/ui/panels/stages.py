"""The strip above the panes: the stages of the flow, and how many nodes of each role the right one has."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton

from qviz.document.graph import Kind
from qviz.document.query import count_kinds
from qviz.document.snapshot import Stage
from qviz.ui.panels.pieces import button, dot, empty, label, restyle
from qviz.ui.theme import Theme

_COUNTED = (
    (Kind.OBSERVER, "observer", "observers"),
    (Kind.FAKE_QUANT, "fake quant", "fake quants"),
    (Kind.QUANTIZE, "quantize", "quantize"),
    (Kind.DEQUANTIZE, "dequantize", "dequantize"),
    (Kind.FUSED_OP, "fused op", "fused ops"),
    (Kind.QUANTIZED_OP, "quantized op", "quantized ops"),
)


class StageButton(QPushButton):
    """One stage: a click shows it right, a click with Shift or the right button shows it left."""

    chosen = Signal(str, str)

    def __init__(self, name: str) -> None:
        super().__init__(name.capitalize())
        self.name = name
        self.setProperty("role", "stage")
        self.setToolTip(f"Show the {name} stage right; with Shift, left")
        self.clicked.connect(lambda: self.chosen.emit("right", self.name))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the left side by Shift or the right button."""
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if shift or event.button() == Qt.MouseButton.RightButton:
            self.chosen.emit("left", self.name)
            event.accept()
        else:
            super().mousePressEvent(event)


class StageStrip(QFrame):
    """Signals: stage_chosen (side, name); kind_chosen (a kind's value, or "" for none)."""

    stage_chosen = Signal(str, str)
    kind_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "bar")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 7, 12, 7)
        row.addWidget(label("Stage", "muted"))
        self._stages = QHBoxLayout()
        self._chips = QHBoxLayout()
        self._chips.setSpacing(5)
        row.addLayout(self._stages)
        row.addStretch(1)
        row.addLayout(self._chips)
        self._buttons: dict[str, StageButton] = {}
        self._shown_key: tuple[object, ...] = ()
        self._chosen_kind = ""

    def show_stages(
        self, names: tuple[str, ...], there: set[str], shown: dict[str, str | None], failing: str | None
    ) -> None:
        """Show the flow's stages: those not reached are disabled, the one that failed is red."""
        if tuple(self._buttons) != names:
            empty(self._stages)
            self._buttons = {}
            for place, name in enumerate(names):
                if place:
                    self._stages.addWidget(label("→", "muted"))
                self._buttons[name] = StageButton(name)
                self._buttons[name].chosen.connect(self.stage_chosen)
                self._stages.addWidget(self._buttons[name])
        for name, each in self._buttons.items():
            each.setEnabled(name in there)
            each.setProperty("shown", "true" if name in shown.values() else "false")
            each.setProperty("failed", "true" if name == failing else "false")
            each.setAccessibleName(f"Stage {name}" + (", failed" if name == failing else ""))
            restyle(each)

    def show_counts(self, stage: Stage | None, precision: tuple[int, int] | None, theme: Theme) -> None:
        """Show a chip for each role that the stage has; `precision` is low of quantizable operators."""
        key = (id(stage), precision, theme.name)
        if key == self._shown_key:
            return
        self._shown_key = key
        if self._chosen_kind:
            self.on_chip_clicked("")  # the chip goes, and what it highlighted with it
        empty(self._chips)
        counts = count_kinds(stage.graph) if stage else {}
        for kind, one, many in _COUNTED:
            if count := counts.get(kind, 0):
                self._chips.addWidget(self._chip(kind, f"{count} {one if count == 1 else many}", theme))
        if precision is not None:
            low, total = precision
            chip = label(f"{low} of {total} in low precision", "muted")
            chip.setToolTip("Quantizable operators that run in low precision")
            self._chips.addSpacing(4)
            self._chips.addWidget(chip)

    def _chip(self, kind: Kind, text: str, theme: Theme) -> QPushButton:
        chip = button(text, "chip")
        chip.setIcon(dot(theme.line(kind)))
        chip.setIconSize(QSize(9, 9))
        chip.setCheckable(True)
        chip.setProperty("kind", kind.value)
        chip.setToolTip("Highlight them")
        chip.clicked.connect(lambda on: self.on_chip_clicked(kind.value if on else ""))
        return chip

    def on_chip_clicked(self, kind: str) -> None:
        """Check one chip at most."""
        self._chosen_kind = kind
        for place in range(self._chips.count()):
            item = self._chips.itemAt(place)
            chip = item.widget() if item is not None else None
            if isinstance(chip, QPushButton):
                chip.setChecked(chip.property("kind") == kind)
        self.kind_chosen.emit(kind)

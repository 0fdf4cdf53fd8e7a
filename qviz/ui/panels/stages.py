"""The strip above the panes: the stages of the flow, and how many nodes of each role the right one has."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QPushButton

from qviz.analysis.linking.beside import BETWEEN
from qviz.analysis.verdicts.coverage_words import counts, operators
from qviz.document.coverage import Coverage
from qviz.document.graph import Kind
from qviz.document.query import count_kinds
from qviz.document.snapshot import Stage, StageName
from qviz.session.sides import Side
from qviz.ui.panels.widgets import dot, empty, label, restyle
from qviz.ui.theme import Theme
from qviz.words import mark, tr
from qviz.words import names as words
from qviz.words.formats import sentence

_COUNTED = (
    Kind.OBSERVER,
    Kind.FAKE_QUANT,
    Kind.QUANTIZE,
    Kind.DEQUANTIZE,
    Kind.FUSED_OP,
    Kind.QUANTIZED_OP,
)


class StageButton(QPushButton):
    """One stage: a click shows it right, a click with Shift or the right button shows it left."""

    chosen = Signal(object, str)

    def __init__(self, name: StageName) -> None:
        super().__init__(words.stage(name.partition(BETWEEN)[0]))
        self.name = name
        self.setProperty("role", "stage")
        self.setToolTip(tr("Show {stage} on the right. Shift-click shows it on the left.", stage=words.stage(name)))
        self.clicked.connect(lambda: self.chosen.emit(Side.RIGHT, self.name))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the left side by Shift or the right button."""
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if shift or event.button() == Qt.MouseButton.RightButton:
            self.chosen.emit(Side.LEFT, self.name)
            event.accept()
        else:
            super().mousePressEvent(event)


class KindChip(QPushButton):
    """How many nodes of a kind there are: a click goes to the next of them, one with Shift dims the others."""

    stepped = Signal(str)
    dim_toggled = Signal(str)

    def __init__(self, kind: Kind, text: str, theme: Theme) -> None:
        super().__init__(text)
        self.kind = kind.value
        self.setProperty("role", "chip")
        self.setProperty("kind", kind.value)
        self.setIcon(dot(theme.line(kind)))
        self.setIconSize(QSize(9, 9))
        self.setCheckable(True)
        self.setToolTip(tr("Go to the next one. Shift-click dims all other nodes."))
        self._with_shift = False
        self.clicked.connect(self.on_clicked)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Note whether Shift is held."""
        self._with_shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let Enter and Space do what a click does, with Shift too."""
        self._with_shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def on_clicked(self, is_checked: bool) -> None:
        """Step or dim; only what is dimmed shows as pressed."""
        with_shift, self._with_shift = self._with_shift, False
        if with_shift:
            self.dim_toggled.emit(self.kind if is_checked else "")
        else:
            self.setChecked(not is_checked)
            self.stepped.emit(self.kind)


class StageStrip(QFrame):
    """The stages and the chips.

    Signals:
        stage_chosen: `Side` and name.
        kind_stepped: A kind's value: to its next node.
        kind_chosen: The kind that all others are dimmed for, "" for none.
    """

    stage_chosen = Signal(object, str)
    kind_stepped = Signal(str)
    kind_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "bar")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 7, 12, 7)
        self._stages = QGridLayout()
        self._stages.setVerticalSpacing(5)
        self._chips = QHBoxLayout()
        self._chips.setSpacing(5)
        row.addLayout(self._stages)
        row.addStretch(1)
        row.addLayout(self._chips)
        self._buttons: dict[StageName, StageButton] = {}
        self._shown_stage: Stage | None = None
        self._shown_key: tuple[object, ...] = ()
        self._chosen_kind = ""

    def show_stages(
        self,
        names: tuple[StageName, ...],
        there: Collection[StageName],
        shown: Collection[StageName],
        failing: StageName | None,
    ) -> None:
        """Show the flow's stages: those not reached are disabled, the one that failed is red."""
        if tuple(self._buttons) != names:
            empty(self._stages)
            self._buttons = {}
            runs = list(dict.fromkeys(name.partition(BETWEEN)[2] for name in names))
            for row, run in enumerate(runs):
                of_run = [name for name in names if name.partition(BETWEEN)[2] == run]
                self._add_run(row, run or tr("Stage"), of_run)
        for name, each in self._buttons.items():
            each.setEnabled(name in there)
            each.setProperty("shown", "true" if name in shown else "false")
            each.setProperty("failed", "true" if name == failing else "false")
            text = mark("Stage {stage}, failed") if name == failing else mark("Stage {stage}")
            each.setAccessibleName(tr(text, stage=words.stage(name)))
            restyle(each)

    def _add_run(self, row: int, title: str, stages: list[str]) -> None:
        """Add the stages of one run in a row; those of a second result stand below, under its name."""
        self._stages.addWidget(label(title, "muted"), row, 0)
        for place, name in enumerate(stages):
            if place:
                self._stages.addWidget(label("→", "muted"), row, 2 * place)
            self._buttons[name] = StageButton(name)
            self._buttons[name].chosen.connect(self.stage_chosen)
            self._stages.addWidget(self._buttons[name], row, 2 * place + 1)

    def show_counts(self, stage: Stage | None, coverage: Coverage | None, theme: Theme) -> None:
        """Show a chip for each role that the stage has, and how much of the run is in low precision."""
        key = (coverage, theme.name)
        if stage is self._shown_stage and key == self._shown_key:
            return
        self._shown_stage, self._shown_key = stage, key
        if self._chosen_kind:
            self.dim_for("")  # the chip goes, and what it highlighted with it
        empty(self._chips)
        kinds = count_kinds(stage.whole) if stage else {}
        for kind in _COUNTED:
            if count := kinds.get(kind, 0):
                self._chips.addWidget(self._chip(kind, words.kinds(kind.value, count), theme))
        if coverage is not None:
            chip = label(tr("{share} in low precision", share=counts(coverage)), "muted")
            chip.setToolTip(sentence(operators(coverage)))
            self._chips.addSpacing(4)
            self._chips.addWidget(chip)

    def _chip(self, kind: Kind, text: str, theme: Theme) -> KindChip:
        chip = KindChip(kind, text, theme)
        chip.stepped.connect(self.kind_stepped)
        chip.dim_toggled.connect(self.dim_for)
        return chip

    def dim_for(self, kind: str) -> None:
        """Check one chip at most."""
        self._chosen_kind = kind
        for place in range(self._chips.count()):
            item = self._chips.itemAt(place)
            chip = item.widget() if item is not None else None
            if isinstance(chip, KindChip):
                chip.setChecked(chip.kind == kind)
        self.kind_chosen.emit(kind)

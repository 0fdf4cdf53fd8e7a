"""Shows the rules of a configuration with the nodes each matched, and makes new ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import TypeAlias

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCompleter,
    QDialog,
    QFormLayout,
    QGridLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from qviz.document.configuration import Factory, QConfig, QuantizerRule, Rule
from qviz.ui.panels.choice import Choice
from qviz.ui.panels.widgets import answers, breakable, button, empty, label, restyle
from qviz.words import mark, tr, trn
from qviz.words.formats import every

AnyRule: TypeAlias = Rule | QuantizerRule
"""Of a ``QConfigMapping``, or of a PT2E quantizer."""

KINDS: dict[str, str] = {
    "object_type": mark("Type"),
    "module_name": mark("Module path"),
    "module_name_regex": mark("Path pattern"),
    "global": mark("All modules"),
}
"""What the dialog offers; a plan's file can say the order of a type inside a module, too."""
QUANTIZER_KINDS: dict[str, str] = {
    "module_name": mark("Module path"),
    "module_type": mark("Type"),
    "operator": mark("Operator"),
}
"""What it offers for a PT2E quantizer."""
_MATCHES: dict[str, str] = {
    "object_type": mark("Type {target}"),
    "module_name_regex": mark("Modules like {target}"),
    "global": mark("All modules"),
    "module_type": mark("Type {target}"),
    "operator": mark("Operator {target}"),
    "node": mark("Operator {target}"),
    "tensor": mark("Tensor {target}"),
}
IN_FLOAT = mark("float")
FLOAT, PER_CHANNEL, PER_TENSOR = mark("Leave in float"), mark("Per channel"), mark("Per tensor")
_EXAMPLES = "torch.nn.Linear, layer1.0.conv1, layer[12].*"
QCONFIGS = (
    "default",
    "default_qconfig",
    "default_per_channel_qconfig",
    "default_dynamic_qconfig",
    "per_channel_dynamic_qconfig",
    "float16_dynamic_qconfig",
    "float16_static_qconfig",
    "float_qparams_weight_only_qconfig",
    "default_symmetric_qnnpack_qconfig",
    "default_per_channel_symmetric_qnnpack_qconfig",
    "default_qat_qconfig",
)


_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
"""Where the name of a class may be broken: PerChannel, MinMax, Observer."""


class Rules(QWidget):
    """One row a rule: what it matches, what it sets, how many nodes it decided.

    Signals:
        rules_changed: The rules (a tuple of `AnyRule`) after the user added or removed one.
    """

    rules_changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._rules: tuple[AnyRule, ...] = ()
        self._is_for_quantizer = False
        self._names: tuple[str, ...] = ()
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(0, 3)
        self._grid.setColumnStretch(1, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(self._grid)
        self.add = button(tr("Add rule"), "", self.on_add_clicked)
        column.addWidget(self.add, 0, Qt.AlignmentFlag.AlignLeft)

    def show_rules(
        self, rules: Sequence[AnyRule], matched: Sequence[int | None], is_for_quantizer: bool = False
    ) -> None:
        """Show rules.

        Args:
            rules: Of the kind that the flow takes.
            matched: The nodes that each decided in the last run, None where that is not known.
            is_for_quantizer: Whether a new one is for a PT2E quantizer.
        """
        self._rules, self._is_for_quantizer = tuple(rules), is_for_quantizer
        empty(self._grid)
        for row, rule in enumerate(rules):
            count = matched[row] if row < len(matched) else None
            self._add_row(row, rule, count)

    def _add_row(self, row: int, rule: AnyRule, count: int | None) -> None:
        matches = _MATCHES.get(rule.kind)  # a module path needs no word before it
        what = label(breakable(tr(matches, target=rule.target) if matches else rule.target), wraps=True)
        sets = label(re.sub(_HUMP, "\u200b", words_of(rule)), "muted", wraps=True)
        nodes = label("" if count is None else trn(count, "{count} node", "{count} nodes"), "muted")
        if count == 0:
            for faulty in (what, nodes):
                faulty.setProperty("role", "error")
                restyle(faulty)
            what.setToolTip(tr("This rule matches no module. The findings suggest the nearest name."))
        remove = button("×", "link", partial(self.on_remove_clicked, row))
        named = (
            tr("Remove the rule for {target}", target=rule.target)
            if rule.target
            else tr("Remove the rule for all modules")
        )
        remove.setAccessibleName(named)
        cells: tuple[QWidget, ...] = (what, sets, nodes, remove)
        for place, cell in enumerate(cells):
            self._grid.addWidget(cell, row, place, Qt.AlignmentFlag.AlignTop)

    def suggest(self, names: tuple[str, ...]) -> None:
        """Take module paths and types that the dialog completes."""
        self._names = names

    def on_add_clicked(self) -> None:
        """Ask for a rule."""
        self.ask("")

    def ask(self, path: str) -> None:
        """Ask for a rule; it begins with one for the module of a path, if that is given."""
        dialog = RuleDialog(self, self._names, self._is_for_quantizer, path)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self.rules_changed.emit((*self._rules, dialog.rule()))

    def on_remove_clicked(self, row: int) -> None:
        """Take a rule out."""
        self.rules_changed.emit(tuple(each for place, each in enumerate(self._rules) if place != row))


def words_of(rule: AnyRule) -> str:
    """Return what a rule sets, in a few words."""
    return _words_of_quantizer(rule) if isinstance(rule, QuantizerRule) else _words_of_qconfig(rule.qconfig)


def _words_of_quantizer(rule: QuantizerRule) -> str:
    if not rule.enabled:
        return tr(IN_FLOAT)
    found = [] if rule.per_channel is None else [tr(PER_CHANNEL if rule.per_channel else PER_TENSOR)]
    found += [tr("Dynamic")] if rule.dynamic else []
    found += [rule.observer.name.removesuffix("Observer")] if rule.observer is not None else []
    return every(found)


def _words_of_qconfig(qconfig: QConfig | None) -> str:
    if qconfig is None:
        return tr(IN_FLOAT)
    if qconfig.name is not None:
        return qconfig.name.removeprefix("default_").removesuffix("_qconfig")
    activation, weight = (each.name.removesuffix("Observer") if each else "" for each in _observers(qconfig))
    if activation and weight:
        return tr("activation {activation}, weight {weight}", activation=activation, weight=weight)
    if activation:
        return tr("activation {activation}", activation=activation)
    return tr("weight {weight}", weight=weight) if weight else ""


def _observers(qconfig: QConfig) -> tuple[Factory | None, Factory | None]:
    return qconfig.activation, qconfig.weight


class RuleDialog(QDialog):
    """Asks what a rule matches and what it sets.

    Args:
        parent: The window.
        names: Module paths and types that it completes.
        is_for_quantizer: Whether the rule is for a PT2E quantizer.
        path: The module that it begins with.
    """

    def __init__(self, parent: QWidget, names: tuple[str, ...], is_for_quantizer: bool = False, path: str = "") -> None:
        super().__init__(parent)
        self._is_for_quantizer = is_for_quantizer
        self.setWindowTitle(tr("Add rule"))
        form = QFormLayout(self)
        self._kind, self._qconfig = Choice(), Choice()
        for kind, title in (QUANTIZER_KINDS if is_for_quantizer else KINDS).items():
            self._kind.addItem(tr(title), kind)
        if path:
            self._kind.setCurrentIndex(self._kind.findData("module_name"))
        self._target = QLineEdit(path)
        self._target.setMinimumWidth(260)
        examples = "layer1.0.conv1, torch.nn.Linear, aten.add" if is_for_quantizer else _EXAMPLES
        self._target.setPlaceholderText(tr("For example {names}", names=examples))
        completer = QCompleter(names, self._target)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self._target.setCompleter(completer)
        self._qconfig.addItem(tr(FLOAT), "")
        if is_for_quantizer:
            self._qconfig.addItem(tr(PER_CHANNEL), PER_CHANNEL)
            self._qconfig.addItem(tr(PER_TENSOR), PER_TENSOR)
        else:
            self._qconfig.setEditable(True)
            for name in QCONFIGS:
                self._qconfig.addItem(name, name)
            self._qconfig.setToolTip(tr("The name of a torch qconfig, or mod:callable that returns one"))
        form.addRow(tr("Match by"), self._kind)
        form.addRow(tr("Name"), self._target)
        form.addRow(tr("Then"), self._qconfig)
        buttons = answers(tr("Add rule"))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self._ok = buttons.buttons()[0]
        form.addRow(buttons)
        self._kind.currentIndexChanged.connect(self._check)
        self._target.textChanged.connect(self._check)
        self._check()

    def _check(self) -> None:
        is_global = self._kind.currentData() == "global"
        self._target.setEnabled(not is_global)
        self._ok.setEnabled(is_global or bool(self._target.text().strip()))

    def rule(self) -> AnyRule:
        """Return the rule that was asked for."""
        kind = self._kind.currentData()
        if self._is_for_quantizer:
            setting, target = self._qconfig.currentData(), self._target.text().strip()
            return QuantizerRule(kind, target, bool(setting), setting == PER_CHANNEL if setting else None)
        text = self._qconfig.currentText().strip()
        known = self._qconfig.findText(text)
        name = self._qconfig.itemData(known) if known >= 0 else text
        target = "" if kind == "global" else self._target.text().strip()
        return Rule(kind, target, QConfig(name=name) if name else None)

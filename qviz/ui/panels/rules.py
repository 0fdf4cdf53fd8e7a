"""Shows the rules of a configuration with the nodes each matched, and makes new ones."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

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

from qviz.document.configuration import Factory, QConfig, Rule, RuleKind
from qviz.ui.panels.choice import Choice
from qviz.ui.panels.widgets import answers, button, empty, label, restyle
from qviz.words import mark, tr, trn

KINDS: dict[RuleKind, str] = {
    "object_type": mark("Type"),
    "module_name": mark("Module path"),
    "module_name_regex": mark("Path pattern"),
    "global": mark("All modules"),
}
"""What the dialog offers; a plan's file can say the order of a type inside a module, too."""
_MATCHES: dict[str, str] = {
    "object_type": mark("Type {target}"),
    "module_name": mark("Module {target}"),
    "module_name_regex": mark("Modules like {target}"),
    "global": mark("All modules"),
}
FLOAT = mark("Leave in float")
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


class Rules(QWidget):
    """One row a rule: what it matches, what it sets, how many nodes it decided.

    Signals:
        rules_changed: The rules (a tuple of `Rule`) after the user added or removed one.
    """

    rules_changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._rules: tuple[Rule, ...] = ()
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

    def show_rules(self, rules: tuple[Rule, ...], matched: Sequence[int | None]) -> None:
        """Show rules; `matched` holds the nodes each decided in the last run, None where that is not known."""
        self._rules = rules
        empty(self._grid)
        for row, rule in enumerate(rules):
            count = matched[row] if row < len(matched) else None
            self._add_row(row, rule, count)

    def _add_row(self, row: int, rule: Rule, count: int | None) -> None:
        what = label(tr(_MATCHES.get(rule.kind, "{target}"), target=rule.target), wraps=True)
        sets = label(words_of(rule.qconfig), "muted", wraps=True)
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
        dialog = RuleDialog(self, self._names)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self.rules_changed.emit((*self._rules, dialog.rule()))

    def on_remove_clicked(self, row: int) -> None:
        """Take a rule out."""
        self.rules_changed.emit(tuple(each for place, each in enumerate(self._rules) if place != row))


def words_of(qconfig: QConfig | None) -> str:
    """Return what a rule sets, in a few words."""
    if qconfig is None:
        return tr(FLOAT)
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
    """Asks what a rule matches and what it sets."""

    def __init__(self, parent: QWidget, names: tuple[str, ...]) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Add rule"))
        form = QFormLayout(self)
        self._kind, self._qconfig = Choice(), Choice()
        for kind, title in KINDS.items():
            self._kind.addItem(tr(title), kind)
        self._target = QLineEdit()
        self._target.setMinimumWidth(260)
        self._target.setPlaceholderText(tr("torch.nn.Linear, layer1.0.conv1, layer[12].*"))
        completer = QCompleter(names, self._target)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self._target.setCompleter(completer)
        self._qconfig.setEditable(True)
        self._qconfig.addItem(tr(FLOAT), "")
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

    def rule(self) -> Rule:
        """Return the rule that was asked for."""
        kind: RuleKind = self._kind.currentData()
        text = self._qconfig.currentText().strip()
        known = self._qconfig.findText(text)
        name = self._qconfig.itemData(known) if known >= 0 else text
        target = "" if kind == "global" else self._target.text().strip()
        return Rule(kind, target, QConfig(name=name) if name else None)

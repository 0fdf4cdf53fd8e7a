"""All options of a plan as a form: the names that torch gives them, and what each does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QGridLayout,
    QLineEdit,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from qviz.document.flows import OPTIONS, Flow, flow
from qviz.document.plan import Plan
from qviz.sources.input_text import split_texts
from qviz.ui.panels.choice import Choice
from qviz.ui.panels.plan_fields import GROUPS, FormRow
from qviz.ui.panels.tick import Tick
from qviz.ui.panels.widgets import button, indent, label, section
from qviz.words import mark, tr, trn

_MOST = 2**31 - 1
_MAYBE = ((mark("default"), None), (mark("yes"), True), (mark("no"), False))


class PlanForm(QScrollArea):
    """A field for each option that the plan's flow takes.

    Signals:
        text_requested: The user wants to edit as text what the form has no field for.

    Attributes:
        fields: The editors, by the option's field.
    """

    text_requested = Signal()

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self._plan = plan
        self._readers: dict[str, Callable[[], Any]] = {}
        self.fields: dict[str, QWidget] = {}
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(2, 2, 14, 8)
        column.setSpacing(6)
        for title, rows in GROUPS:
            taken = [row for row in rows if _is_taken(row.field.partition(".")[0], flow(plan.flow))]
            if taken:
                column.addWidget(section(tr(title)))
                column.addLayout(self._grid(taken))
                column.addSpacing(10)
        column.addStretch(1)
        self.setWidget(page)

    def plan(self) -> Plan:
        """Return the plan that the fields say."""
        flat: dict[str, Any] = {}
        nested: dict[str, dict[str, Any]] = {}
        for name, read in self._readers.items():
            outer, _, inner = name.partition(".")
            if inner:
                nested.setdefault(outer, {})[inner] = read()
            else:
                flat[outer] = read()
        flat |= {outer: replace(getattr(self._plan, outer), **values) for outer, values in nested.items()}
        return replace(self._plan, **flat)

    def _grid(self, rows: list[FormRow]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(5)
        grid.setColumnMinimumWidth(0, 190)
        grid.setColumnMinimumWidth(1, 220)
        grid.setColumnStretch(2, 1)
        for place, row in enumerate(rows):
            field = self.fields[row.field] = self._field(row)
            field.setAccessibleName(row.title)
            field.setProperty("topic", row.title)  # F1 explains it
            grid.addWidget(label(row.title), place, 0)
            grid.addWidget(field, place, 1)
            grid.addWidget(label(tr(row.about), "muted", wraps=True), place, 2)
        return grid

    def _field(self, row: FormRow) -> QWidget:
        value: Any = self._plan
        for part in row.field.split("."):
            value = getattr(value, part)
        match row.sort:
            case "toml":
                return button(_counted(value), "link", self.text_requested.emit)
            case "flag":
                made: QWidget
                made, read = _flag(value)
            case "number" | "decimal":
                made, read = _number(row, value)
            case "maybe" | "choice" | "open":
                made, read = _choice(row, value)
            case _:
                made, read = _line(row, value)
        self._readers[row.field] = read
        return made


def _is_taken(field: str, chosen: Flow | None) -> bool:
    return field not in OPTIONS or (chosen is not None and chosen.takes(field))


def _counted(value: Any) -> str:
    fields = [getattr(value, name) for name in getattr(value, "__struct_fields__", ())]
    many = len(value) if isinstance(value, tuple) else sum(map(bool, fields))
    return trn(many, "{count} entry, edit as TOML", "{count} entries, edit as TOML") if many else tr("Edit as TOML")


def _flag(value: bool) -> tuple[QWidget, Callable[[], Any]]:
    made = Tick()
    made.setChecked(value)
    return made, made.isChecked


def _number(row: FormRow, value: float | None) -> tuple[QWidget, Callable[[], Any]]:
    """Return a field for a number; its least stands for none, where there may be none."""
    none = tr(row.choices[0]) if row.choices else ""
    if row.sort == "number":
        whole = QSpinBox()
        indent(whole)
        whole.setRange(0, _MOST)
        whole.setSpecialValueText(none)
        whole.setValue(int(value or 0))
        return whole, lambda: (whole.value() or None) if value is None or row.field == "batch_limit" else whole.value()
    decimal = QDoubleSpinBox()
    indent(decimal)
    decimal.setRange(0.0, 1e9)
    decimal.setDecimals(3)
    decimal.setSpecialValueText(none)
    decimal.setValue(float(value or 0.0))
    return decimal, lambda: (decimal.value() or None) if row.choices else decimal.value()


def _choice(row: FormRow, value: str | bool | None) -> tuple[QWidget, Callable[[], Any]]:
    made = Choice()
    if row.sort == "maybe":
        for title, data in _MAYBE:
            made.addItem(tr(title), data)
        made.setCurrentIndex(next(place for place, (_, data) in enumerate(_MAYBE) if data is value))
        return made, made.currentData
    for name in row.choices:
        made.addItem(name, name)
    if row.sort == "choice":
        made.setCurrentIndex(max(0, made.findData(value)))
        return made, made.currentData
    made.setEditable(True)
    made.setCurrentText(str(value or ""))
    return made, lambda: made.currentText().strip() or (None if value is None else value)


def _line(row: FormRow, value: Any) -> tuple[QWidget, Callable[[], Any]]:
    made = QLineEdit()
    if row.sort == "names":
        made.setText(" ".join(value))
        return made, lambda: split_texts(made.text())
    if row.sort == "lists":
        made.setText("; ".join(", ".join(each) for each in value or ()))
        return made, lambda: _lists(made.text())
    made.setText(value or "")
    empty = value if value == "" else None
    return made, lambda: made.text().strip() or empty


def _lists(text: str) -> tuple[tuple[str, ...], ...] | None:
    """Return lists of names; none where nothing is written."""
    lists = (tuple(name.strip() for name in part.split(",") if name.strip()) for part in text.split(";"))
    return tuple(each for each in lists if each) or None

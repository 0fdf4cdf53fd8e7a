"""A parameter of a callable as a row: its annotation, a field for the value, and what is wrong with it."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from qviz.sources.candidates import Parameter
from qviz.ui.panels.widgets import breakable, label, mono
from qviz.words import tr

_NAME_WIDTH = 130
_STARS = {"star": "*", "double star": "**"}


class ParameterRow(QWidget):
    """A parameter with its annotation, a field, and what is wrong with the value."""

    def __init__(self, parameter: Parameter) -> None:
        super().__init__()
        self.parameter = parameter
        shown = _STARS.get(parameter.kind, "") + parameter.name
        names = QVBoxLayout()
        names.setSpacing(1)
        name = label(breakable(shown), "pane", wraps=True)
        names.addWidget(name)
        if about := _needs(parameter):
            names.addWidget(label(breakable(about), "muted", wraps=True))
        names.addStretch(1)
        left = QWidget()
        left.setLayout(names)
        left.setFixedWidth(_NAME_WIDTH)
        names.setContentsMargins(0, 3, 8, 0)
        self.field = QLineEdit()
        self.field.setFont(mono())
        self.field.setPlaceholderText(_placeholder(parameter))
        self.field.setAccessibleName(_spoken(parameter, shown))
        self.fault = label("", "error", wraps=True)
        self.fault.hide()
        values = QVBoxLayout()
        values.setSpacing(3)
        values.addWidget(self.field)
        values.addWidget(self.fault)
        values.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(left)
        row.addLayout(values, 1)

    def tell(self, fault: str) -> None:
        """Say what is wrong with the value; empty where nothing is."""
        self.fault.setText(fault)
        self.fault.setVisible(bool(fault))
        self.field.setAccessibleDescription(fault)


def _placeholder(parameter: Parameter) -> str:
    if parameter.kind in _STARS:
        return "1, 2" if parameter.kind == "star" else "name=1, other='text'"
    return parameter.default if parameter.default is not None else tr("required")


def _needs(parameter: Parameter) -> str:
    if not parameter.is_required:
        return parameter.annotation
    return tr("{type}, required", type=parameter.annotation) if parameter.annotation else tr("required")


def _spoken(parameter: Parameter, name: str) -> str:
    known = {"name": name, "type": parameter.annotation or tr("any value")}
    return tr("{name}, {type}, required", **known) if parameter.is_required else tr("{name}, {type}, optional", **known)

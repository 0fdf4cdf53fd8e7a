"""Asks which model of a file is meant, and with which arguments; writes the source line of the answer."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from qviz.sources.call import ArgumentsError, source_line
from qviz.sources.candidates import Candidate, Offer, Parameter
from qviz.ui.panels.widgets import breakable, button, empty, label, line, mono, section
from qviz.words import mark, tr

_LIST_WIDTH = 250
_NAME_WIDTH = 190
_KINDS = {
    "class": mark("Class at line {line}"),
    "instance": mark("Instance at line {line}"),
    "function": mark("Function at line {line}"),
}
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


class SourceForm(QDialog):
    """The candidates of a file, and a row for each parameter of the one that is chosen.

    Signals:
        source_chosen: A source line that can run.
    """

    source_chosen = Signal(str)

    def __init__(self, parent: QWidget, offer: Offer) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Choose a model") if len(offer.candidates) > 1 else tr("Set the arguments"))
        self.resize(800 if len(offer.candidates) > 1 else 560, 470)
        self._offer = offer
        self.rows: list[ParameterRow] = []
        self.names = self._make_names()
        self._form = QVBoxLayout()
        self._form.setSpacing(12)
        self.preview = label("", "muted", wraps=True)
        self.preview.setFont(mono())
        parts = QHBoxLayout(self)
        parts.setContentsMargins(0, 0, 0, 0)
        parts.setSpacing(0)
        parts.addWidget(self._make_left())
        parts.addLayout(self._make_right(), 1)
        self.names.currentRowChanged.connect(self.on_names_current_row_changed)
        self.names.itemActivated.connect(self.accept)
        self.names.setCurrentRow(0)

    def _make_names(self) -> QListWidget:
        names = QListWidget()
        names.setAccessibleName(tr("Models in the file"))
        names.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        names.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for each in self._offer.candidates:
            item = QListWidgetItem(each.name)
            item.setToolTip(f"{each.name}: {_about(each)}")
            item.setFont(_weighty(mono(), each.is_likely))
            names.addItem(item)
        return names

    def _make_left(self) -> QFrame:
        left = QFrame()
        left.setProperty("role", "sunken")
        left.setFixedWidth(_LIST_WIDTH)
        column = QVBoxLayout(left)
        column.setContentsMargins(12, 20, 12, 18)
        column.setSpacing(8)
        column.addWidget(section(tr("Models in the file")))
        column.addWidget(self.names, 1)
        left.setVisible(len(self._offer.candidates) > 1)
        return left

    def _make_right(self) -> QVBoxLayout:
        right = QVBoxLayout()
        right.setContentsMargins(22, 20, 22, 18)
        right.setSpacing(8)
        inner = QWidget()
        inner.setLayout(self._form)
        self._form.setContentsMargins(0, 4, 10, 4)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        self._title, self._kind = label("", "title", wraps=True), label("", "muted", wraps=True)
        right.addWidget(self._title)
        right.addWidget(self._kind)
        right.addWidget(scroll, 1)
        right.addWidget(line())
        right.addWidget(section(tr("Source")))
        right.addWidget(self.preview)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(button(tr("Cancel"), "", self.reject))
        self.run = button(tr("Run"), "primary", self.accept)
        self.run.setDefault(True)
        buttons.addWidget(self.run)
        right.addLayout(buttons)
        return right

    @property
    def chosen(self) -> Candidate:
        """What the form is for."""
        return self._offer.candidates[max(self.names.currentRow(), 0)]

    def on_names_current_row_changed(self) -> None:
        """Show the parameters of another candidate."""
        chosen = self.chosen
        self._title.setText(breakable(chosen.name))
        self._kind.setText(_about(chosen))
        empty(self._form)
        self.rows = [ParameterRow(each) for each in chosen.parameters]
        for row in self.rows:
            self._form.addWidget(row)
            row.field.textChanged.connect(self.on_field_text_changed)
        if not self.rows:
            self._form.addWidget(label(tr("This model takes no arguments."), "muted"))
        self._form.addStretch(1)
        self._show_preview()

    def on_field_text_changed(self) -> None:
        """Take back what was said of the values before."""
        for row in self.rows:
            if row.field is self.sender():
                row.tell("")
        self._show_preview()

    def _line(self) -> str:
        values = {row.parameter.name: row.field.text() for row in self.rows}
        return source_line(self._offer.place, self.chosen, values)

    def _show_preview(self) -> None:
        try:
            self.preview.setText(breakable(self._line()))
        except ArgumentsError:
            self.preview.setText(breakable(f"{self._offer.place}:{self.chosen.name}(…)"))

    def accept(self) -> None:
        """Close with a source line, or say in each row what is wrong and go to the first."""
        try:
            source = self._line()
        except ArgumentsError as error:
            for row in self.rows:
                row.tell(error.faults.get(row.parameter.name, ""))
            next(row for row in self.rows if row.parameter.name in error.faults).field.setFocus()
            return
        super().accept()
        self.source_chosen.emit(source)


def _about(candidate: Candidate) -> str:
    about = tr(_KINDS[candidate.kind], line=candidate.line)
    return about if candidate.is_likely else tr("{about}; may not return a model", about=about)


def _weighty(font: QFont, is_weighty: bool) -> QFont:
    font.setBold(is_weighty)
    return font

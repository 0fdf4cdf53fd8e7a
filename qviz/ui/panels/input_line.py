"""One argument of a model as a row of fields: shape, dtype, values, and where a guess comes from."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QBoxLayout,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from qviz.session.input_rows import DTYPES, InputRow, sides_of
from qviz.sources.input_text import DATA_FILES, DrawnTensor, LiteralInput
from qviz.ui.panels.choice import Choice
from qviz.ui.panels.segments import Segments
from qviz.ui.panels.tick import Tick
from qviz.ui.panels.widgets import breakable, button, file_filter, label, mono, restyle
from qviz.words import mark, tr

STRETCH = (4, 6, 4, 10)
"""Of the columns: argument, shape, dtype, values."""
_VALUES = (("normal", mark("Normal")), ("uniform", mark("Uniform")), ("zeros", mark("Zeros")), ("file", mark("File")))
_ENDS = {"normal": (mark("mean"), mark("std")), "uniform": (mark("from"), mark("to"))}
_USUAL = {"normal": ("0", "1"), "uniform": ("0", "1")}
_OFF = mark(
    "Left out: forward uses its default {default}. Turn it on if the model is called with it, since a graph keeps "
    "only the branch that runs."
)


class InputLine(QFrame):
    """Edits one `InputRow`.

    Attributes:
        row: As it is now.

    Signals:
        edited: The row after the user changed something.
    """

    edited = Signal(object)

    def __init__(self, row: InputRow) -> None:
        super().__init__()
        self.row, self._is_filling, self._tensor = row, False, DrawnTensor((1,))
        self._wants_file = False
        whole = QHBoxLayout(self)
        whole.setContentsMargins(12, 10, 12, 10)
        whole.setSpacing(10)
        parts = (self._make_name(), self._make_shape(), self._make_dtype(), self._make_values())
        self._fields: list[QWidget] = []
        for stretch, part in zip(STRETCH, parts, strict=True):
            field = QWidget()
            part.setContentsMargins(0, 0, 0, 0)
            field.setLayout(part)
            field.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            whole.addWidget(field, stretch)
            self._fields.append(field)
        self._off = label("", "small", wraps=True)
        whole.addWidget(self._off, sum(STRETCH[1:]))
        self.show_row(row)

    def _make_name(self) -> QBoxLayout:
        column = _column()
        head = QHBoxLayout()
        head.setSpacing(6)
        self.switch = Tick()
        self.switch.setAccessibleName(tr("Give {name}", name=self.row.name))
        self.switch.clicked.connect(lambda is_on: self._take(self.row.switched(is_on)))
        head.addWidget(self.switch)
        head.addWidget(label(breakable(self.row.name), "strong", wraps=True), 1)
        self._optional = label(tr("optional"), "small")
        self._used = label("", "small", wraps=True)
        column.addLayout(head)
        column.addWidget(self._optional)
        column.addWidget(self._used)
        column.addStretch(1)
        return column

    def _make_shape(self) -> QBoxLayout:
        column = _column()
        self.shape = QLineEdit()
        self.shape.setFont(mono())
        self.shape.setPlaceholderText(tr("shape"))
        self.shape.setAccessibleName(tr("Shape of {name}", name=self.row.name))
        self.shape.textEdited.connect(self.on_shape_edited)
        self.literal = QLineEdit()
        self.literal.setFont(mono())
        self.literal.setAccessibleName(tr("Value of {name}", name=self.row.name))
        self.literal.textEdited.connect(lambda text: self._take(self.row.with_text(f"={text}")))
        self._reasons = label("", "guess", wraps=True)
        self._fault = label("", "fault", wraps=True)
        for each in (self.shape, self.literal, self._reasons, self._fault):
            column.addWidget(each)
        column.addStretch(1)
        return column

    def _make_dtype(self) -> QBoxLayout:
        column = _column()
        self.dtype = Choice()
        self.dtype.setAccessibleName(tr("Dtype of {name}", name=self.row.name))
        for name in DTYPES:
            self.dtype.addItem(name)
        self.dtype.setMinimumContentsLength(6)
        self.dtype.textActivated.connect(lambda name: self._take(self.row.with_dtype(name)))
        column.addWidget(self.dtype)
        column.addStretch(1)
        return column

    def _make_values(self) -> QBoxLayout:
        column = _column()
        self.values = Segments(
            [(value, tr(title)) for value, title in _VALUES], tr("Values of {name}", name=self.row.name)
        )
        self.values.picked.connect(self.on_values_picked)
        column.addWidget(self.values)
        self._ends = QWidget()
        ends = QHBoxLayout(self._ends)
        ends.setContentsMargins(0, 0, 0, 0)
        self._titles = (label("", "small"), label("", "small"))
        self.ends = (QLineEdit(), QLineEdit())
        for title, field in zip(self._titles, self.ends, strict=True):
            field.textEdited.connect(self.on_ends_edited)
            ends.addWidget(title)
            ends.addWidget(field, 1)
        column.addWidget(self._ends)
        self._source = QWidget()
        source = QHBoxLayout(self._source)
        source.setContentsMargins(0, 0, 0, 0)
        self.source = QLineEdit()
        self.source.setPlaceholderText(tr("file.npz or mod:callable"))
        self.source.setAccessibleName(tr("File of {name}", name=self.row.name))
        self.source.textEdited.connect(lambda text: self._take(self.row.with_text(text.strip())))
        source.addWidget(self.source, 1)
        source.addWidget(button(tr("Browse…"), "", self.on_browse_clicked))
        column.addWidget(self._source)
        column.addStretch(1)
        return column

    def show_row(self, row: InputRow) -> None:
        """Show a row; emits no signal."""
        self.row, self._is_filling, form = row, True, row.form
        is_told, is_on = not row.is_touched and bool(row.text), row.is_on
        is_literal = isinstance(form, LiteralInput) or row.text.startswith("=")
        if isinstance(form, DrawnTensor):
            self._tensor, self._wants_file = form, False
        is_tensor = not is_literal and not self._wants_file and (form is None or isinstance(form, DrawnTensor))
        is_file = not is_literal and not is_tensor
        self.switch.setVisible(row.is_optional)
        self.switch.setChecked(is_on)
        self._optional.setVisible(row.is_optional)
        used = ": ".join(each for each in (row.guess.layer_path, row.guess.layer) if each)
        self._used.setText(breakable(tr("used by {layer}", layer=used)) if used else "")
        self._used.setVisible(bool(used) and is_on)
        self._off.setText("" if is_on else tr(_OFF, default=row.guess.default))
        self._off.setVisible(not is_on)
        for field in self._fields[1:]:
            field.setVisible(is_on)
        self.shape.setVisible(is_on and is_tensor)
        self.literal.setVisible(is_on and is_literal)
        self.dtype.setVisible(is_on and is_tensor)
        self.values.setVisible(is_on and not is_literal)
        self._source.setVisible(is_on and is_file)
        self._show_reasons(is_told and is_on and not is_file)
        self._show_texts(form, is_tensor, is_literal)
        self._is_filling = False

    def _show_reasons(self, is_told: bool) -> None:
        """Say where shape and values come from, and mark what is guessed of them."""
        is_guess = is_told and not self.row.guess.is_known
        told = " ".join(each.text for each in self.row.guess.reasons)
        self._reasons.setText(breakable(told))
        self._reasons.setVisible(is_told and bool(told))
        self._reasons.setProperty("role", "guess" if is_guess else "small")
        restyle(self._reasons)
        self._fault.setText(self.row.fault)
        self._fault.setVisible(bool(self.row.fault))
        for field in (self.shape, self.literal):
            field.setProperty("guess", is_guess)
            field.setProperty("fault", bool(self.row.fault))
            restyle(field)

    def _show_texts(self, form: object, is_tensor: bool, is_literal: bool) -> None:
        values, ends = "file", ("", "")
        if is_tensor:
            if isinstance(form, DrawnTensor):
                values, ends = form.values, (form.first, form.second)
                _fill(self.shape, " × ".join(map(str, form.sides)), sides_of(self.shape.text()) != form.sides)
                self.dtype.setCurrentText(form.dtype)
            elif not self.row.text:
                _fill(self.shape, "", not self.shape.hasFocus())
                values = "normal"
        elif is_literal:
            _fill(self.literal, self.row.text.removeprefix("="))
        else:
            _fill(self.source, self.row.text)
        is_whole = isinstance(form, DrawnTensor) and form.is_of_integers
        self.values.offer("normal", not is_whole)
        self.values.show_value(values)
        self._ends.setVisible(self.row.is_on and is_tensor and values in _ENDS)
        for title, field, text, usual, name in zip(
            self._titles, self.ends, ends, _USUAL.get(values, ("", "")), _ENDS.get(values, ("", "")), strict=True
        ):
            title.setText(tr(name) if name else "")
            field.setAccessibleName(f"{self.row.name}: {tr(name)}" if name else "")
            field.setPlaceholderText(usual)
            _fill(field, text)

    def _take(self, row: InputRow) -> None:
        if not self._is_filling:
            self.show_row(row)
            self.edited.emit(row)

    def on_shape_edited(self, text: str) -> None:
        """Take a shape; what is none is told below."""
        sides = sides_of(text)
        if sides is None:
            self._take(self.row.with_text(text.strip()))
        else:
            drawn = self._tensor._replace(sides=sides)
            self._take(self.row.with_text(drawn.text))

    def on_ends_edited(self) -> None:
        """Take other values."""
        first, second = (field.text().strip() for field in self.ends)
        usual = _USUAL.get(self.values.value, ("", ""))
        given = (first or usual[0], second or usual[1]) if first or second else ("", "")
        self._take(self.row.with_values(self.values.value, *given))

    def on_values_picked(self, values: str) -> None:
        """Draw other values, or read them from a file."""
        self._wants_file = values == "file"
        if self._wants_file:
            self._take(self.row.with_text(""))
            self.source.setFocus()
            return
        row = self.row if isinstance(self.row.form, DrawnTensor) else self.row.with_text(self._tensor.text)
        self._take(row.with_values(values))

    def on_browse_clicked(self) -> None:
        """Ask for a file of tensors."""
        path, _ = QFileDialog.getOpenFileName(self, tr("Tensors"), "", file_filter(tr("Tensors"), *DATA_FILES))
        if path:
            self._take(self.row.with_text(path))


def _fill(field: QLineEdit, text: str, is_other: bool = True) -> None:
    """Set a text where it is another one: the cursor stays where the user types."""
    if is_other and field.text().strip() != text:
        field.setText(text)


def _column() -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(4)
    return column


def heads() -> QFrame:
    """Return the heads of the columns."""
    made = QFrame()
    made.setProperty("role", "sheethead")
    row = QHBoxLayout(made)
    row.setContentsMargins(12, 5, 12, 5)
    row.setSpacing(10)
    for stretch, title in zip(STRETCH, (tr("Argument"), tr("Shape"), tr("Dtype"), tr("Values")), strict=True):
        row.addWidget(label(title, "small", wraps=True), stretch)
    return made

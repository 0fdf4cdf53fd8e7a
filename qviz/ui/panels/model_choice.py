"""Which model of a file is meant: those it offers, with what each takes, and the arguments of the chosen one."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QRadioButton, QVBoxLayout, QWidget

from qviz.sources.call import ArgumentsError, source_line
from qviz.sources.candidates import Parameter
from qviz.sources.model_list import ListedModel, ModelList
from qviz.ui.panels.parameter_row import ParameterRow
from qviz.ui.panels.widgets import empty, label, line, mono, restyle, section
from qviz.words import mark, tr, trn
from qviz.words.formats import listed

_MANY = 4
"""From so many models on there is a field to filter them."""
_KINDS = {
    "class": mark("nn.Module · line {line}"),
    "instance": mark("instance · line {line}"),
    "function": mark("function · line {line}"),
}


class ModelRow(QFrame):
    """One model of the file.

    Signals:
        picked: The user chose it.
    """

    picked = Signal()

    def __init__(self, model: ListedModel) -> None:
        super().__init__()
        self.model = model
        self.setProperty("role", "model")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        made = model.candidate
        row = QHBoxLayout(self)
        row.setContentsMargins(9, 8, 10, 8)
        row.setSpacing(9)
        self.radio = QRadioButton()
        self.radio.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.radio.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        row.addWidget(self.radio, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(3)
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(label(made.name, "strong"))
        head.addWidget(label(tr(_KINDS[made.kind], line=made.line), "small"))
        head.addStretch(1)
        column.addLayout(head)
        call = label(_signature(model), wraps=True)
        call.setFont(mono())
        call.setVisible(bool(call.text()))
        column.addWidget(call)
        about = _about(model)
        column.addWidget(label(about, "small", wraps=True))
        row.addLayout(column, 1)
        self.setAccessibleName(tr("{name}: {about}", name=made.name, about=about))

    def show_chosen(self, is_chosen: bool) -> None:
        """Show whether it is the one."""
        self.radio.setChecked(is_chosen)
        self.setProperty("role", "modelchosen" if is_chosen else "model")
        self.setAccessibleDescription(tr("chosen") if is_chosen else "")
        restyle(self)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Take a click."""
        if self.rect().contains(event.position().toPoint()):
            self.picked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take Space or Enter for a click; arrows go to the next one."""
        keys = Qt.Key
        if event.key() in (keys.Key_Space, keys.Key_Return, keys.Key_Enter):
            self.picked.emit()
        elif event.key() in (keys.Key_Down, keys.Key_Up):
            self.focusNextPrevChild(event.key() == keys.Key_Down)
        else:
            super().keyPressEvent(event)


def _signature(model: ListedModel) -> str:
    made = model.candidate
    if made.kind == "function":
        arrow = f" → {model.makes}" if model.makes else ""
        return f"{made.name}({_written(made.parameters)}){arrow}"
    return f"forward({_written(model.forward)})" if model.forward is not None else ""


def _written(parameters: tuple[Parameter, ...]) -> str:
    stars = {"star": "*", "double star": "**"}
    names = (stars.get(each.kind, "") + each.name for each in parameters)
    defaults = ("" if each.default is None else f"={each.default}" for each in parameters)
    return ", ".join(name + default for name, default in zip(names, defaults, strict=True))


def _about(model: ListedModel) -> str:
    made, parts = model.candidate, []
    if model.part_of:
        parts.append(tr("Part of {name}", name=model.part_of))
    needed = [each.name for each in made.parameters if each.is_required]
    if needed:
        parts.append(tr("needs {names}", names=listed(needed)) if parts else tr("Needs {names}", names=listed(needed)))
    elif made.kind != "instance" and not made.parameters:
        parts.append(tr("builds without arguments") if parts else tr("Builds without arguments"))
    elif made.kind != "instance":
        count = len(made.parameters)
        parts.append(trn(count, "{count} argument with a default", "{count} arguments, all with defaults"))
    if not made.is_likely:
        parts.append(tr("may not return a model"))
    return "; ".join(parts)


class ModelChoice(QWidget):
    """The models of a file.

    Signals:
        source_changed: The source line that is chosen now.

    Attributes:
        filter: Narrows the list.
        models: A row for each model.
        arguments: A row for each parameter of the chosen one.
    """

    source_changed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(tr("Filter by name"))
        self.filter.setAccessibleName(tr("Filter the models by name"))
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self.on_filter_text_changed)
        column.addWidget(self.filter)
        self._sheet = QFrame()
        self._sheet.setProperty("role", "sheet")
        self._rows = QVBoxLayout(self._sheet)
        self._rows.setContentsMargins(1, 1, 1, 1)
        self._rows.setSpacing(0)
        column.addWidget(self._sheet)
        self._head = section(tr("Arguments"))
        column.addWidget(self._head)
        self._arguments = QVBoxLayout()
        self._arguments.setSpacing(8)
        column.addLayout(self._arguments)
        self.models: list[ModelRow] = []
        self.arguments: list[ParameterRow] = []
        self._list: ModelList | None = None
        self.chosen = -1

    @property
    def model(self) -> ListedModel | None:
        """The model that is chosen."""
        return self._list.models[self.chosen] if self._list is not None and self.chosen >= 0 else None

    def show_list(self, found: ModelList | None) -> None:
        """Show the models of a file, and the one that is chosen; emits no signal."""
        self._list = found
        self.filter.setText("")
        self.filter.setVisible(found is not None and len(found.models) >= _MANY)
        self._sheet.setVisible(found is not None)
        empty(self._rows)
        self.models = []
        for place, model in enumerate(found.models if found is not None else ()):
            row = ModelRow(model)
            row.picked.connect(lambda place=place: self.choose(place))
            if place:
                self._rows.addWidget(line())
            self._rows.addWidget(row)
            self.models.append(row)
        self.chosen = found.chosen if found is not None else -1
        self._show_chosen()

    def choose(self, place: int) -> None:
        """Choose another model."""
        self.chosen = place
        self._show_chosen()
        self.source_changed.emit(self.source())

    def _show_chosen(self) -> None:
        for place, row in enumerate(self.models):
            row.show_chosen(place == self.chosen)
        empty(self._arguments)
        model = self.model
        parameters = model.candidate.parameters if model is not None else ()
        is_named = self._list is not None and bool(self._list.arguments) and self.chosen == self._list.chosen
        self.arguments = [] if is_named else [ParameterRow(each) for each in parameters]
        for argument in self.arguments:
            self._arguments.addWidget(argument)
            argument.field.textChanged.connect(self.on_field_text_changed)
        self._head.setVisible(bool(self.arguments))

    def source(self) -> str:
        """Return the source line that is chosen; without arguments where one is missing or wrong."""
        try:
            return self._line()
        except ArgumentsError:
            assert self._list is not None
            assert self.model is not None
            return f"{self._list.place}:{self.model.candidate.name}"

    def _line(self) -> str:
        if self._list is None or self.model is None:
            return ""
        if self._list.arguments and self.chosen == self._list.chosen:
            return f"{self._list.place}:{self.model.candidate.name}({self._list.arguments})"
        values = {row.parameter.name: row.field.text() for row in self.arguments}
        return source_line(self._list.place, self.model.candidate, values)

    def complain(self) -> bool:
        """Say at each argument what is wrong with it, and go to the first; return whether anything is."""
        try:
            self._line()
        except ArgumentsError as error:
            for row in self.arguments:
                row.tell(error.faults.get(row.parameter.name, ""))
            next(row for row in self.arguments if row.parameter.name in error.faults).field.setFocus()
            return True
        return False

    def on_field_text_changed(self) -> None:
        """Take back what was said of the value before."""
        for row in self.arguments:
            if row.field is self.sender():
                row.tell("")
        self.source_changed.emit(self.source())

    def on_filter_text_changed(self, text: str) -> None:
        """Show the models whose names have the text in them."""
        wanted = text.strip().casefold()
        for row in self.models:
            row.setVisible(wanted in row.model.candidate.name.casefold())

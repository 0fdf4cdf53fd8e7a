"""Every choice about qviz itself, taken at once: the looks, the language, the programs it starts, what it remembers."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QDoubleSpinBox, QFormLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from qviz.ui.panels.choice import Choice
from qviz.ui.panels.tick import Tick
from qviz.ui.panels.widgets import button, indent, label, passing
from qviz.ui.settings import LESS_MOTION, NO_RESTORE, OPEN_CASTS, Settings, is_editor_command
from qviz.words import mark, tr, trn
from qviz.words.language import LANGUAGES
from qviz.words.visible import one_line

THEMES = {"system": mark("Same as the system"), "light": mark("Light"), "dark": mark("Dark")}
TEXT_SIZES = tuple(range(90, 170, 10))
"""Percent."""
_EDITOR = mark("code -g {file}:{line}")
_TIPS = {
    "language": mark("Takes effect when qviz starts again."),
    "less_motion": mark("Move boxes and zoom without animation."),
    "bottom": mark("Open the bottom panel when a run has findings."),
    "open_casts": mark("Draw quantize and dequantize in their rows instead of gathering them in seams."),
    "runs": mark("Runs and what the window shows come back at the next start. Turn it off to write nothing."),
    "editor": mark("A command with {file} and {line}. Empty: $VISUAL, $EDITOR, or an installed editor."),
    "python": mark("The interpreter whose torch runs your model."),
    "engine": mark("The command that starts the engine on another machine, which then holds models and data."),
    "memory": mark("A run stops when its engine takes more, with all processes that it starts."),
    "network": mark("Which code of a run may use the network. Only Linux can keep code off it."),
    "trust": mark("Code that runs without a question as long as its files stay the same, because you allowed it."),
}
NETWORKS = {"": mark("Only code that you named"), "1": mark("All code"), "0": mark("No code")}
_MOST_GIB = 4096.0
_WIDTH = 300


class SettingsForm(QDialog):
    """A row for each choice.

    Args:
        parent: The window.
        settings: What is chosen now; takes what concerns no one else at once.

    Signals:
        theme_chosen: ``system``, ``light`` or ``dark``.
        text_size_chosen: Percent.
        turned: The name of a choice that was turned on or off, such as `LESS_MOTION`.
        forget_requested: The user wants no kept run any longer.
        python_requested: The user wants another interpreter for the engine.
        engine_requested: The user wants the engine on another machine, or on this one again.
        limits_chosen: Engines may take more or less from now on.
    """

    theme_chosen = Signal(str)
    text_size_chosen = Signal(int)
    turned = Signal(str)
    forget_requested = Signal()
    python_requested = Signal()
    engine_requested = Signal()
    limits_chosen = Signal()

    def __init__(self, parent: QWidget, settings: Settings) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Settings"))
        self._settings = settings
        self.theme = _choice(THEMES.items(), settings.theme)
        self.text_size = _choice(((each, mark("{percent} %")) for each in TEXT_SIZES), settings.text_size)
        languages = ((name, each.title) for name, each in LANGUAGES.items())
        self.language = _choice((("", mark("Default")), *languages), settings.language)
        self.less_motion = _check(tr("Reduce motion"), settings.is_on(LESS_MOTION))
        self.bottom = _check(tr("Open for new findings"), settings.is_open("bottom"))
        self.open_casts = _check(tr("Always open casts"), settings.is_on(OPEN_CASTS))
        self.runs = _check(tr("Keep for the next start"), not settings.is_on(NO_RESTORE))
        self.editor = QLineEdit(settings.editor)
        self.editor.setPlaceholderText(tr(_EDITOR, file="{file}", line="{line}"))
        self.python, self.engine, self.trust = label(""), label(""), label("")
        self.memory, self.network = _gibibytes(settings.memory), _choice(NETWORKS.items(), settings.network)
        self.note = label("", "muted", wraps=True)
        self._lay_out()
        self.show_chosen()
        self.theme.activated.connect(lambda: self.theme_chosen.emit(self.theme.currentData()))
        self.text_size.activated.connect(lambda: self.text_size_chosen.emit(self.text_size.currentData()))
        self.language.activated.connect(self.on_language_activated)
        self.less_motion.toggled.connect(partial(self._turn, LESS_MOTION))
        self.open_casts.toggled.connect(partial(self._turn, OPEN_CASTS))
        self.bottom.toggled.connect(self.on_bottom_toggled)
        self.runs.toggled.connect(self.on_runs_toggled)
        self.editor.editingFinished.connect(self.on_editor_edited)
        self.memory.valueChanged.connect(self.on_limits_edited)
        self.network.activated.connect(self.on_limits_edited)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setVerticalSpacing(7)
        form.setHorizontalSpacing(18)
        rows: tuple[tuple[str, QWidget, str], ...] = (
            (tr("Theme"), self.theme, ""),
            (tr("Text size"), self.text_size, ""),
            (tr("Language"), self.language, "language"),
            (tr("Motion"), self.less_motion, "less_motion"),
            (tr("Bottom panel"), self.bottom, "bottom"),
            (tr("Seams"), self.open_casts, "open_casts"),
            (tr("Editor"), self.editor, "editor"),
        )
        for title, field, tip in rows:
            self._add(form, title, field, tip)
        forget_runs = button(tr("Forget all…"), "", self.forget_requested.emit)
        forget_runs.setAccessibleName(tr("Forget all runs"))
        self._add(form, tr("Runs"), _beside(self.runs, forget_runs), "runs")
        choose = button(tr("Choose…"), "", self.python_requested.emit)
        choose.setAccessibleName(tr("Choose the Python of the engine"))
        self._add(form, tr("Python of the engine"), _beside(self.python, choose), "python")
        elsewhere = button(tr("Choose…"), "", self.engine_requested.emit)
        elsewhere.setAccessibleName(tr("Choose the machine of the engine"))
        self._add(form, tr("Machine of the engine"), _beside(self.engine, elsewhere), "engine")
        self._add(form, tr("Memory of the engine"), self.memory, "memory")
        self._add(form, tr("Network"), self.network, "network")
        listed = button(tr("Show…"), "", self.on_list_clicked)
        listed.setAccessibleName(tr("Show the code that is allowed to run"))
        self._add(form, tr("Allowed code"), _beside(self.trust, listed), "trust")
        close = button(tr("Close"), "primary", self.accept)
        close.setDefault(True)
        foot = QHBoxLayout()
        foot.addWidget(self.note, 1)
        foot.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(14)
        column.addLayout(form)
        column.addStretch(1)
        column.addLayout(foot)

    def _add(self, form: QFormLayout, title: str, field: QWidget, tip: str) -> None:
        if field.layout() is None:  # what stands beside each other takes the room that it needs
            field.setMinimumWidth(_WIDTH)
        field.setAccessibleName(title)
        if tip:
            field.setToolTip(tr(_TIPS[tip], file="{file}", line="{line}"))
        form.addRow(label(title, "muted"), field)

    def show_chosen(self) -> None:
        """Show what others chose meanwhile: the interpreter, and what may run."""
        self.python.setText(self._settings.python or tr("The Python of qviz"))
        self.engine.setText(one_line(self._settings.engine) or tr("This machine"))
        is_here = not self._settings.engine  # limits do not reach another machine
        self.memory.setEnabled(is_here and sys.platform != "win32")
        self.network.setEnabled(is_here)
        count = len(self._settings.consent.kept.book.grants)
        self.trust.setText(trn(count, "{count} answer", "{count} answers") if count else tr("none"))

    def _turn(self, choice: str, is_on: bool) -> None:
        self._settings.turn(choice, is_on)
        self.turned.emit(choice)

    def on_runs_toggled(self, is_on: bool) -> None:
        """Remember whether runs are kept."""
        self._settings.turn(NO_RESTORE, not is_on)
        self.note.setText(tr("Start qviz again for this."))

    def on_bottom_toggled(self, is_on: bool) -> None:
        """Remember whether findings open the tabs."""
        self._settings.set_open("bottom", is_on)
        self.turned.emit("bottom")

    def on_language_activated(self) -> None:
        """Remember the language, which the next start uses."""
        self._settings.language = self.language.currentData()
        self.note.setText(tr("Start qviz again to use this language."))

    def on_editor_edited(self) -> None:
        """Remember the command, if it names the file."""
        command = self.editor.text().strip()
        is_complete = not command or is_editor_command(command)
        if is_complete:
            self._settings.editor = command
        self.note.setText("" if is_complete else tr("The editor command needs {file}.", file="{file}"))

    def on_limits_edited(self) -> None:
        """Remember what engines may take."""
        self._settings.memory = f"{self.memory.value():g}" if self.memory.value() else ""
        self._settings.network = self.network.currentData()
        self.limits_chosen.emit()
        self.note.setText(tr("This holds from the next run on."))

    def on_list_clicked(self) -> None:
        """List what was allowed, to be taken back."""
        from qviz.ui.panels.allowed_code import AllowedCode

        listed = passing(AllowedCode(self, self._settings.consent))
        listed.finished.connect(self.show_chosen)
        listed.open()


def _choice(rows: Iterable[tuple[str | int, str]], now: str | int) -> Choice:
    made = Choice()
    for value, title in rows:
        made.addItem(tr(title, percent=value), value)
    made.setCurrentIndex(max(0, made.findData(now)))
    return made


def _gibibytes(now: str) -> QDoubleSpinBox:
    made = QDoubleSpinBox()
    indent(made)
    made.setRange(0.0, _MOST_GIB)
    made.setDecimals(1)
    made.setKeyboardTracking(False)
    made.setSpecialValueText(tr("80 % of the machine's"))
    made.setSuffix("\u202f" + tr("GiB"))
    made.setValue(float(now or 0))
    return made


def _check(title: str, is_on: bool) -> Tick:
    made = Tick(title)
    made.setChecked(is_on)
    return made


def _beside(known: QWidget, act: QWidget) -> QWidget:
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(known, 1)
    row.addWidget(act)
    return made

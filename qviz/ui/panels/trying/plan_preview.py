"""The plan of a choice as TOML or Python, and what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from qviz.analysis.trying.configuration import python_of, toml_of
from qviz.session.tried_choice import TriedChoice
from qviz.ui.panels.code import GraphCode
from qviz.ui.panels.widgets import button, join_segments, label
from qviz.ui.theme import Theme
from qviz.words import tr


class PlanPreview(QWidget):
    """A text, the switch between its two forms, and three buttons.

    Signals:
        used: The choice is to go into the configuration.
        copied: Python for the clipboard.
        save_requested: TOML that is to be saved.
    """

    used = Signal()
    copied = Signal(str)
    save_requested = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._toml = self._python = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(0)
        head.addWidget(label(tr("Configuration"), "part"))
        head.addStretch(1)
        self._forms = QButtonGroup(self)
        for place, title in enumerate((tr("TOML"), tr("Python"))):
            made = button(title, "segment")
            made.setCheckable(True)
            made.setChecked(not place)
            self._forms.addButton(made, place)
            head.addWidget(made)
        join_segments(self._forms.buttons())
        self._forms.idClicked.connect(lambda _form: self._show())
        column.addLayout(head)
        self.text = GraphCode(theme)
        self.text.setAccessibleName(tr("Configuration"))
        self.text.setTabChangesFocus(True)
        self.text.setMinimumHeight(96)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        column.addWidget(self.text, 1)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        self.use = button(tr("Use in configuration"), "primary", self.used.emit)
        self.copy = button(tr("Copy as Python"), "", lambda: self.copied.emit(self._python))
        self.save = button(tr("Save as TOML…"), "", lambda: self.save_requested.emit(self._toml))
        foot.addWidget(self.use)
        foot.addStretch(1)
        foot.addWidget(self.copy)
        foot.addWidget(self.save)
        column.addLayout(foot)

    def show_choice(self, choice: TriedChoice, theme: Theme) -> None:
        """Show the plan of a choice: the Python of its run, where there is one."""
        if theme is not self._theme:
            self._theme = theme
            self.text.set_theme(theme)
        run = choice.measured_as
        self._toml = toml_of(choice.plan_before, choice.plan_after)
        self._python = run.python if run is not None and run.python else python_of(choice.plan_after)
        is_used = choice.plan_after == choice.plan
        self.use.setEnabled(not is_used)
        self.use.setText(tr("In the configuration") if is_used else tr("Use in configuration"))
        self.use.setToolTip(tr("Use this choice in the next run. The result on screen stays."))
        self._show()

    def _show(self) -> None:
        text = self._python if self._forms.checkedId() else self._toml
        if text != self.text.toPlainText():
            at = self.text.verticalScrollBar().value()
            self.text.show_text(text)
            self.text.verticalScrollBar().setValue(at)

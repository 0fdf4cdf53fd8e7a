"""Which weights a model has: those it was built with, or those of a file."""

from __future__ import annotations

from msgspec.structs import replace
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from qviz.document.plan import Plan
from qviz.sources.input_text import DATA_FILES
from qviz.ui.panels.segments import Segments
from qviz.ui.panels.widgets import button, file_filter, label, section
from qviz.words import tr


class WeightsChoice(QWidget):
    """Edits the weights of a plan.

    Signals:
        plan_changed: The `Plan` after an edit.
    """

    plan_changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._plan, self._wants_file = Plan(), False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(section(tr("Weights")))
        row = QHBoxLayout()
        self.origin = Segments((("built", tr("As built")), ("file", tr("From a file"))), tr("Weights"))
        self.origin.picked.connect(self.on_origin_picked)
        row.addWidget(self.origin)
        row.addStretch(1)
        column.addLayout(row)
        self._file = QWidget()
        fields = QHBoxLayout(self._file)
        fields.setContentsMargins(0, 0, 0, 0)
        self.path = QLineEdit()
        self.path.setAccessibleName(tr("File of weights"))
        self.path.setPlaceholderText(tr("weights.pt"))
        self.path.textEdited.connect(self.on_path_edited)
        fields.addWidget(self.path, 1)
        fields.addWidget(button(tr("Browse…"), "", self.on_browse_clicked))
        column.addWidget(self._file)
        self._note = label(tr("Random weights show the graph. To judge SQNR, load trained ones."), "small", wraps=True)
        column.addWidget(self._note)

    def show_plan(self, plan: Plan) -> None:
        """Show the weights of a plan; emits no signal."""
        self._plan = plan
        has_file = self._wants_file or plan.weights is not None
        self.origin.show_value("file" if has_file else "built")
        self._file.setVisible(has_file)
        self._note.setVisible(not has_file)
        if self.path.text().strip() != (plan.weights or ""):
            self.path.setText(plan.weights or "")

    def on_origin_picked(self, origin: str) -> None:
        """Take the weights of a file, which is named next, or those of the model again."""
        self._wants_file = origin == "file"
        if self._wants_file:
            self.show_plan(self._plan)
            self.path.setFocus()
        else:
            self.plan_changed.emit(replace(self._plan, weights=None))
            self.show_plan(replace(self._plan, weights=None))

    def on_path_edited(self, text: str) -> None:
        """Take the file that was named."""
        self.plan_changed.emit(replace(self._plan, weights=text.strip() or None))

    def on_browse_clicked(self) -> None:
        """Ask for a file of weights."""
        path, _ = QFileDialog.getOpenFileName(self, tr("Weights"), "", file_filter(tr("Weights"), *DATA_FILES))
        if path:
            self.plan_changed.emit(replace(self._plan, weights=path))

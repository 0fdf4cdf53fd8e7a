"""The whole plan as text to edit: every option, as its file holds it."""

from __future__ import annotations

from pathlib import Path

import msgspec
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFileDialog, QPlainTextEdit, QVBoxLayout, QWidget

from qviz.document.plan import Plan
from qviz.document.plan_file import SUFFIX, load, read, save, write
from qviz.errors import QvizError
from qviz.ui.panels.widgets import answers, explained, file_filter, label, mono
from qviz.words import mark, tr

_ABOUT = mark("Every option of the run. An option that is left out has its default; docs/configuration.md lists all.")


class PlanDialog(QDialog):
    """Edits a plan as TOML; what is wrong is said below the text."""

    def __init__(self, parent: QWidget, plan: Plan) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("All options"))
        self.resize(640, 560)
        self.plan = plan
        column = QVBoxLayout(self)
        column.addWidget(label(tr(_ABOUT), "muted", wraps=True))
        self.text = QPlainTextEdit(write(plan))
        self.text.setFont(mono())
        self.text.setAccessibleName(tr("Options as TOML"))
        column.addWidget(self.text, 1)
        self.fault = label("", "error", wraps=True)
        column.addWidget(self.fault)
        buttons = answers(tr("Apply"))
        role = QDialogButtonBox.ButtonRole.ActionRole
        buttons.addButton(tr("Open…"), role).clicked.connect(self.on_open_clicked)
        buttons.addButton(tr("Save as…"), role).clicked.connect(self.on_save_clicked)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)

    def _read(self) -> Plan | None:
        """Return the plan that the text holds; None, and the reason below, if it holds none."""
        try:
            plan = read(self.text.toPlainText())
        except QvizError as error:
            self.fault.setText(explained(error))
            return None
        self.fault.setText("")
        return plan

    def accept(self) -> None:
        """Close only with a plan that can be read."""
        plan = self._read()
        if plan is not None:
            self.plan = plan
            super().accept()

    def on_open_clicked(self) -> None:
        """Take the text of a file."""
        path, _ = QFileDialog.getOpenFileName(self, tr("Open configuration"), "", _filter())
        if path:
            self.open_file(Path(path))

    def open_file(self, path: Path) -> None:
        """Show a file's plan; one without a source keeps the source at hand."""
        try:
            plan = load(path)
        except QvizError as error:
            self.fault.setText(explained(error))
            return
        self.fault.setText("")
        self.text.setPlainText(write(plan if plan.source else msgspec.structs.replace(plan, source=self.plan.source)))

    def on_save_clicked(self) -> None:
        """Write what the text says to a file."""
        plan = self._read()
        if plan is None:
            return
        path, _ = QFileDialog.getSaveFileName(self, tr("Save configuration"), "plan.toml", _filter())
        if not path:
            return
        try:
            save(plan, path if path.endswith(SUFFIX) else f"{path}{SUFFIX}")
        except QvizError as error:
            self.fault.setText(explained(error))


def _filter() -> str:
    return file_filter(tr("Plans"), SUFFIX)

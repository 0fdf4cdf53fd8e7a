"""The whole plan to edit: as a form, or as the text that its file holds."""

from __future__ import annotations

from pathlib import Path

import msgspec
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QPlainTextEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from qviz.document.plan import Plan
from qviz.document.plan_file import SUFFIX, load, read, save, write
from qviz.errors import QvizError
from qviz.ui.panels.plan_form import PlanForm
from qviz.ui.panels.widgets import answers, button, explained, file_filter, join_segments, label, mono
from qviz.words import mark, tr

_ABOUT = mark("The options of this flow, as torch calls them. F1 explains the one in use.")
_TEXT = 1


class PlanDialog(QDialog):
    """Edits a plan in a form or as TOML; what is wrong is said below.

    Attributes:
        plan: What was applied.
        form: The form, made anew from the text when it is turned to.
        text: The text, made anew from the form when it is turned to.
    """

    def __init__(self, parent: QWidget, plan: Plan) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Options"))
        self.resize(860, 600)
        self.plan = plan
        column = QVBoxLayout(self)
        row = QHBoxLayout()
        row.setSpacing(0)
        group = QButtonGroup(self)
        for place, title in enumerate((tr("Form"), "TOML")):
            made = button(title, "segment")
            made.setCheckable(True)
            made.setChecked(not place)
            group.addButton(made, place)
            row.addWidget(made)
        row.addSpacing(12)
        row.addWidget(label(tr(_ABOUT), "muted", wraps=True), 1)
        column.addLayout(row)
        self._segments = group
        join_segments(group.buttons())
        group.idClicked.connect(self.turn_to)
        self.form = self._make_form(plan)
        self.text = QPlainTextEdit(write(plan))
        self.text.setFont(mono())
        self.text.setAccessibleName(tr("Options as TOML"))
        self._pages = QStackedWidget()
        self._pages.addWidget(self.form)
        self._pages.addWidget(self.text)
        column.addWidget(self._pages, 1)
        self.fault = label("", "error", wraps=True)
        column.addWidget(self.fault)
        buttons = answers(tr("Apply"))
        role = QDialogButtonBox.ButtonRole.ActionRole
        buttons.addButton(tr("Open…"), role).clicked.connect(self.on_open_clicked)
        buttons.addButton(tr("Save as…"), role).clicked.connect(self.on_save_clicked)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)

    def _make_form(self, plan: Plan) -> PlanForm:
        made = PlanForm(plan)
        made.text_requested.connect(lambda: self.turn_to(_TEXT))
        return made

    def turn_to(self, page: int) -> None:
        """Show the form (0) or the text (1), which says what the other says; wrong text keeps its page."""
        if page != self._pages.currentIndex():
            plan = self._read()
            if plan is None:
                page = _TEXT
            elif page == _TEXT:
                self.text.setPlainText(write(plan))
            else:
                self._show_form(plan)
        self._pages.setCurrentIndex(page)
        for place, each in enumerate(self._segments.buttons()):
            each.setChecked(place == page)

    def _show_form(self, plan: Plan) -> None:
        before, self.form = self.form, self._make_form(plan)
        self._pages.insertWidget(0, self.form)
        self._pages.removeWidget(before)
        before.deleteLater()

    def _read(self) -> Plan | None:
        """Return the plan that the page holds; None, and the reason below, if the text holds none."""
        if self._pages.currentWidget() is self.form:
            return self.form.plan()
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
        plan = plan if plan.source else msgspec.structs.replace(plan, source=self.plan.source)
        self.text.setPlainText(write(plan))
        self._show_form(plan)

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

"""The call of a model as code, and what came of trying it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from qviz.document.model_call import TriedCall
from qviz.ui.clipboard import copy_text
from qviz.ui.panels.widgets import breakable, button, label, mono, section
from qviz.words import mark, tr, trn
from qviz.words.formats import listed

_NOT_YET = mark("Try the call to see what comes out of it. It runs in a separate process.")
_STALE = mark("The inputs changed since the call was tried.")
_MOST_UNREACHED = 3


class CallSheet(QWidget):
    """Code at the left, the dry run at the right.

    Signals:
        try_requested: The call is to be tried.
    """

    try_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._text = ""
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        left, self._code_sheet = self._half(tr("The call"), tr("Copy"), self.on_copy_clicked, "code")
        self.code = label("")
        self.code.setFont(mono())
        self.code.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.code.setAccessibleName(tr("The call as Python"))
        self.code.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._code_sheet.addWidget(self.code)
        self._code_sheet.addStretch(1)
        right, dry = self._half(tr("Dry run"), tr("Try the call"), self.try_requested.emit, "sheet")
        self.verdict, self.about = label("", "strong", wraps=True), label("", "", wraps=True)
        self.more = label("", "small", wraps=True)
        for each in (self.verdict, self.about, self.more):
            each.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            dry.addWidget(each)
        dry.addStretch(1)
        row.addWidget(left, 5)
        row.addWidget(right, 4)
        self._has_tried = False
        self.show_nothing()

    def _half(self, title: str, action: str, act: object, role: str) -> tuple[QWidget, QVBoxLayout]:
        half = QWidget()
        column = QVBoxLayout(half)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        head = QHBoxLayout()
        head.addWidget(section(title))
        head.addStretch(1)
        head.addWidget(button(action, "link", act))  # type: ignore[arg-type] # a function
        column.addLayout(head)
        sheet = QFrame()
        sheet.setProperty("role", role)
        inner = QVBoxLayout(sheet)
        inner.setContentsMargins(12, 9, 12, 9)
        inner.setSpacing(4)
        column.addWidget(sheet, 1)
        return half, inner

    def show_code(self, text: str) -> None:
        """Show the call; "" where there is no code for it."""
        self._text = text
        self.code.setText(text or tr("The file holds the whole model."))

    def show_nothing(self) -> None:
        """Say that nothing was tried yet."""
        self._has_tried = False
        self._show("", "", tr(_NOT_YET))

    def show_stale(self) -> None:
        """Say that what was tried is no longer what is shown."""
        if self._has_tried:
            self._has_tried = False
            self._show("", "", tr(_STALE))

    def show_working(self, told: str) -> None:
        """Say what the engine is doing."""
        self._show("", "", told)

    def show_tried(self, tried: TriedCall) -> None:
        """Show what came of a call that works."""
        self._has_tried = True
        operators = trn(tried.operators, "Ran {count} operator of torch.", "Ran {count} operators of torch.")
        left = tried.unreached
        if left:
            shown = listed(left, _MOST_UNREACHED)
            unreached = trn(
                len(left), "{count} module was not reached: {names}.", "{count} modules were not reached: {names}.",
                names=shown,
            )  # fmt: skip
            operators = f"{operators}\n{unreached}"
        about = tr("Returns {outputs}", outputs=listed(tried.outputs))
        self._show(tr("✓ The call works"), about, operators, "good")

    def show_fault(self, message: str, hint: str) -> None:
        """Show why there is no call."""
        self._has_tried = True
        self._show(tr("✗ The call does not work"), message, hint, "error")

    def _show(self, verdict: str, about: str, more: str, role: str = "strong") -> None:
        self.verdict.setText(verdict)
        self.verdict.setProperty("role", role)
        self.verdict.style().unpolish(self.verdict)
        self.verdict.style().polish(self.verdict)
        self.about.setText(breakable(about))
        self.more.setText(breakable(more))
        for each in (self.verdict, self.about, self.more):
            each.setVisible(bool(each.text()))

    def on_copy_clicked(self) -> None:
        """Put the call on the clipboard."""
        copy_text(self._text)

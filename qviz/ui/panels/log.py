"""Shows what engines and models printed, and tracebacks."""

from __future__ import annotations

from PySide6.QtWidgets import QPlainTextEdit

from qviz.ui.panels.widgets import mono
from qviz.words import tr
from qviz.words.visible import visible

MOST_BLOCKS = 5000


class Log(QPlainTextEdit):
    """Grows at the end; forgets its beginning."""

    def __init__(self) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setProperty("role", "text")
        self.setFont(mono())
        self.setMaximumBlockCount(MOST_BLOCKS)
        self.setAccessibleName(tr("Log"))

    def add(self, text: str) -> None:
        """Put text at the end."""
        if text.strip():
            self.appendPlainText(visible(text.rstrip()))

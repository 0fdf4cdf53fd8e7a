"""A banner above the panes for what the user can act on; it never blocks."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout

from qviz.ui.panels.widgets import button, label, restyle
from qviz.words import tr


class Notice(QFrame):
    """What happened, what to do, and a button that does it; one at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "notice")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 9, 10, 9)
        words = QVBoxLayout()
        words.setSpacing(3)
        self.message = label("", "pane", wraps=True)
        self.hint = label("", "muted", wraps=True)
        words.addWidget(self.message)
        words.addWidget(self.hint)
        row.addLayout(words, 1)
        self._actions = QHBoxLayout()
        row.addLayout(self._actions)
        row.addWidget(button(tr("Dismiss"), "", self.hide))
        self._buttons: list[QPushButton] = []
        self.hide()

    def tell(
        self,
        level: str,
        message: str,
        hint: str = "",
        actions: tuple[tuple[str, Callable[[], object]], ...] = (),
    ) -> None:
        """Show a notice in place of the one before; `actions` are titles and what they do."""
        for each in self._buttons:
            each.deleteLater()
        self._buttons = []
        for title, act in actions:
            made = button(title, "primary", act)
            made.clicked.connect(self.hide)
            self._buttons.append(made)
            self._actions.addWidget(made)
        self.setProperty("level", level)
        restyle(self)
        self.message.setText(message)
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))
        from qviz.words import names

        said = tr("{level}: {message} {hint}", level=names.level(level), message=message, hint=hint)
        self.setAccessibleName(said)
        self.show()

"""A choice among few that are all in sight, side by side."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QWidget

from qviz.ui.panels.widgets import button, join_segments


class Segments(QWidget):
    """Buttons of which one is down.

    Args:
        choices: The value and the title of each.
        name: What is chosen, for screen readers.

    Attributes:
        buttons: By value.

    Signals:
        picked: The value that the user chose.
    """

    picked = Signal(str)

    def __init__(self, choices: Sequence[tuple[str, str]], name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self.buttons: dict[str, QAbstractButton] = {}
        group = QButtonGroup(self)
        for value, title in choices:
            made = self.buttons[value] = button(title, "segment")
            made.setCheckable(True)
            made.setAccessibleName(f"{name}: {title}")
            group.addButton(made)
            row.addWidget(made, 1)
        join_segments([*self.buttons.values()])
        group.buttonClicked.connect(self.on_button_clicked)

    @property
    def value(self) -> str:
        """What is chosen; "" for nothing."""
        return next((value for value, each in self.buttons.items() if each.isChecked()), "")

    def show_value(self, value: str) -> None:
        """Show what is chosen; emits no signal."""
        for each, made in self.buttons.items():
            made.setChecked(each == value)

    def offer(self, value: str, is_offered: bool) -> None:
        """Let one be chosen, or hide it."""
        self.buttons[value].setVisible(is_offered)
        join_segments([*self.buttons.values()])

    def on_button_clicked(self) -> None:
        """Tell what was chosen."""
        self.picked.emit(self.value)

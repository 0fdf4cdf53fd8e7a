"""Chooses what is laid over the graph: one overlay at a time."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QPushButton

from qviz.ui.panels.widgets import button
from qviz.words import mark, tr

ROLES, CHANGES = "roles", "changes"
_SEGMENTS = ((ROLES, mark("Roles"), "1"), (CHANGES, mark("Changes"), "3"))
"""Name, title and key of each, from the left."""


class OverlaySwitch(QFrame):
    """A segment for each overlay.

    Signals:
        chosen: The name of the one that the user chose.
    """

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._group = QButtonGroup(self)
        self.segments: dict[str, QPushButton] = {}
        for name, title, key in _SEGMENTS:
            made = self.segments[name] = button(tr(title), "segment", partial(self.chosen.emit, name))
            made.setCheckable(True)
            made.setToolTip(tr("{command} ({keys})", command=tr(title), keys=key))
            self._group.addButton(made)
            row.addWidget(made)
        self.show_overlay(ROLES)

    def show_overlay(self, name: str) -> None:
        """Show which one is laid over the graph."""
        self.segments[name].setChecked(True)

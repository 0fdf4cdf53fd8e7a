"""Chooses what is laid over the graph: one overlay at a time."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QPushButton

from qviz.session.laid_over import OverlayChoice
from qviz.ui.panels.widgets import button, join_segments
from qviz.words import mark, tr

_SEGMENTS = (
    (OverlayChoice.ROLES, mark("Roles"), "1"),
    (OverlayChoice.NUMBERS, mark("Numbers"), "2"),
    (OverlayChoice.CHANGES, mark("Changes"), "3"),
)
"""Title and key of each, from the left."""


class OverlaySwitch(QFrame):
    """A segment for each overlay.

    Signals:
        chosen: The `OverlayChoice` of the user.
    """

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._group = QButtonGroup(self)
        self.segments: dict[OverlayChoice, QPushButton] = {}
        for name, title, key in _SEGMENTS:
            made = self.segments[name] = button(tr(title), "segment", partial(self.chosen.emit, name))
            made.setCheckable(True)
            made.setToolTip(tr("{command} ({keys})", command=tr(title), keys=key))
            self._group.addButton(made)
            row.addWidget(made)
        join_segments([*self.segments.values()])
        self.show_overlay(OverlayChoice.ROLES)

    def offer(self, name: OverlayChoice, is_offered: bool) -> None:
        """Let one be chosen, or hide it."""
        self.segments[name].setVisible(is_offered)
        join_segments([*self.segments.values()])

    def show_overlay(self, name: OverlayChoice) -> None:
        """Show which one is laid over the graph."""
        self.segments[name].setChecked(True)

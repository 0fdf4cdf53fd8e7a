"""The bar at the top: what is open, the few great commands, the search."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QToolButton

from qviz.document.plan import Plan, flow
from qviz.session.commands import COMMANDS
from qviz.ui.actions import Actions
from qviz.ui.panels.pieces import button, label
from qviz.ui.panels.search import Search

_SUBTITLE = "See what quantization did to your model"
_SEARCH_WIDTH = 300


class TopBar(QFrame):
    """The whole width of the window."""

    def __init__(self, actions: Actions) -> None:
        super().__init__()
        self.setProperty("role", "bar")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 7, 12, 7)
        row.setSpacing(9)
        row.addWidget(label("qviz", "brand"))
        self._about = label(_SUBTITLE, "muted")
        row.addWidget(self._about)
        self._open = _tool(actions["open"])
        self._run = button("▶ Run flow", "primary", actions["run"].trigger)
        self._run.setToolTip(actions["run"].toolTip())
        self._export = _tool(actions["export"])
        self._python = _tool(actions["copy_python"])
        self._python.setToolTip("Copy a script that does the same without qviz")
        self._tools = (self._open, self._run, self._export, self._python)
        for each in self._tools:
            row.addWidget(each)
        row.addStretch(1)
        self.search = Search(self)
        self.search.setFixedWidth(_SEARCH_WIDTH)
        row.addWidget(self.search)
        self._palette = button("Search commands   Ctrl K", "field", actions["palette"].trigger)
        self._palette.setFixedWidth(_SEARCH_WIDTH)
        row.addWidget(self._palette)
        row.addWidget(_menu_button(actions))
        self.show_plan(None)

    def show_plan(self, plan: Plan | None) -> None:
        """Name what is open; without a plan only what the welcome page needs is shown."""
        for each in (*self._tools, self.search):
            each.setVisible(plan is not None)
        self._palette.setVisible(plan is None)
        if plan is None:
            self._about.setText(_SUBTITLE)
            return
        chosen = flow(plan.flow or "")
        parts = [plan.source.replace("\\", "/").rsplit("/", 1)[-1]]
        if chosen is not None:
            parts += [chosen.title, plan.backend if chosen.id.startswith("fx") else plan.quantizer]
        self._about.setText("  ›  ".join(parts))
        self._about.setToolTip(plan.source)

    def enable_run(self, is_possible: bool) -> None:
        """Enable Run while no run is at work."""
        self._run.setEnabled(is_possible)


def _tool(action: QAction) -> QToolButton:
    made = QToolButton()
    made.setDefaultAction(action)
    made.setText(action.text())  # Qt leaves the dots out
    made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return made


def _menu_button(actions: Actions) -> QToolButton:
    made = QToolButton()
    made.setText("☰")
    made.setToolTip("All commands")
    made.setAccessibleName("All commands")
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    made.setStyleSheet("QToolButton::menu-indicator { image: none; }")
    menu = QMenu(made)
    group = ""
    for command in COMMANDS:
        if group and command.group != group:
            menu.addSeparator()
        group = command.group
        menu.addAction(actions[command.id])
    made.setMenu(menu)
    return made

"""The bar at the bottom: the run, the engine, the keys."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QStatusBar

from qviz.ui.panels.widgets import label
from qviz.words import mark, tr
from qviz.words.untrusted import plain_tip

if TYPE_CHECKING:
    from qviz.document.said import Said
    from qviz.session.project import Project
    from qviz.wire.messages import EngineReady

_HIGH = 24
_KEYS = mark("? Keys")
_STARTING = mark("Engine: starting torch…")


_THERE = mark("{engine} on {host}")
_RUNNING, _IDLE = mark("Engine: torch {version}, running"), mark("Engine: torch {version}, idle")


class StatusBar(QStatusBar):
    """Says what is going on."""

    def __init__(self) -> None:
        super().__init__()
        self._torch: str | None = None
        self._is_running = self._is_asking = False
        self._host = ""
        self._state, self._took, self._engine = label(tr("Ready")), label(), label(tr(_STARTING))
        self._output, self._watched = label(), label()
        self._keys = label(tr(_KEYS))
        for each in (self._state, self._took, self._watched, self._output, self._engine):
            self.addWidget(each)
        self.addPermanentWidget(self._keys)
        self.setSizeGripEnabled(False)

    def fit(self, text_scale: float) -> None:
        """Grow with the text."""
        self.setFixedHeight(round(_HIGH * text_scale))

    def show_asking(self, is_asking: bool) -> None:
        """Say whether a model is being built or called, which no run does."""
        self._is_asking = is_asking
        self._show_state()

    def show_welcome(self) -> None:
        """Say what holds on the welcome page."""
        self._show(None, is_running=False)

    def show_project(self, project: Project | None, is_running: bool, watched: str | None = None) -> None:
        """Say what holds on the desk, also which file runs again whenever it is saved."""
        self._show(project, is_running, watched)

    def _show(self, project: Project | None, is_running: bool, watched: str | None = None) -> None:
        from qviz.words.formats import number

        self._is_running = is_running
        seconds = project.seconds if project else None
        self._took.setText(
            tr("Run took {seconds} s", seconds=number(max(seconds, 0.1), 3)) if seconds is not None else ""
        )
        self._took.setVisible(seconds is not None)
        self._watched.setText(tr("Watches {file}", file=os.path.basename(watched)) if watched is not None else "")
        self._watched.setVisible(watched is not None)
        self._show_output(project)
        self._show_state()

    def _show_state(self) -> None:
        """Say what is at work."""
        idle = tr("Trying the model") if self._is_asking else tr("Ready")
        self._state.setText(tr("Running") if self._is_running else idle)
        if self._torch is not None:
            is_busy = self._is_running or self._is_asking
            engine = tr(_RUNNING if is_busy else _IDLE, version=self._torch)
            self._engine.setText(tr(_THERE, engine=engine, host=self._host) if self._host else engine)
        self._tell_cut()

    def _tell_cut(self) -> None:
        """Let tooltips say what a narrow window cuts."""
        for each in (self._state, self._took, self._watched, self._engine, self._keys):
            each.setToolTip(plain_tip(each.text()))

    def _show_output(self, project: Project | None) -> None:
        """Say how far the converted model is from the original one; who is to blame stands in the tooltip."""
        measured = project.snapshot.measurements if project is not None and project.snapshot is not None else None
        self._output.hide()
        if measured is not None:
            from qviz.analysis.ledger import answer, output_line
            from qviz.words.formats import capitalized

            line = output_line(measured)
            self._output.setText(capitalized(line))
            self._output.setToolTip(plain_tip(f"{self._output.text()}\n{answer(measured).text}"))
            self._output.setVisible(bool(line))

    def show_engine_starting(self) -> None:
        """Say that the engine imports torch."""
        self._engine.setText(tr(_STARTING))
        self._tell_cut()

    def set_engine(self, ready: EngineReady, host: str = "") -> None:
        """Take note of an engine, and of its machine if that is another; what is shown next names them."""
        self._torch, self._host = ready.versions.get("torch", ""), host

    def show_engine_death(self, how: Said) -> None:
        """Say that torch did not start; the next run tries again and tells more."""
        if self._torch is None:
            self._engine.setText(how.message)
            self._tell_cut()

"""Why a run stopped, and the way on; it stands above the findings as long as the result does."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from qviz.document.flows import flow
from qviz.document.graph import SourceLine
from qviz.document.run_steps import step_text
from qviz.document.snapshot import RunError
from qviz.ui.panels.widgets import button, label, mono
from qviz.words import names, tr
from qviz.words.untrusted import plain_tip


def place_of(error: RunError) -> str:
    """Return which step failed, and where in the user's code."""
    step = step_text(error.step, "failed")
    return tr("{step} at {file}:{line}", step=step, **_line(error.source)) if error.source is not None else step


def _line(source: SourceLine) -> dict[str, str | int]:
    return {"file": source.file.replace("\\", "/").rsplit("/", 1)[-1], "line": source.line}


def patch_of(error: RunError) -> str:
    """Return the change of the plan that gets past a stop, as TOML; "" where none is known."""
    given = error.args.get("patch")
    return given if isinstance(given, str) else ""


def failed_at(error: RunError) -> str:
    """Return which step failed, where in the user's code, and what was raised: one line."""
    step = step_text(error.step, "failed")
    if error.source is None:
        return tr("{step}: {message}", step=step, message=error.message)
    return tr("{step} at {file}:{line}: {message}", step=step, message=error.message, **_line(error.source))


def remedy_title(patch: str) -> str:
    """Return what a button says that takes a patch into the plan: which flow, where that is all of it."""
    try:
        changed = msgspec.toml.decode(patch)
    except msgspec.DecodeError:
        changed = {}
    chosen = flow(str(changed.get("flow"))) if set(changed) == {"flow"} else None
    return tr("Use {flow}", flow=names.flow(chosen.id, chosen.title)) if chosen is not None else tr("Apply the remedy")


class Failure(QFrame):
    """The step that failed, the line, what to do.

    Signals:
        run_again: The user wants to.
        remedy_chosen: A patch that is to be taken into the plan, as TOML, and what it is called.
        source_requested: File and line to open in the user's editor.

    Attributes:
        buttons: What can be done.
    """

    run_again = Signal()
    remedy_chosen = Signal(str, str)
    source_requested = Signal(str, int)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "failure")
        self._source: SourceLine | None = None
        self._patch = ""
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 10, 8)
        words = QVBoxLayout()
        words.setSpacing(3)
        self.message = label("", "pane", wraps=True)
        self.code = label("", wraps=True)
        self.code.setFont(mono())
        self.hint = label("", "muted", wraps=True)
        for each in (self.message, self.code, self.hint):
            words.addWidget(each)
        row.addLayout(words, 1)
        self.open = button(tr("Open in editor"), "", self.on_open_clicked)
        row.addWidget(self.open)
        again = button(tr("Run again"), "", self.run_again.emit)
        row.addWidget(again)
        self.apply = button(tr("Apply the remedy"), "primary", self.on_apply_clicked)
        row.addWidget(self.apply)
        self.buttons = (self.open, again, self.apply)
        self.hide()

    def show_error(self, error: RunError | None) -> None:
        """Tell why the run stopped; None where it did not."""
        self.setVisible(error is not None)
        if error is None:
            return
        self._source = error.source
        self.message.setText(failed_at(error))
        self.code.setText(error.source.code if error.source is not None else "")
        self.code.setVisible(error.source is not None)
        self.hint.setText(error.hint)
        self.hint.setVisible(bool(error.hint))
        self.open.setVisible(error.source is not None)
        self._patch = patch_of(error)
        self.apply.setVisible(bool(self._patch))
        self.apply.setText(remedy_title(self._patch))
        self.apply.setToolTip(plain_tip(self._patch.strip()))

    def on_apply_clicked(self) -> None:
        """Ask for the change of the plan that gets past this stop."""
        self.remedy_chosen.emit(self._patch, tr("Stopped"))

    def on_open_clicked(self) -> None:
        """Open the line."""
        if self._source is not None:
            self.source_requested.emit(self._source.file, self._source.line)

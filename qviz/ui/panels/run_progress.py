"""What a run at work does now, in one line over the foot of the graph, with Cancel."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QWidget

from qviz.document.run_steps import progress_text
from qviz.ui.panels.toasts import float_over
from qviz.ui.panels.widgets import button, label
from qviz.words import tr


class RunStep(NamedTuple):
    """A step of a run, by its name."""

    name: str
    done: int = 0
    total: int = 0


class RunProgress(QFrame):
    """Names the step at work, with Cancel; floats over the foot of the graph.

    Args:
        host: What it floats over.
        beside: Stands at the right end of that, and stays free.
    """

    def __init__(self, host: QWidget, beside: QWidget | None = None) -> None:
        super().__init__(host)
        self.setProperty("role", "toast")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 0, 8, 0)
        row.setSpacing(10)
        self.words = label("")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(160)
        self.bar.setAccessibleName(tr("Progress of the run"))
        self.cancel = button(tr("Cancel"), "link")
        row.addWidget(self.words)
        row.addWidget(self.bar)
        row.addWidget(self.cancel)
        float_over(host, self, beside)
        self.hide()

    def show_step(self, step: RunStep) -> None:
        """Show a step; without a total the bar runs to and fro."""
        self.words.setText(tr("{step}…", step=progress_text(step.name, step.done, step.total)))
        self.bar.setRange(0, step.total)
        self.bar.setValue(step.done)
        self.show()
        self.raise_()

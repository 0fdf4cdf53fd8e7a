"""What a run at work does now, in one line over the foot of the graph, with Cancel."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QElapsedTimer, QTimer
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QWidget

from qviz.document.run_steps import progress_text
from qviz.ui.panels.toasts import float_over
from qviz.ui.panels.widgets import button, label
from qviz.words import tr

SECOND = 1000
LONG = 3
"""Seconds after which a step says how long it has been at work: nobody waits unsure whether anything happens."""


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
        self._step: RunStep | None = None
        self._since = QElapsedTimer()
        self._seconds = QTimer(self)
        self._seconds.setInterval(SECOND)
        self._seconds.timeout.connect(self.on_second)
        float_over(host, self, beside)
        self.hide()

    def show_step(self, step: RunStep) -> None:
        """Show a step; without a total the bar runs to and fro."""
        if self._step is None or self._step.name != step.name:
            self._since.start()
            self._seconds.start()
        self._step = step
        self.tell(self._since.elapsed() // SECOND)
        self.bar.setRange(0, step.total)
        self.bar.setValue(step.done)
        self.show()
        self.raise_()

    def on_second(self) -> None:
        """Count on."""
        self.tell(self._since.elapsed() // SECOND)

    def tell(self, seconds: int) -> None:
        """Name the step, and how long it has been at work where that is long."""
        if self._step is None:
            return
        step = progress_text(self._step.name, self._step.done, self._step.total)
        if seconds < LONG:
            self.words.setText(tr("{step}…", step=step))
        else:
            self.words.setText(tr("{step}… {seconds}\u202fs", step=step, seconds=seconds))

    def hideEvent(self, event: QHideEvent) -> None:
        """Count no longer: the run has ended."""
        super().hideEvent(event)
        self._seconds.stop()
        self._step = None

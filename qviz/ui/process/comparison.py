"""Has an engine of its own compare flows, beside the run at work; one that dies takes only its flow with it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from qviz.document.comparison import Comparison, FlowRow, died, waiting
from qviz.document.plan import Plan
from qviz.document.run_steps import STARTING_ENGINE, progress_text
from qviz.document.said import Said, StoppedError
from qviz.errors import ExitCode, QvizError
from qviz.trust.grants import Grant
from qviz.ui.process.client import EngineProcess
from qviz.wire.messages import Compare, ComparisonFinished, FlowCompared, ModelLoaded, Report, RunRejected, StepStarted

_RUN_ID = 1


class Comparing(QObject):
    """The rows as they arrive.

    Attributes:
        step: The name of what the engine is doing.
        doing: The same in words, with the flow.

    Signals:
        changed: A step began, a row arrived, or it is over.
        rejected: A `QvizError`: the model has to be mended first.
    """

    changed = Signal()
    rejected = Signal(object)

    def __init__(
        self, plan: Plan, flows: Sequence[str], parent: QObject | None = None, grants: tuple[Grant, ...] = ()
    ) -> None:
        super().__init__(parent)
        self._grants = grants
        self._plan = plan
        self._flows = tuple(flows)
        self._rows: list[FlowRow] = []
        self._types: tuple[str, ...] = ()
        self._engine: EngineProcess | None = None
        self.step = self.doing = ""

    @property
    def comparison(self) -> Comparison:
        """What has arrived."""
        return Comparison(self._plan.source, self._types, tuple(self._rows))

    @property
    def waiting(self) -> tuple[str, ...]:
        """The flows without a row; the first is the one at work."""
        return waiting(self._flows, self._rows)

    @property
    def is_running(self) -> bool:
        """Whether an engine is at work."""
        return self._engine is not None

    def start(self) -> None:
        """Compare the flows that have no row yet."""
        self.stop()
        if not self.waiting:
            return
        self._engine = engine = EngineProcess(self)
        engine.report_received.connect(self.on_engine_report_received)
        engine.died.connect(self.on_engine_died)
        engine.send(Compare(_RUN_ID, self._plan, self.waiting, self._grants))
        self.step, self.doing = STARTING_ENGINE, progress_text(STARTING_ENGINE)
        self.changed.emit()

    def stop(self) -> None:
        """End the engine; the rows stay."""
        if self._engine is not None:
            self._engine.blockSignals(True)
            self._engine.kill()
            self._part()
            self.changed.emit()

    def _part(self) -> None:
        """Let the engine go; still a child, it would be deleted twice if we go first."""
        if self._engine is not None:
            self._engine.setParent(None)
            self._engine.deleteLater()
            self._engine = None

    def on_engine_report_received(self, report: Report) -> None:
        """Take a step, a row, the end."""
        match report:
            case StepStarted():
                self.step, self.doing = report.step, progress_text(report.step, report.done, report.total, report.flow)
            case ModelLoaded():
                self._types = tuple(dict.fromkeys(type_ for _, type_ in report.tree))
            case FlowCompared():
                self._rows.append(report.row)
            case ComparisonFinished():
                self.stop()
                return
            case RunRejected():
                self.stop()
                self.rejected.emit(QvizError(report.text, report.hint))
                return
            case _:
                return
        self.changed.emit()

    def on_engine_died(self, how: Said) -> None:
        """Note which flow ended the engine, and run the others in a new one."""
        was_ready = self._engine is not None and self._engine.ready is not None
        self._part()
        if not was_ready or not self.waiting:
            self.changed.emit()
            self.rejected.emit(StoppedError(how, ExitCode.ENGINE_DIED))
            return
        self._rows.append(died(self.waiting[0], self.step, how))
        self.changed.emit()
        self.start()

"""The engine at work, and one that is new for whatever comes next, so that no run waits for torch again.

Where engines are forked (`qviz/wire/template.py`) every request gets a new one. Elsewhere one is started ahead, the
spare; the engine at work is kept for the source that it ran, unless it was rejected: what a model did to torch stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from collections.abc import Callable

    from qviz.document.plan import Plan
    from qviz.document.said import Said
    from qviz.trust.grants import Grant
    from qviz.ui.process.client import EngineProcess
    from qviz.wire.messages import GuessCall, Report, RunFlow, TryCall


class Engines(QObject):
    """Runs one plan at a time.

    Attributes:
        granted: Tells what the user allowed a plan to run.
        host: The machine of the engine that was ready last; "" for this one.

    Signals:
        ready: An engine has imported torch (EngineReady).
        report_received: A report of the run at work.
        printed: Text that an engine or a model wrote.
        run_died: A `Said`, when the engine at work ended in mid-run.
        spare_died: A `Said`, when the engine in waiting ended.
        answered: The answer to what was asked of a model without running a plan.
        answer_died: A `Said`, when the engine ended before it answered.
        asking: Whether an answer is to come now.
    """

    ready = Signal(object)
    report_received = Signal(object)
    printed = Signal(str)
    run_died = Signal(object)
    spare_died = Signal(object)
    answered = Signal(object)
    answer_died = Signal(object)
    asking = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker: EngineProcess | None = None
        self._spare: EngineProcess | None = None
        self._run_id = 0
        self._asked_id = 0
        self._ran = ""
        self._is_forking = self._is_closed = False
        self.granted: Callable[[Plan], tuple[Grant, ...]] = lambda _: ()
        self.is_running = False
        self.host = ""

    def warm_up(self) -> None:
        """Have an engine import torch while the user still reads."""
        if self._spare is None and not self._is_forking and not self._is_closed:
            self._spare = self._start()

    def restart(self) -> None:
        """Begin anew, in the interpreter that is chosen now; a run at work is cancelled."""
        self.shut_down()
        self._is_forking = False
        self.warm_up()

    def outdate(self) -> None:
        """Have the next run in a new engine: those that there are began with another environment."""
        self._ran = ""
        if self._spare is not None:
            self._retire(self._spare)
            self._spare = None

    def run(self, plan: Plan) -> None:
        """Start a run; one at work is cancelled, and a question is given up."""
        if self.is_running:
            self.cancel()
        from qviz.wire.messages import RunFlow

        self._run_id += 1
        self.is_running = True
        self._expect(0)
        self._send(RunFlow(self._run_id, plan, self.granted(plan)))

    @property
    def is_asked(self) -> bool:
        """Whether an answer is still to come."""
        return self._asked_id != 0

    def guess_call(self, plan: Plan) -> None:
        """Have the plan's model built, and its inputs guessed; only the last question is answered."""
        from qviz.wire.messages import GuessCall

        self._run_id += 1
        self._expect(self._run_id)
        self._send(GuessCall(self._asked_id, plan, self.granted(plan)))

    def try_call(self, plan: Plan) -> None:
        """Have the plan's model called once on its inputs; only the last question is answered."""
        from qviz.wire.messages import TryCall

        self._run_id += 1
        self._expect(self._run_id)
        self._send(TryCall(self._asked_id, plan, self.granted(plan)))

    def _expect(self, asked_id: int) -> None:
        """Wait for the answer to a question; 0 for none."""
        was_asked, self._asked_id = self.is_asked, asked_id
        if was_asked != self.is_asked:
            self.asking.emit(self.is_asked)

    def _send(self, request: RunFlow | GuessCall | TryCall) -> None:
        if not self._is_closed:
            self._need_worker(request.plan).send(request)

    def _need_worker(self, plan: Plan) -> EngineProcess:
        if self._worker is not None and (self._is_forking or self._ran != plan.source):
            self._retire(self._worker)
            self._worker = None
        self._ran = plan.source
        if self._worker is None and self._is_forking:
            self._worker = self._start()  # newer than a spare: the template goes on importing
        elif self._worker is None:
            self.warm_up()
            self._worker, self._spare = self._spare, None
        assert self._worker is not None
        return self._worker

    def cancel(self) -> None:
        """Kill the engine at work; the spare is ready for the next run."""
        self.is_running = False
        self._expect(0)
        if self._worker is not None:
            self._retire(self._worker)
            self._worker = None
        self.warm_up()

    def end_engines(self) -> None:
        """End all engines; what forks them stays."""
        self.is_running = False
        self._expect(0)
        for engine in (self._worker, self._spare):
            if engine is not None:
                self._retire(engine)
        self._worker = self._spare = None

    def shut_down(self) -> None:
        """End all engines, and what forks them."""
        self.end_engines()
        from qviz.wire.template import end_template

        end_template()

    def close(self) -> None:
        """End all engines for good: a page that closes with the window may still give up its question."""
        self._is_closed = True
        self.shut_down()

    def process_id(self) -> int:
        """The process id of the engine at work; 0 without one."""
        return self._worker.process_id if self._worker is not None else 0

    def _start(self) -> EngineProcess:
        from qviz.ui.process.client import EngineProcess  # the wire is no part of the first paint

        engine = EngineProcess(self)
        engine.report_received.connect(lambda report: self.on_engine_report_received(engine, report))
        engine.printed.connect(self.printed)
        engine.died.connect(lambda how: self.on_engine_died(engine, how))
        return engine

    def _retire(self, engine: EngineProcess) -> None:
        engine.blockSignals(True)
        engine.kill()
        _part_with(engine)

    def on_engine_report_received(self, engine: EngineProcess, report: Report) -> None:
        """Pass on what belongs to the run at work."""
        from qviz.wire.messages import EngineHello, EngineReady, RunFinished, RunRejected, StageReached

        if isinstance(report, EngineReady):
            self.host = engine.hello.host if engine.hello is not None else ""
            self._is_forking = report.is_forked
            if report.is_forked and engine is self._spare:  # it has told what there is to tell
                self._retire(engine)
                self._spare = None
            self.ready.emit(report)
            self._import_more()
        elif isinstance(report, EngineHello):
            return
        elif engine is self._worker and report.run_id == self._run_id and self.is_running:
            if isinstance(report, RunFinished | RunRejected):
                self.is_running = False
                self._ran = self._ran if isinstance(report, RunFinished) else ""
            if isinstance(report, StageReached | RunRejected):
                self.warm_up()  # not sooner: importing torch beside a starting run would slow both
            self.report_received.emit(report)
            self._import_more()
        elif engine is self._worker and report.run_id == self._asked_id:
            self._expect(0)
            self._ran = "" if isinstance(report, RunRejected) else self._ran
            self.answered.emit(report)
            self._import_more()

    @property
    def _is_busy(self) -> bool:
        return self.is_running or self.is_asked

    def _import_more(self) -> None:
        """Have engines import what the PT2E flows need; not beside a run, which that would slow."""
        from qviz.wire.messages import WarmUp

        for engine in () if self._is_forking else (self._worker, self._spare):
            if engine is not None and engine.ready is not None and not engine.is_warm and not self._is_busy:
                engine.is_warm = True
                engine.send(WarmUp())

    def on_engine_died(self, engine: EngineProcess, how: Said) -> None:
        """Replace a dead engine; a run that it takes along is told."""
        _part_with(engine)
        if engine is self._spare:
            self._spare = None
            self.spare_died.emit(how)
            return
        if engine is self._worker:
            self._worker = None
            was_running, self.is_running = self.is_running, False
            was_asked = self.is_asked
            self._expect(0)
            self.warm_up()
            if was_asked:
                self.answer_died.emit(how)
            if was_running:
                self.run_died.emit(how)


def _part_with(engine: EngineProcess) -> None:
    """Let an engine go when its signal was told; still a child, it would be deleted twice if we go first."""
    engine.setParent(None)
    engine.deleteLater()

"""Runs a plan in an engine process and keeps whatever it reached."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple

from qviz.document.plan import Plan
from qviz.document.snapshot import RunError, Snapshot
from qviz.errors import ExitCode, QvizError
from qviz.wire.assembly import Assembly
from qviz.wire.client import EngineClient
from qviz.wire.messages import Report, Run, RunFinished, RunRejected, StageReached, StepStarted

RUN_ID = 1


class Outcome(NamedTuple):
    """What a run left: the snapshot, and why it is not whole."""

    snapshot: Snapshot
    failure: QvizError | None


def run_plan(plan: Plan, on_report: Callable[[Report], None], timeout: float | None = None) -> Outcome:
    """Run a plan to its end, good or bad; `timeout` in seconds.

    Raises:
        QvizError: Nothing ran: the input has to be mended first.
        KeyboardInterrupt: The user had enough; the engine is gone.
    """
    assembly, step = Assembly(plan), "start the engine"
    with EngineClient() as engine, Deadline(engine, timeout) as deadline:
        try:
            engine.send(Run(RUN_ID, plan))
            for report in engine.reports():
                on_report(report)
                match report:
                    case StepStarted():
                        step = report.step
                    case StageReached():
                        assembly.add(report)
                    case RunRejected():
                        raise QvizError(report.text, report.hint, ExitCode(report.exit_code))
                    case RunFinished():
                        return _finished(assembly.finished(report))
                    case _:
                        pass
        except QvizError as error:
            if error.exit_code != ExitCode.ENGINE_DIED:
                raise
            failure = deadline.failure(step) or error
            how = RunError(step, "EngineDied", failure.message, failure.hint)
            return Outcome(assembly.interrupted(how), failure)
    raise AssertionError("reports() ends only by an exception")


def _finished(snapshot: Snapshot) -> Outcome:
    error = snapshot.run.error
    if error is None:
        return Outcome(snapshot, None)
    where = f" ({error.source.file}:{error.source.line})" if error.source else ""
    message = f"{error.step} failed: {' '.join(error.message.split())}{where}"
    return Outcome(snapshot, QvizError(message, error.hint, ExitCode.FLOW_FAILED))


class Deadline:
    """Ends an engine that takes too long."""

    def __init__(self, engine: EngineClient, seconds: float | None) -> None:
        self._seconds = seconds
        self._passed = False
        self._engine = engine
        self._timer = threading.Timer(seconds or 0, self._end)

    def __enter__(self) -> Deadline:
        if self._seconds is not None:
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        if self._seconds is not None:
            self._timer.join()

    def _end(self) -> None:
        self._passed = True
        self._engine.process.kill()

    def failure(self, step: str) -> QvizError | None:
        """Return the failure if it was the deadline that ended the engine."""
        if not self._passed:
            return None
        return QvizError(
            f"{step}: not done after {self._seconds:g} s, so the run was ended",
            "Give it more time: --timeout SECONDS.",
            ExitCode.FLOW_FAILED,
        )

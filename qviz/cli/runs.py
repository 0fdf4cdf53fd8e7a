"""Runs a plan in an engine process and keeps whatever it reached."""

from __future__ import annotations

from collections.abc import Callable

from qviz.cli.consent import grants
from qviz.cli.course import Course
from qviz.cli.limits import Limits
from qviz.cli.options import Manner
from qviz.cli.outcome import Outcome, failure_of
from qviz.cli.rejections import rejection
from qviz.document.plan import Plan
from qviz.document.run_steps import cut_off, stopped
from qviz.document.said import StoppedError
from qviz.document.snapshot import Snapshot
from qviz.wire.assembly import Assembly
from qviz.wire.client import EngineClient
from qviz.wire.messages import Report, RunFinished, RunFlow, RunRejected, StageReached

RUN_ID = 1


def run_plan(
    plan: Plan,
    on_report: Callable[[Report], None],
    manner: Manner,
    on_stage: Callable[[Snapshot], None] = lambda _snapshot: None,
) -> Outcome:
    """Run a plan to its end, good or bad, within the limits of `manner`.

    Args:
        plan: What is run.
        on_report: Hears all that the engine says.
        manner: How.
        on_stage: Gets what would be left of the run if it ended now, at every stage.

    Raises:
        QvizError: Nothing ran: the input has to be mended first.
        KeyboardInterrupt: The user had enough; the engine is gone.
    """
    assembly, course = Assembly(plan), Course()
    with EngineClient() as engine, Limits(engine, manner.timeout) as limits:
        try:
            engine.send(RunFlow(RUN_ID, plan, grants()))
            for report in engine.reports():
                on_report(report)
                course.take(report)
                match report:
                    case StageReached():
                        assembly.add(report)
                        on_stage(assembly.interrupted(cut_off()))
                    case RunRejected():
                        raise rejection(report)
                    case RunFinished():
                        snapshot = assembly.finished(report)
                        return Outcome(snapshot, failure_of(snapshot))
                    case _:
                        pass
        except StoppedError as error:
            failure = limits.failure(course) or error
            type_ = "EngineDied" if failure is error else "LimitReached"
            return Outcome(assembly.interrupted(stopped(course.step, type_, failure.said)), failure)
    raise AssertionError("reports() ends only by an exception")

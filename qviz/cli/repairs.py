"""Has an engine repair a plan."""

from __future__ import annotations

from collections.abc import Callable

from qviz.cli.consent import grants
from qviz.cli.course import Course
from qviz.cli.limits import Limits
from qviz.cli.options import Manner
from qviz.cli.rejections import rejection
from qviz.cli.runs import RUN_ID
from qviz.document.changes import Repair
from qviz.document.plan import Plan
from qviz.document.said import StoppedError
from qviz.wire.client import EngineClient
from qviz.wire.messages import PlanRepaired, RepairPlan, Report, RunRejected


def find_repair(plan: Plan, target_db: float, most: int, on_report: Callable[[Report], None], manner: Manner) -> Repair:
    """Return what an engine found, within the limits of `manner`.

    Raises:
        QvizError: The plan does not run, the engine died, or a limit was reached.
        KeyboardInterrupt: The user had enough; the engine is gone.
    """
    course = Course()
    with EngineClient() as engine, Limits(engine, manner.timeout) as limits:
        try:
            engine.send(RepairPlan(RUN_ID, plan, target_db, most, grants()))
            for report in engine.reports():
                on_report(report)
                course.take(report)
                match report:
                    case RunRejected():
                        raise rejection(report)
                    case PlanRepaired():
                        return report.repair
                    case _:
                        pass
        except StoppedError as error:
            raise (limits.failure(course) or error) from error
    raise AssertionError("reports() ends only by an exception")

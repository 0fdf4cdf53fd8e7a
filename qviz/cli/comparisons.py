"""Has engines compare flows; one that dies takes only its flow with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from qviz.cli.consent import grants
from qviz.cli.course import Course
from qviz.cli.limits import Limits
from qviz.cli.options import Manner
from qviz.cli.rejections import rejection
from qviz.cli.runs import RUN_ID
from qviz.document.comparison import Comparison, FlowRow, died, waiting
from qviz.document.plan import Plan
from qviz.document.run_steps import LOADING, STARTING_ENGINE, stopped
from qviz.document.said import StoppedError
from qviz.wire.client import EngineClient
from qviz.wire.messages import Compare, EngineReady, FlowCompared, ModelLoaded, Report, RunRejected


def compare_flows(plan: Plan, flows: Sequence[str], on_report: Callable[[Report], None], manner: Manner) -> Comparison:
    """Compare flows on the plan's model; the limits of `manner` are for each flow.

    Raises:
        QvizError: The model does not load or does not run: the input has to be mended first.
    """
    comparing = _RowCollector(on_report, manner)
    while left := waiting(flows, comparing.rows):
        comparing.go_on(plan, left)
    return Comparison(plan.source, comparing.types, tuple(comparing.rows))


class _RowCollector:
    """The rows so far, whichever engine they came from."""

    def __init__(self, on_report: Callable[[Report], None], manner: Manner) -> None:
        self.rows: list[FlowRow] = []
        self.types: tuple[str, ...] = ()
        self._on_report = on_report
        self._manner = manner
        self._course = Course()
        self._is_ready = False

    def go_on(self, plan: Plan, flows: Sequence[str]) -> None:
        """Have a new engine compare flows, until all are done or one ended it.

        Raises:
            QvizError: The engine rejects the model, or does not even start.
        """
        with EngineClient() as engine:
            self._is_ready, reports = False, engine.reports()
            for flow in flows:
                self._course = Course(STARTING_ENGINE if flow == flows[0] else LOADING)
                with Limits(engine, self._manner.timeout) as limits:
                    try:
                        if flow == flows[0]:
                            engine.send(Compare(RUN_ID, plan, tuple(flows), grants()))
                        self.rows.append(self._next_row(reports))
                    except StoppedError as error:
                        if not self._is_ready:
                            raise
                        self.rows.append(_ended(flow, self._course.step, limits.failure(self._course), error))
                        return

    def _next_row(self, reports: Iterator[Report]) -> FlowRow:
        for report in reports:
            self._on_report(report)
            self._course.take(report)
            match report:
                case EngineReady():
                    self._is_ready = True
                case ModelLoaded():
                    self.types = tuple(dict.fromkeys(type_ for _, type_ in report.tree))
                case RunRejected():
                    raise rejection(report)
                case FlowCompared():
                    return report.row
                case _:
                    pass
        raise AssertionError("reports() ends only by an exception")


def _ended(flow: str, step: str, late: StoppedError | None, death: StoppedError) -> FlowRow:
    if late is not None:
        return FlowRow(flow, "failed", stopped(step, "Timeout", late.said))
    return died(flow, step, death.said)

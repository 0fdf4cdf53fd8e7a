"""Checks what an engine says: each report by itself, and what it names against the stages that came before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qviz.document.limits import MAX_DEPTH, MAX_NODES, too_deep, too_many
from qviz.document.references import KnownNodes
from qviz.errors import ExitCode
from qviz.trust.listing import USES
from qviz.wire.messages import (
    CodeListed,
    FlowCompared,
    ModelLoaded,
    Report,
    RunFinished,
    RunRejected,
    StageReached,
    StepStarted,
)


class ReportChecks:
    """What one engine said so far of the run at work."""

    def __init__(self) -> None:
        self._run_id = 0
        self._known = KnownNodes()

    def faults(self, report: Report) -> Iterator[str]:
        """Yield what is wrong with the next report, the plainest first."""
        match report:
            case StageReached():
                if report.run_id != self._run_id:
                    self._begin(report.run_id)
                yield from self._known.add(report.stage)
                yield from self._known.faults_of_facts(report.stage.name, report.facts)
                yield from self._known.faults_of_links(report.links)
            case RunFinished():
                yield from _of_end(report)
                yield from self._known.faults_of_findings(report.findings, report.run)
                if report.measurements is not None:
                    yield from self._known.faults_of_measurements(report.measurements)
                self._begin()
            case RunRejected():
                if report.exit_code not in set(ExitCode) - {ExitCode.DONE, ExitCode.FINDINGS}:
                    yield f"no rejected run ends with {report.exit_code}"
                self._begin()
            case _:
                yield from _of_itself(report)

    def _begin(self, run_id: int = 0) -> None:
        self._run_id, self._known = run_id, KnownNodes()


def _of_end(report: RunFinished) -> Iterator[str]:
    if (report.run.status == "failed") != (report.run.error is not None):
        yield f"a run that is {report.run.status}, {'with' if report.run.error is not None else 'without'} an error"


def _of_itself(report: Report) -> Iterator[str]:
    match report:
        case ModelLoaded():
            yield from too_many("modules", len(report.tree), MAX_NODES)
            yield from too_deep("modules", (path.count(".") for path, _ in report.tree), MAX_DEPTH)
            yield from _negative(modules=report.modules, parameters=report.parameters, bytes=report.bytes)
        case StepStarted():
            yield from _negative(done=report.done, total=report.total)
        case FlowCompared(row=row):
            size = (1, 1) if row.size is None else (row.size.before, row.size.after)
            times = (1.0, 1.0) if row.time is None else (row.time.before_ms, row.time.after_ms)
            if not all(each > 0 for each in (*size, *times)):
                yield "a size or a time that is not above zero"
        case CodeListed():
            unknown = next((each.ref.use for each in report.listing.entries if each.ref.use not in USES), None)
            if unknown is not None:
                yield f"code for {unknown}, which no plan names"
        case _:
            pass


def _negative(**numbers: int) -> Iterable[str]:
    return [f"{name} is {number}" for name, number in numbers.items() if number < 0]

"""Puts the reports of one run together to a snapshot, also when the run ends half-way."""

from __future__ import annotations

from dataclasses import dataclass, field

from qviz.document.codec import FORMAT_VERSION
from qviz.document.plan import Plan
from qviz.document.run_steps import stopped_finding
from qviz.document.snapshot import Facts, Link, Run, RunError, Snapshot, Stage
from qviz.wire.messages import RunFinished, StageReached


@dataclass
class Assembly:
    """What has arrived of one run so far."""

    plan: Plan
    stages: list[Stage] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    facts: dict[str, dict[str, Facts]] = field(default_factory=dict)

    @property
    def reached(self) -> str | None:
        """The name of the last stage; None before the first."""
        return self.stages[-1].name if self.stages else None

    def add(self, report: StageReached) -> None:
        """Take one stage with its facts and links."""
        self.stages.append(report.stage)
        self.links.extend(report.links)
        if report.facts:
            self.facts[report.stage.name] = report.facts

    def finished(self, report: RunFinished) -> Snapshot:
        """Return the snapshot of a run that came to its end, good or bad."""
        return Snapshot(
            format="qviz",
            version=FORMAT_VERSION,
            run=report.run,
            stages=tuple(self.stages),
            links=tuple(self.links),
            facts=self.facts,
            findings=report.findings,
            summary=report.summary,
            notes=report.notes,
            measurements=report.measurements,
        )

    def interrupted(self, error: RunError | None = None) -> Snapshot:
        """Return what there is of a run that was canceled, or failed with the engine's death."""
        run = Run(
            source=self.plan.source,
            flow=self.plan.flow or "",
            plan=self.plan,
            status="failed" if error else "cancelled",
            config={},
            versions={},
            python="",
            error=error,
        )
        found = (stopped_finding(error, self.reached),) if error else ()
        return self.finished(RunFinished(0, run, found, {}, ()))

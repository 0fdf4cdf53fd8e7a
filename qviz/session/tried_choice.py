"""What is tried on a run: which of its quantizers are left in float, and what that gives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from qviz.analysis.acting.pending import changes_between
from qviz.analysis.inspecting.inspected_run import InspectedRun, RunParts
from qviz.analysis.trying.trials import Trials, tried_plan, untried
from qviz.analysis.trying.tried_runs import MeasuredPoint, TriedRun, measured_points, neutral, prediction_errors
from qviz.analysis.what_if import predict
from qviz.document.changes import Change, Prediction
from qviz.document.plan import Plan
from qviz.session.copied_script import copied_script
from qviz.session.kept_runs import ShelvedRun
from qviz.session.project import Project


@dataclass(frozen=True)
class TriedChoice:
    """A choice of quantizers of one run; a value, of which every edit returns another.

    Attributes:
        base: The run that it is tried on.
        runs: Those that are kept, the base among them.
        tried: What there is to choose.
        plan: The plan as it is edited now.
        chosen: The numbers of the changes that are chosen.
    """

    base: TriedRun
    runs: tuple[TriedRun, ...]
    tried: Trials
    plan: Plan
    chosen: frozenset[int] = frozenset()

    def choosing(self, chosen: Iterable[int]) -> TriedChoice:
        """Return another choice."""
        return replace(self, chosen=frozenset(chosen))

    def choosing_worst(self, count: int) -> TriedChoice:
        """Return the choice of so many of the worst."""
        return replace(self, chosen=self.tried.worst(count))

    def turning(self, number: int) -> TriedChoice:
        """Return the choice with one change more, or without it."""
        return replace(self, chosen=self.chosen ^ {number})

    @property
    def count(self) -> int | None:
        """How many of the worst are chosen; None where it is another set."""
        return self.tried.count_of(self.chosen)

    @property
    def changes(self) -> tuple[Change, ...]:
        """The changes that are chosen."""
        return self.tried.changes_of(self.chosen)

    @cached_property
    def gone(self) -> frozenset[str]:
        """The ids of the quantizers that are not there any more."""
        return self.tried.gone((*self.changes, *(self.other_changes or ())))

    @cached_property
    def plan_before(self) -> Plan:
        """The edited plan without the choice."""
        return untried(self.tried, self.plan)

    @cached_property
    def plan_after(self) -> Plan:
        """The edited plan with the choice."""
        return tried_plan(self.tried, self.plan, self.chosen)

    @cached_property
    def other_changes(self) -> tuple[Change, ...] | None:
        """What the plan changes besides; None where the ledger does not know what that gives."""
        rest = self.plan_before
        return () if rest == self.tried.plan else changes_between(self.base.run, self.tried.plan, rest)

    @property
    def is_of_base(self) -> bool:
        """Whether the plan differs from that of the base in nothing but such changes."""
        return neutral(self.plan_before) == neutral(self.tried.plan)

    @cached_property
    def prediction(self) -> Prediction | None:
        """What is predicted of the plan; None where the ledger does not know one of its changes."""
        others = self.other_changes
        return None if others is None else predict(self.tried.ledger, (*self.changes, *others))

    @cached_property
    def measured_as(self) -> TriedRun | None:
        """The run that has measured the plan."""
        known = (each for each in self.runs if each.sqnr_db is not None and each.does_as(self.plan_after))
        return next(known, None)

    @cached_property
    def failed_as(self) -> TriedRun | None:
        """The last run of the plan, where it failed and no other measured it."""
        again = [each for each in self.runs if each.does_as(self.plan_after)] if self.measured_as is None else []
        return again[-1] if again and again[-1].is_stopped else None

    @cached_property
    def points(self) -> tuple[MeasuredPoint, ...]:
        """The runs that lie beside the curve."""
        return measured_points(self.base, self.runs)

    @cached_property
    def errors(self) -> tuple[float, ...]:
        """How far earlier predictions were off, in dB: predicted minus measured."""
        return prediction_errors(self.runs)

    @property
    def uncertainty(self) -> float | None:
        """By how many dB the worst of the earlier predictions was off; None without any."""
        return max(map(abs, self.errors)) if self.errors else None


def tried_run(shelved: ShelvedRun) -> TriedRun:
    """Return a kept run as what can be tried on, or compared."""
    project = shelved.project
    python = copied_script(project) if project.snapshot is not None else ""
    return TriedRun(
        shelved.number, shelved.name, project.received.plan, inspected(project), python, project.error is not None
    )


def inspected(project: Project) -> InspectedRun:
    """Return the lookups of a project's run."""
    snapshot = project.snapshot
    return InspectedRun(
        RunParts(
            project.stages,
            project.index,
            project.received.facts,
            project.findings,
            snapshot.summary if snapshot is not None else {},
            snapshot.measurements if snapshot is not None else None,
        )
    )

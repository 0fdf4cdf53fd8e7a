"""Runs of what was tried: where they lie on the curve, and how far predictions were off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from msgspec.structs import replace

from qviz.analysis.acting.pending import changes_between
from qviz.analysis.inspecting.inspected_run import InspectedRun
from qviz.analysis.ledger.answer import finite
from qviz.analysis.verdicts.summary import told_coverage
from qviz.analysis.what_if import misses, predict
from qviz.document.changes import Change, Prediction
from qviz.document.graph import Number
from qviz.document.measurements import Measurements
from qviz.document.plan import Plan


class TriedRun:
    """One run that is kept.

    Args:
        number: Its own.
        name: What it is called.
        plan: The one that it was made with.
        run: What came of it.
        python: Does the run without qviz.
        is_stopped: Whether it ended before its end.
    """

    def __init__(
        self, number: int, name: str, plan: Plan, run: InspectedRun, python: str = "", is_stopped: bool = False
    ) -> None:
        self.number, self.name, self.plan, self.run, self.python = number, name, plan, run, python
        self.is_stopped = is_stopped
        self._changes_to: dict[int, tuple[TriedRun, tuple[Change, ...] | None]] = {}

    @property
    def measured(self) -> Measurements | None:
        """What was measured of it."""
        return self.run.parts.measurements

    @property
    def sqnr_db(self) -> Number | None:
        """Signal to noise of all outputs, float to simulated: what a ledger predicts."""
        measured = self.measured
        return measured.sqnr_db.simulated if measured is not None and measured.sqnr_db is not None else None

    @property
    def size(self) -> int | None:
        """Bytes of the converted model."""
        measured = self.measured
        return measured.size[1] if measured is not None and measured.size is not None else None

    @cached_property
    def macs(self) -> float | None:
        """The share of the multiply-accumulates in low precision."""
        coverage = told_coverage(self.run.parts.summary)
        pair = coverage.macs if coverage is not None else None
        return pair[0] / pair[1] if pair is not None and pair[1] else None

    def changes_to(self, later: TriedRun) -> tuple[Change, ...] | None:
        """Return what another run changed against this one; None where the ledger says nothing of that. Found once."""
        known = self._changes_to.get(later.number)
        if known is None or known[0] is not later:
            known = later, self._found_changes(later)
            self._changes_to[later.number] = known
        return known[1]

    def _found_changes(self, later: TriedRun) -> tuple[Change, ...] | None:
        if self.run.ledger is None or not _is_kin(self.plan, later.plan):
            return None
        return changes_between(self.run, self.plan, _as_measured(self.plan, later.plan))

    def does_as(self, plan: Plan) -> bool:
        """Tell whether a run of this plan would give the same: how it is measured makes no difference."""
        return neutral(self.plan) == neutral(plan)


class MeasuredPoint(NamedTuple):
    """A run beside the curve.

    Attributes:
        number: Of the run.
        name: What it is called.
        db: Signal to noise of all outputs, float to simulated.
        prediction: What was predicted of it; None where the ledger says nothing of a change.
        added_bytes: By how much its weights grew, as measured, else as predicted.
    """

    number: int
    name: str
    db: float
    prediction: Prediction | None
    added_bytes: int | None


def neutral(plan: Plan) -> Plan:
    """Return a plan without what only says how a run is measured, its rules in one order."""
    options = plan.quantizer_options
    return replace(
        plan,
        measure=None,
        exact=False,
        workers=0,
        executor=None,
        at_most=None,
        thresholds=Plan().thresholds,
        rules=tuple(sorted(plan.rules, key=repr)),
        quantizer_options=replace(options, rules=tuple(sorted(options.rules, key=repr))),
    )


def measured_points(base: TriedRun, runs: Sequence[TriedRun]) -> tuple[MeasuredPoint, ...]:
    """Return the runs that change nothing but rules of the base, itself among them; the oldest first."""
    return tuple(sorted(_points(base, runs), key=lambda each: each.number))


def _points(base: TriedRun, runs: Sequence[TriedRun]) -> Iterator[MeasuredPoint]:
    ledger = base.run.ledger
    for each in (base, *(run for run in runs if run.number != base.number)):
        level = finite(each.sqnr_db)
        is_again = each is not base and each.does_as(base.plan)
        if level is None or ledger is None or is_again or not _is_kin(base.plan, each.plan):
            continue
        changes = () if each is base else base.changes_to(each)
        known = predict(ledger, changes) if changes is not None else None
        added = each.size - base.size if each.size is not None and base.size is not None else None
        if added is None and known is not None:
            added = known.added_bytes
        yield MeasuredPoint(each.number, each.name, level, known, added)


def prediction_errors(runs: Sequence[TriedRun]) -> tuple[float, ...]:
    """Return how far each earlier prediction was off, in dB: predicted minus measured.

    Every run is compared with what the ledger of the run before it had predicted, where the two differ in nothing but
    changes that the ledger knows.
    """
    found: list[float] = []
    for base in runs:
        for later in runs:
            if later.number > base.number and not later.does_as(base.plan):
                error = _error(base, later)
                found += [error] if error is not None else []
    return tuple(found)


def _error(base: TriedRun, later: TriedRun) -> float | None:
    ledger, measured, changes = base.run.ledger, later.measured, base.changes_to(later)
    if ledger is None or measured is None or changes is None:
        return None
    return misses(predict(ledger, changes), measured).get("")


def _as_measured(base: Plan, plan: Plan) -> Plan:
    """Return a plan that is measured as another one is."""
    return replace(
        plan,
        measure=base.measure,
        exact=base.exact,
        workers=base.workers,
        executor=base.executor,
        at_most=base.at_most,
        thresholds=base.thresholds,
    )


def _is_kin(base: Plan, plan: Plan) -> bool:
    """Tell whether plans differ in nothing but their rules."""
    options = replace(plan.quantizer_options, rules=base.quantizer_options.rules)
    return neutral(replace(plan, rules=base.rules, quantizer_options=options)) == neutral(base)

"""What can be tried on a measured run: the changes that take its quantizers away, the worst first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from msgspec.structs import replace

from qviz.analysis.inspecting.inspected_run import InspectedRun
from qviz.analysis.ledger.answer import finite
from qviz.analysis.possible_changes import module_in_float, possible_changes
from qviz.analysis.what_if import predict, remaining
from qviz.document.changes import Change, Prediction, changed
from qviz.document.graph import Graph, Number
from qviz.document.measurements import Ledger, QuantizerNoise
from qviz.document.plan import Plan
from qviz.document.query import Index

MOST_STEPS = 60
"""Steps whose effect is worked out; what comes behind them adds next to nothing."""
_MOST_MODULES, _MOST_ALONE = 16, 16


class TrialRow(NamedTuple):
    """One quantizer.

    Attributes:
        quantizer: Its row of the ledger.
        change: The number of the change that takes it away and least beside it; None where the plan has none.
        place: How many of the worst have to stay in float for it to be among them; 0 where another one's change
            takes it away, or none does.
        gain_db: What that adds, with all above it.
        added_bytes: By how much that makes the weights grow.
    """

    quantizer: QuantizerNoise
    change: int | None = None
    place: int = 0
    gain_db: Number | None = None
    added_bytes: int = 0


class OtherChoice(NamedTuple):
    """Another set of changes, for comparison: one of them alone, or all of a module."""

    name: str
    changes: tuple[Change, ...]
    prediction: Prediction


@dataclass(frozen=True)
class Trials:
    """Everything that can be tried on one run.

    Attributes:
        plan: The one that ran.
        ledger: What each quantizer costs.
        changes: Each takes at least one quantizer away; in the order of the worst of these.
        rows: The quantizers, the worst first.
        steps: The numbers of the changes that take the next quantizer away which is still there, the worst first.
        curve: What is predicted of the first steps, from none on.
        modules: What leaves all of a module in float.
    """

    plan: Plan
    ledger: Ledger
    changes: tuple[Change, ...]
    rows: tuple[TrialRow, ...]
    steps: tuple[int, ...]
    curve: tuple[Prediction, ...]
    modules: tuple[Change, ...] = ()

    def worst(self, count: int) -> frozenset[int]:
        """Return the choice that leaves so many of the worst in float."""
        return frozenset(self.steps[:count])

    def count_of(self, chosen: Collection[int]) -> int | None:
        """Return how many of the worst a choice leaves in float; None where it is another set."""
        return len(chosen) if frozenset(chosen) == self.worst(len(chosen)) else None

    def changes_of(self, chosen: Collection[int]) -> tuple[Change, ...]:
        """Return the changes of a choice, in their order."""
        return tuple(self.changes[each] for each in sorted(chosen))

    def gone(self, changes: Sequence[Change]) -> frozenset[str]:
        """Return the ids of the quantizers that changes take away."""
        return frozenset(name for name, factor in remaining(self.ledger, changes).items() if factor == 0)

    def standing_in(self, plan: Plan) -> frozenset[int]:
        """Return the choice that a plan holds already."""
        return frozenset(place for place, each in enumerate(self.changes) if _holds(plan, each))

    def number_of(self, change: Change) -> int | None:
        """Return the number of a change by its rules."""
        rules = (change.rules, change.quantizer_rules)
        found = (place for place, each in enumerate(self.changes) if (each.rules, each.quantizer_rules) == rules)
        return next(found, None)

    @cached_property
    def others(self) -> tuple[OtherChoice, ...]:
        """What else could be chosen."""
        alone = [self.changes[each] for each in self.steps[1 : _MOST_ALONE + 1]]
        found = (OtherChoice(each.target, (each,), predict(self.ledger, (each,))) for each in (*alone, *self.modules))
        return tuple(each for each in found if finite(each.prediction.sqnr_db) is not None)


def trials(run: InspectedRun, plan: Plan) -> Trials | None:
    """Return what can be tried on a run; None where nothing measured what its quantizers cost.

    Args:
        run: The run.
        plan: The one that it was made with.
    """
    stage = run.stage(run.watched) if run.watched is not None else None
    ledger = run.ledger
    if ledger is None or stage is None or not ledger.quantizers:
        return None
    least = _least(possible_changes(plan, ledger, stage.graph))
    changes: dict[tuple[str, ...], Change] = {}
    for quantizer in ledger.quantizers:
        if quantizer.id in least:
            change = least[quantizer.id]
            changes.setdefault(change.quantizers, change)
    order = tuple(changes.values())
    numbers = {key: place for place, key in enumerate(changes)}
    made = _WorstFirst(ledger, order)
    rows = []
    for quantizer in ledger.quantizers:
        known = least.get(quantizer.id)
        rows.append(made.row(quantizer, None if known is None else numbers[known.quantizers]))
    modules = tuple(_modules(plan, ledger, stage.graph)) if order else ()
    return Trials(plan, ledger, order, tuple(rows), tuple(made.steps), tuple(made.curve), modules)


def _modules(plan: Plan, ledger: Ledger, graph: Graph) -> Iterator[Change]:
    """Yield what leaves a module with several quantizers in float, of the outermost modules first."""
    paths, index = [group.path for group in graph.groups if group.path], Index(graph)
    for path in sorted(paths, key=lambda each: each.count("."))[:_MOST_MODULES]:
        change = module_in_float(plan, ledger, graph, path, index)
        if change is not None and len(change.quantizers) > 1:
            yield change


def tried_plan(tried: Trials, plan: Plan, chosen: Collection[int]) -> Plan:
    """Return a plan in which this choice takes the place of what it held of such changes; its other edits stay."""
    return changed(untried(tried, plan), tried.changes_of(chosen))


def untried(tried: Trials, plan: Plan) -> Plan:
    """Return a plan without the changes that can be tried, but for those that ran."""
    rules = [rule for each in tried.changes for rule in each.rules]
    quantizer_rules = [rule for each in tried.changes for rule in each.quantizer_rules]
    options, ran = plan.quantizer_options, tried.plan
    kept = [each for each in options.rules if each not in quantizer_rules or each in ran.quantizer_options.rules]
    if len(kept) < len(options.rules):
        options = replace(options, rules=tuple(kept))
        if options == ran.quantizer_options:
            options = ran.quantizer_options  # the object of the default alone is left out of a plan file
    return replace(
        plan,
        rules=tuple(each for each in plan.rules if each not in rules or each in ran.rules),
        quantizer_options=options,
    )


def _holds(plan: Plan, change: Change) -> bool:
    has_rules = all(rule in plan.rules for rule in change.rules)
    return has_rules and all(rule in plan.quantizer_options.rules for rule in change.quantizer_rules)


def _least(changes: Sequence[Change]) -> Mapping[str, Change]:
    """Return for each quantizer the change that takes it away and least beside it."""
    found: dict[str, Change] = {}
    for change in sorted(changes, key=lambda each: (len(each.quantizers), len(each.nodes))):
        for name in change.quantizers:
            found.setdefault(name, change)
    return found


class _WorstFirst:
    """Walks the quantizers from the worst on, and leaves each in float that is still there."""

    def __init__(self, ledger: Ledger, changes: Sequence[Change]) -> None:
        self._ledger, self._changes = ledger, changes
        self._gone: frozenset[str] = frozenset()
        self.steps: list[int] = []
        self.curve = [predict(ledger, ())]

    def row(self, quantizer: QuantizerNoise, change: int | None) -> TrialRow:
        """Return the row of the next quantizer."""
        if change is None or quantizer.id in self._gone:
            return TrialRow(quantizer, change)
        self.steps.append(change)
        place = len(self.steps)
        chosen = [self._changes[each] for each in self.steps]
        self._gone = frozenset(name for name, factor in remaining(self._ledger, chosen).items() if factor == 0)
        if place > MOST_STEPS:
            return TrialRow(quantizer, change, place)
        self.curve.append(predict(self._ledger, chosen))
        before, after = self.curve[-2:]
        added = after.added_bytes - before.added_bytes
        return TrialRow(quantizer, change, place, gained(before.sqnr_db, after.sqnr_db), added)


def gained(before: Number | None, after: Number | None) -> Number | None:
    """Return by how many dB one level is above another; None where that says nothing."""
    one, other = finite(before), finite(after)
    if one is not None and other is not None:
        return other - one
    return "inf" if one is not None and after == "inf" else None

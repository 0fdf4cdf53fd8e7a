"""The runs of the open model: each is kept with its plan, and named by what it does otherwise than the one before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from qviz.analysis.ledger.answer import finite
from qviz.document.configuration import QuantizerRule, Rule
from qviz.document.flows import flow
from qviz.document.plan import Plan
from qviz.document.run_steps import step_text
from qviz.session.project import Project
from qviz.words import names, tr, trn
from qviz.words.formats import decibels, listed

MOST = 20
"""Runs; of more, the oldest that is not pinned goes."""
MOST_NODES = 200_000
"""Nodes of all runs together; they are in memory."""


@dataclass(frozen=True)
class ShelvedRun:
    """One run that ended.

    Attributes:
        number: From 1, in the order in which they ran.
        project: What came of it, with its plan.
        before: The plan of the run before it; None for the first.
        own_name: What the user calls it; "" for none.
        is_pinned: Whether it stays, however many there are.
    """

    number: int
    project: Project
    before: Plan | None = None
    own_name: str = ""
    is_pinned: bool = False

    @property
    def name(self) -> str:
        """What it is called: the user's name, or what it does otherwise."""
        if self.own_name:
            return self.own_name
        if self.before is None:
            return _flow_title(self.project.plan)
        return difference(self.before, self.project.plan)

    @property
    def sqnr_db(self) -> float | None:
        """The output's signal to noise; None where it was not measured, or is not finite."""
        snapshot = self.project.own_snapshot
        measured = snapshot.measurements if snapshot is not None else None
        return finite(measured.sqnr_db.total) if measured is not None and measured.sqnr_db is not None else None

    @property
    def about(self) -> str:
        """What came of it, in a few words."""
        error, snapshot = self.project.error, self.project.snapshot
        if error is not None:
            return step_text(error.step, "failed")
        measured = snapshot.measurements if snapshot is not None else None
        level = measured.sqnr_db.total if measured is not None and measured.sqnr_db is not None else None
        count = len(self.project.findings)
        findings = trn(count, "{count} finding", "{count} findings")
        return findings if level is None else " · ".join((decibels(level), findings))


@dataclass(frozen=True)
class ShelvedRuns:
    """The runs, the newest first; a value, of which every edit returns another."""

    runs: tuple[ShelvedRun, ...] = ()
    count: int = 0

    def kept(self, project: Project) -> ShelvedRuns:
        """Return these and a run that ended."""
        before = self.runs[0].project.plan if self.runs else None
        made = ShelvedRun(self.count + 1, project, before)
        return ShelvedRuns(tuple(_within_limits((made, *self.runs))), self.count + 1)

    def updated(self, project: Project) -> ShelvedRuns:
        """Return these, with what is shown of the run of a project, and its bookmarks, as they are now."""
        if project.alone is not None:
            return self  # what is shown is a pair
        return replace(
            self,
            runs=tuple(
                replace(each, project=replace(project, plan=each.project.plan)) if self._is_of(each, project) else each
                for each in self.runs
            ),
        )

    def shown(self, project: Project | None) -> ShelvedRun | None:
        """Return the run whose result a project shows."""
        return next((each for each in self.runs if project is not None and self._is_of(each, project)), None)

    def before(self, project: Project) -> ShelvedRun | None:
        """Return the run before the one that a project shows; of one that has just ended, the newest that is kept."""
        shown = self.shown(project)
        if shown is None:
            return self.runs[0] if self.runs and project.seconds is not None else None
        return next((each for each in self.runs if each.number < shown.number), None)

    def run(self, number: int) -> ShelvedRun | None:
        """Return a run by its number."""
        return next((each for each in self.runs if each.number == number), None)

    def renamed(self, number: int, name: str) -> ShelvedRuns:
        """Return these, with the user's name for a run; an empty one goes back to what qviz calls it."""
        return self._with(number, own_name=name.strip())

    def pinned(self, number: int, is_pinned: bool) -> ShelvedRuns:
        """Return these, with a run that stays, or need not."""
        return self._with(number, is_pinned=is_pinned)

    def removed(self, number: int) -> ShelvedRuns:
        """Return these without a run."""
        return replace(self, runs=tuple(each for each in self.runs if each.number != number))

    def _with(self, number: int, **fields: str | bool) -> ShelvedRuns:
        runs = (replace(each, **fields) if each.number == number else each for each in self.runs)  # type: ignore[arg-type]
        return replace(self, runs=tuple(runs))

    def _is_of(self, each: ShelvedRun, project: Project) -> bool:
        return each.project.snapshot is not None and each.project.snapshot is project.own_snapshot


def _within_limits(runs: tuple[ShelvedRun, ...]) -> Iterator[ShelvedRun]:
    """Yield the newest runs, and all that are pinned."""
    nodes = 0
    for place, each in enumerate(runs):
        nodes += sum(len(stage.graph.nodes) for stage in each.project.stages)
        if place == 0 or each.is_pinned or (place < MOST and nodes <= MOST_NODES):
            yield each


def difference(before: Plan, after: Plan) -> str:
    """Return in a few words what a plan does otherwise than another: ``layer1.0.conv1 in float``."""
    found = list(_differences(before, after))
    return listed(found, 2) if found else tr("the same again")


def _differences(before: Plan, after: Plan) -> Iterator[str]:
    if before.flow != after.flow:
        yield _flow_title(after)
    yield from (_rule(rule) for rule in _rules(after) if rule not in _rules(before))
    targets = {rule.target for rule in _rules(after)}
    for rule in _rules(before):
        if rule.target not in targets:
            yield tr("no rule for {target}", target=rule.target or tr("everything"))
    if before.quantizer_options.per_channel != after.quantizer_options.per_channel:
        yield tr("per tensor") if after.quantizer_options.per_channel is False else tr("per channel")
    for name in after.__struct_fields__:
        was, now = getattr(before, name), getattr(after, name)
        if was != now and name not in ("flow", "rules", "quantizer_options", "source"):
            yield f"{name} {now}" if isinstance(now, str | int | float) else tr("other {name}", name=name)


def _rules(plan: Plan) -> list[Rule | QuantizerRule]:
    return [*plan.rules, *plan.quantizer_options.rules]


def _rule(rule: Rule | QuantizerRule) -> str:
    target = rule.target or tr("everything")
    if isinstance(rule, Rule):
        if rule.qconfig is None:
            return tr("{target} in float", target=target)
        return tr("{target}: another qconfig", target=target)
    if not rule.enabled:
        return tr("{target} in float", target=target)
    if rule.per_channel is not None:
        words = tr("per channel") if rule.per_channel else tr("per tensor")
        return tr("{target} {setting}", target=target, setting=words)
    return tr("a rule for {target}", target=target)


def _flow_title(plan: Plan) -> str:
    chosen = flow(plan.flow)
    return names.flow(chosen.id, chosen.title) if chosen is not None else tr("Capture only")

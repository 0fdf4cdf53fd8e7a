"""Judges the findings of a run: which are accepted, which fail the check, what the baseline names in vain."""

from __future__ import annotations

from collections import Counter
from typing import Literal, TypeAlias, get_args

import msgspec

from qviz.analysis.coverage import coverage
from qviz.analysis.findings import find
from qviz.analysis.verdicts.acceptance import Acceptance, AcceptedInPart
from qviz.analysis.verdicts.finding_places import FindingPlaces
from qviz.analysis.verdicts.source_lines import SourceLines
from qviz.document.baseline import Accepted, Baseline
from qviz.document.causes import by_cause
from qviz.document.coverage import Coverage
from qviz.document.graph import Record, SourceLine
from qviz.document.measurements import Measurements
from qviz.document.run_steps import STOPPED, stopped_finding
from qviz.document.snapshot import Finding, Level, Run, Snapshot

FailOn: TypeAlias = Literal["error", "warning", "info", "never"]
FAIL_ON: tuple[FailOn, ...] = get_args(FailOn)


class Judged(Record, frozen=True):
    """One finding with what became of it.

    Attributes:
        fingerprint: Its name across runs.
        sources: The lines of the model that it speaks of.
        accepted: The baseline has it, at all of its places.
        new: The nodes that it speaks of and that the baseline does not accept; all of them if it accepts none.
        fails: It is at or above the level that fails the check, and not accepted.
    """

    finding: Finding
    fingerprint: str
    sources: tuple[SourceLine, ...]
    accepted: bool
    fails: bool
    new: tuple[str, ...] = ()


class Verdict(Record, frozen=True):
    """What the check came to.

    Attributes:
        judged: All findings, the worst first.
        stale: What the baseline accepts and this run has not; none of a run that did not come to its end.
        has_baseline: Whether there was one.
        coverage: None where no operator can be quantized, or nothing was converted.
        model_file: Where the model is written down, if that is known.
        measurements: What was measured on data; None where nothing was.
    """

    run: Run
    fail_on: FailOn
    judged: tuple[Judged, ...]
    stale: tuple[Accepted, ...] = ()
    has_baseline: bool = False
    coverage: Coverage | None = None
    model_file: str | None = None
    measurements: Measurements | None = None

    @property
    def open(self) -> tuple[Judged, ...]:
        """The findings that nobody accepted."""
        return tuple(each for each in self.judged if not each.accepted)

    @property
    def causes(self) -> tuple[tuple[Judged, tuple[Judged, ...]], ...]:
        """The open findings that follow from no other open one, each with those that follow from it."""
        known = {id(each.finding): each for each in self.open}
        groups = by_cause(each.finding for each in self.open)
        return tuple((known[id(one)], tuple(known[id(each)] for each in others)) for one, others in groups)

    @property
    def failing(self) -> tuple[Judged, ...]:
        """The findings that fail the check; those that follow from one of them are counted with it."""
        return tuple(each for each, _ in self.causes if each.fails)

    @property
    def counts(self) -> dict[Level, int]:
        """How many findings of each level nobody accepted; what follows from one is counted with it."""
        found = Counter(each.finding.level for each, _ in self.causes)
        return {level: found[level] for level in Level}


def findings_of(snapshot: Snapshot) -> tuple[Finding, ...]:
    """Return what a run found; a run that was cut short has not asked the rules yet, nor an engine what stopped it."""
    is_cut_short = all(each.rule == STOPPED for each in snapshot.findings)
    found = find(snapshot) if is_cut_short else snapshot.findings
    error = snapshot.run.error
    if error is None or any(each.rule == STOPPED for each in found):
        return found
    reached = snapshot.stages[-1].name if snapshot.stages else None
    return (stopped_finding(error, reached), *found)


def judge(snapshot: Snapshot, fail_on: FailOn, baseline: Baseline | None = None) -> Verdict:
    """Judge a run.

    Args:
        snapshot: The run, also one that failed half-way.
        fail_on: The lowest level that fails the check.
        baseline: What was accepted before.
    """
    lines = SourceLines(snapshot)
    places = FindingPlaces(snapshot)
    acceptance = Acceptance(baseline, places)
    failing = FAIL_ON[: FAIL_ON.index(fail_on) + 1] if fail_on != "never" else ()
    judged: list[Judged] = []
    used: list[Accepted] = []
    for finding in findings_of(snapshot):
        entries = acceptance.entries(finding)
        new = AcceptedInPart((), entries) if entries else acceptance.of_some_places(finding)
        used += new.entries
        fails = finding.level.value in failing and not entries
        told = msgspec.structs.replace(finding, nodes=new.new or finding.nodes)
        judged.append(Judged(finding, places.fingerprint(finding), lines.of(told), bool(entries), fails, new.new))
    entries = baseline.findings if baseline is not None and snapshot.run.status == "done" else ()
    stale = [each for each in entries if each not in used]
    return Verdict(
        run=snapshot.run,
        fail_on=fail_on,
        judged=tuple(judged),
        stale=tuple(stale),
        has_baseline=baseline is not None,
        coverage=coverage(snapshot.stages, snapshot.links, snapshot.facts),
        model_file=lines.model_file,
        measurements=snapshot.measurements,
    )

"""What there is to say where nothing is selected: what the run came to, and its worst places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from qviz.analysis.coverage import CONVERTED
from qviz.analysis.inspecting.inspected_run import InspectedRun, NodePlace
from qviz.analysis.inspecting.node_noise import share_of
from qviz.analysis.inspecting.node_page import Fact
from qviz.analysis.inspecting.place_text import headline, place_text
from qviz.analysis.ledger.answer import answer, summary_line
from qviz.analysis.verdicts.summary import told_coverage
from qviz.document.measurements import Measurements, QuantizerNoise
from qviz.document.snapshot import Level
from qviz.words import tr, trn
from qviz.words.formats import amount, decibels, ended, part

WORST = 3
_LEVELS = (Level.ERROR, Level.WARNING, Level.INFO)


class WorstPlace(NamedTuple):
    """A place to look at first: its name, why, and where it is."""

    name: str
    told: str
    place: NodePlace


class RunPage(NamedTuple):
    """All of a page.

    Attributes:
        answer: Who owns the noise, in a sentence; "" where nothing was measured.
        facts: What the run came to.
        worst: The places to look at first.
        is_by_noise: Whether they are the noisiest; else those of findings.
        is_measurable: Whether the noise could still be measured.
    """

    answer: str
    facts: tuple[Fact, ...]
    worst: tuple[WorstPlace, ...]
    is_by_noise: bool
    is_measurable: bool


def run_page(run: InspectedRun) -> RunPage:
    """Return the page of a run."""
    measured = run.parts.measurements
    worst = tuple(_noisy(run))
    told = ended(answer(measured).text) if measured is not None and measured.sqnr_db is not None else ""
    return RunPage(told, tuple(_facts(run)), worst or tuple(_found(run)), bool(worst), _is_measurable(run))


def _is_measurable(run: InspectedRun) -> bool:
    return run.ledger is None and run.parts.last in CONVERTED


def _facts(run: InspectedRun) -> Iterator[Fact]:
    if run.parts.last in CONVERTED:
        yield from _output(run.parts.measurements)
    coverage = told_coverage(run.parts.summary)
    if coverage is not None:
        pairs = (
            (tr("Operators"), coverage.operators),
            (tr("Parameters"), coverage.parameters),
            (tr("MACs"), coverage.macs),
        )
        for name, pair in pairs:
            if pair is not None and pair[1]:
                share, total = part(pair[0] / pair[1]), amount(pair[1])
                yield name, tr("{share} of {total} in low precision", share=share, total=total)
    yield tr("Findings"), _counts(run)


def _output(measured: Measurements | None) -> Iterator[Fact]:
    errors = measured.sqnr_db if measured is not None else None
    if measured is None or errors is None or errors.total is None:
        yield tr("Output"), summary_line(measured) or tr("not measured")
        return
    yield tr("Output SQNR"), decibels(errors.total)
    agreements = [each.agreement for each in measured.outputs if each.agreement is not None]
    if agreements:
        yield tr("Same class"), tr("{share} of the samples", share=part(min(agreements)))


def _counts(run: InspectedRun) -> str:
    counts = {level: sum(each.level is level for each in run.parts.own_findings) for level in _LEVELS}
    told = {
        Level.ERROR: trn(counts[Level.ERROR], "{count} error", "{count} errors"),
        Level.WARNING: trn(counts[Level.WARNING], "{count} warning", "{count} warnings"),
        Level.INFO: trn(counts[Level.INFO], "{count} note", "{count} notes"),
    }
    return " · ".join(told[level] for level in _LEVELS if counts[level]) or tr("none")


def _noisy(run: InspectedRun) -> Iterator[WorstPlace]:
    by_owner: dict[NodePlace, list[QuantizerNoise]] = {}
    for row in run.ledger.quantizers if run.ledger is not None else ():
        if row.id in run.owners:
            by_owner.setdefault(run.owners[row.id], []).append(row)
    known = [(share, place) for place, rows in by_owner.items() if (share := share_of(rows)) is not None]
    for share, place in sorted(known, key=lambda each: -each[0])[:WORST]:
        told = tr("{share} of the output noise", share=part(share))
        yield WorstPlace(place_text(run, place), told, _last(run, place))


def _found(run: InspectedRun) -> Iterator[WorstPlace]:
    findings = sorted(run.parts.own_findings, key=lambda each: _LEVELS.index(each.level))
    places = {NodePlace(each.stage, each.nodes[0]): each for each in reversed(findings) if each.nodes}
    for place, finding in [*reversed(places.items())][:WORST]:
        if run.node(place) is not None:
            yield WorstPlace(place_text(run, place), headline(finding, finding.message), place)


def _last(run: InspectedRun, place: NodePlace) -> NodePlace:
    """Return what a node is in the last stage, where it is still there."""
    last = run.parts.last
    became = run.become(place.stage, (place.node,), last)
    return NodePlace(last, became[0]) if became else place

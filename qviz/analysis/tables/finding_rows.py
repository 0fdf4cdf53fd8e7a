"""The findings of a run as rows: what was found, where, and what mends it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from qviz.analysis.acting.remedies import remedy_of
from qviz.analysis.inspecting.inspected_run import InspectedRun, NodePlace
from qviz.analysis.inspecting.place_text import place_text
from qviz.analysis.linking.beside import BETWEEN
from qviz.analysis.tables.node_columns import CellValue
from qviz.document.causes import by_cause
from qviz.document.snapshot import Finding, StageName
from qviz.words import names, tr
from qviz.words.formats import every, grouped


class FindingRow(NamedTuple):
    """One kind of fault.

    Attributes:
        finding: What it tells, with all its places.
        title: What is wrong, in a few words.
        places: Where, in the order of its nodes; the stage alone for one that speaks of the whole.
        remedy: What it wants added to the plan, as TOML; "" where there is no such thing.
        consequences: The findings that follow from it.
    """

    finding: Finding
    title: str
    places: tuple[str, ...]
    remedy: str
    consequences: tuple[FindingRow, ...] = ()


def finding_rows(findings: Iterable[Finding], run: InspectedRun | None) -> tuple[FindingRow, ...]:
    """Return a row for each cause, in the order of the findings, with what follows from it."""
    return tuple(
        _row(cause, run)._replace(consequences=tuple(_row(each, run) for each in consequences))
        for cause, consequences in by_cause(findings)
    )


def count_text(findings: Iterable[Finding], panes: tuple[str | None, str | None]) -> str:
    """Return how many rows there are; of two results for each pane: ``A 2 · B 1``. "" for none.

    Args:
        findings: All of them.
        panes: The names of the stages in pane A and in pane B.
    """
    causes = [each.cause for each in by_cause(findings)]
    results = [_result(name or "") for name in panes]
    if results[0] == results[1]:
        return grouped(len(causes)) if causes else ""
    counted = Counter(_result(each.stage) for each in causes)
    a, b = (grouped(counted[each]) for each in results)
    return tr("A {a} · B {b}", a=a, b=b) if causes else ""


def _result(stage: StageName) -> str:
    """Return which result beside the own one a stage is of; "" for its own."""
    return stage.partition(BETWEEN)[2]


def _row(finding: Finding, run: InspectedRun | None) -> FindingRow:
    beside = _result(finding.stage)
    told = (place_text(run, NodePlace(finding.stage, each)) for each in finding.nodes)
    places = tuple(tr("{run}: {node}", run=beside, node=each) if beside else each for each in told)
    whole = (every(finding.place) if finding.place else names.stage(finding.stage),)
    return FindingRow(
        finding, names.rule(finding.rule), places or whole, remedy_of(run, finding) if run is not None else ""
    )


def finding_cells(findings: Iterable[Finding]) -> tuple[list[str], list[list[CellValue]]]:
    """Return the heads and cells of findings for a file."""
    heads = ["level", "rule", "message", "reason", "hint", "stage", "nodes"]
    return heads, [
        [each.level.value, each.rule, each.message, each.reason, each.hint, each.stage, " ".join(each.nodes)]
        for each in findings
    ]

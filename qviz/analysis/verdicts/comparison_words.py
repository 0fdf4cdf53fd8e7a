"""Puts a row of a comparison into words, the same for the command line and the window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qviz.analysis.verdicts.advice import failed, title
from qviz.analysis.verdicts.coverage_words import counts
from qviz.document.comparison import FloatOperators, FlowRow
from qviz.document.graph import Json
from qviz.document.run_steps import step_arg
from qviz.document.said import Said
from qviz.words import mark, tr
from qviz.words.formats import decibels, number, size

HEADINGS = (mark("Result"), mark("Low precision"), mark("Size"), mark("SQNR"), mark("Time"), mark("Findings"))


def cells(row: FlowRow) -> tuple[str, ...]:
    """Return the words under `HEADINGS`; a cell is empty where nothing was measured."""
    return (result(row).text, _low(row), _size(row), _error(row), _time(row), _findings(row))


def result(row: FlowRow) -> Said:
    """Return what became of a flow."""
    if row.status == "done":
        return Said("row.converted" if row.broken is None else "row.fails_when_run")
    if row.error is None:
        return Said("row.failed_unknown")
    if row.status == "died":
        return Said("row.died", {}, {"step": step_arg(row.error.step)})
    return failed("row", row.error)


def reasons(row: FlowRow) -> Iterator[Said]:
    """Yield what went wrong, then what stays float and why, one statement for each reason."""
    if row.error is not None:
        message, hint = row.error.message, row.error.hint
        ends = message.endswith((".", "!", "?"))  # an exception's own text may be a sentence or not
        yield Said("row.error_sentence" if ends else "row.error", {}, {"message": message, "hint": hint})
    if row.broken is not None:
        yield Said("row.broken", {}, {"cause": row.broken})
    causes: list[list[FloatOperators]] = []
    for group in row.stays_float:
        known = next((each for each in causes if _cause(each[0]) == _cause(group)), None)
        if known is None:
            causes.append(known := [])
        known.append(group)
    for groups in causes:
        operators: list[Json] = [f"{number(len(group.nodes))} {group.type}" for group in groups]
        yield Said("row.stays_float", {}, {"operators": operators, "reason": _cause(groups[0]).as_arg()})


def float_lines(row: FlowRow) -> Iterator[str]:
    """Yield the reasons of a row in words."""
    yield from (each.text for each in reasons(row))


def explained(rows: Sequence[FlowRow]) -> list[tuple[str, str]]:
    """Return each reason in words, with the titles of the flows that it holds for."""
    flows: list[tuple[Said, list[str]]] = []
    for row in rows:
        for reason in reasons(row):
            titles = next((titles for known, titles in flows if known == reason), None)
            if titles is None:
                flows.append((reason, titles := []))
            titles.append(title(row.flow))
    return [(", ".join(titles), reason.text) for reason, titles in flows]


def _cause(group: FloatOperators) -> Said:
    return Said(group.code, group.roles, group.args)


def _low(row: FlowRow) -> str:
    if row.coverage is not None:
        return counts(row.coverage)
    return tr("{low} of {total}", low=len(row.low), total=row.total) if row.total else ""


def _size(row: FlowRow) -> str:
    return f"{size(row.size.before)} → {size(row.size.after)}" if row.size else ""


def _error(row: FlowRow) -> str:
    return "" if row.sqnr_db is None else decibels(row.sqnr_db)


def _time(row: FlowRow) -> str:
    if row.time is not None:
        return f"{number(row.time.before_ms, 3)} → {number(row.time.after_ms, 3)} ms"
    return Said(row.no_time).text if row.no_time else ""


def _findings(row: FlowRow) -> str:
    return ", ".join(Said(f"row.found.{level}", {}, {"count": count}).text for level, count in row.findings.items())

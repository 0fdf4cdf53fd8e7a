"""Puts a row of a comparison into words, the same for the command line and the window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qviz.analysis.verdicts.advice import title, where
from qviz.document.comparison import FloatOperators, FlowRow
from qviz.document.run_steps import step_text

HEADINGS = ("Ends", "Low precision", "Size", "Error", "Time", "Findings")


def cells(row: FlowRow) -> tuple[str, ...]:
    """Return the words under `HEADINGS`; a cell is empty where nothing was measured."""
    return (_ends(row), _low(row), _size(row), _error(row), _time(row), _findings(row))


def float_lines(row: FlowRow) -> Iterator[str]:
    """Yield what went wrong, then what stays float and why, one line for each reason."""
    if row.error is not None:
        yield " ".join(_sentence(text) for text in (row.error.message, row.error.hint) if text)
    if row.broken is not None:
        yield f"the converted model does not run: {row.broken}"
    causes: dict[tuple[str, str], list[FloatOperators]] = {}
    for group in row.stays_float:
        causes.setdefault((group.code, repr(group.args)), []).append(group)
    for groups in causes.values():
        counts = ", ".join(f"{len(group.nodes)} {group.type}" for group in groups)
        yield f"{counts} in float: {groups[0].text}"


def explained(rows: Sequence[FlowRow]) -> list[tuple[str, str]]:
    """Return each line with the titles of the flows that it holds for."""
    flows: dict[str, list[str]] = {}
    for row in rows:
        for line in float_lines(row):
            flows.setdefault(line, []).append(title(row.flow))
    return [(", ".join(names), line) for line, names in flows.items()]


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _ends(row: FlowRow) -> str:
    if row.status == "done":
        return "done" if row.broken is None else "done, does not run"
    if row.error is None:
        return row.status
    if row.status == "died":
        return f"Engine died {where(row.error)}"
    return (
        f"{step_text(row.error.step, 'failed')} {where(row.error)}"
        if row.error.source
        else step_text(row.error.step, "failed")
    )


def _low(row: FlowRow) -> str:
    return f"{len(row.low)} of {row.total}" if row.total else ""


def _size(row: FlowRow) -> str:
    return f"{_bytes(row.size.before)} → {_bytes(row.size.after)}" if row.size else ""


def _bytes(count: int) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count} B"


def _error(row: FlowRow) -> str:
    if row.sqnr_db is None:
        return ""
    return "none" if row.sqnr_db == "inf" else f"{float(row.sqnr_db):.1f} dB"


def _time(row: FlowRow) -> str:
    if row.time is not None:
        return f"{row.time.before_ms:.3g} → {row.time.after_ms:.3g} ms"
    return row.no_time or ""


def _findings(row: FlowRow) -> str:
    return ", ".join(f"{count} {level}" for level, count in row.findings.items())

"""Measurements as Markdown, to paste into an issue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from qviz.analysis.ledger.formats import LEDGER_FORMATS, LedgerFormat
from qviz.analysis.ledger.tables import Section, sections
from qviz.document.snapshot import Snapshot
from qviz.words import tr
from qviz.words.untrusted import Untrusted


def _write(snapshot: Snapshot, most: int | None) -> str:
    assert snapshot.measurements is not None
    first, *others = sections(snapshot.measurements, most)
    versions = ", ".join(f"{name} {version}" for name, version in snapshot.run.versions.items())
    run = " · ".join(each for each in (snapshot.run.source, snapshot.run.flow, versions) if each)
    parts = [f"**{escaped(first.lines[0])}**", tr("Measured by qviz: {run}", run=escaped(run))]
    return "\n\n".join((*parts, *("\n".join(lines_of(each)) for each in others))) + "\n"


def lines_of(section: Section) -> Iterator[str]:
    """Yield the lines of one part of a report."""
    yield f"### {escaped(section.title)}"
    yield ""
    if section.headings:
        yield from table_of(section.headings, section.rows)
        yield ""
    yield from (f"- {escaped(line)}" for line in section.lines)


def table_of(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table."""
    yield row_of(headings)
    yield row_of(["---"] * len(headings))
    yield from (row_of([*map(escaped, row)]) for row in rows)


def row_of(cells: Sequence[str]) -> str:
    """Return a row of a table."""
    return f"| {' | '.join(cells)} |"


def escaped(text: str) -> str:
    """Return a text that Markdown shows as it is: names hold underscores, messages of torch anything."""
    return Untrusted(text).markdown


LEDGER_FORMATS.add("markdown", LedgerFormat(_write, (".md",)))

"""Measurements as Markdown, to paste into an issue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qviz.analysis.ledger.formats import LEDGER_FORMATS, LedgerFormat
from qviz.analysis.ledger.tables import Section, sections
from qviz.document.snapshot import Snapshot
from qviz.words import tr


def _write(snapshot: Snapshot, most: int | None) -> str:
    assert snapshot.measurements is not None
    first, *others = sections(snapshot.measurements, most)
    versions = ", ".join(f"{name} {version}" for name, version in snapshot.run.versions.items())
    run = " · ".join(each for each in (snapshot.run.source, snapshot.run.flow, versions) if each)
    parts = [f"**{_escaped(first.lines[0])}**", tr("Measured by qviz: {run}", run=_escaped(run))]
    return "\n\n".join((*parts, *("\n".join(_lines(each)) for each in others))) + "\n"


def _lines(section: Section) -> Iterator[str]:
    yield f"### {_escaped(section.title)}"
    yield ""
    if section.headings:
        yield _row(section.headings)
        yield _row(["---"] * len(section.headings))
        yield from (_row([*map(_escaped, row)]) for row in section.rows)
        yield ""
    yield from (f"- {_escaped(line)}" for line in section.lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    """Return a text that Markdown shows as it is: names hold underscores, messages of torch anything."""
    for sign in "\\`*_<>|[]#":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())


LEDGER_FORMATS.add("markdown", LedgerFormat(_write, (".md",)))

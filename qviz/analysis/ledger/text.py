"""Measurements as plain text: the answer, then aligned tables."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from qviz.analysis.ledger.formats import LEDGER_FORMATS, LedgerFormat
from qviz.analysis.ledger.tables import Section, sections
from qviz.document.measurements import Measurements
from qviz.document.snapshot import Snapshot
from qviz.words.language import sign
from qviz.words.visible import visible

_GAP = "  "


def text_of(measured: Measurements, most: int | None) -> str:
    """Return measurements as plain text; the first line is the answer."""
    return visible("\n\n".join("\n".join(_lines(each)) for each in sections(measured, most))) + "\n"


def _write(snapshot: Snapshot, most: int | None) -> str:
    assert snapshot.measurements is not None
    return text_of(snapshot.measurements, most)


def _lines(section: Section) -> Iterator[str]:
    if section.title:
        yield f"{section.title}{sign(':')}"
    yield from aligned((section.headings, *section.rows)) if section.headings else ()
    yield from section.lines


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield rows whose columns stand below each other."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        yield _GAP.join(cells).rstrip()


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes; Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


LEDGER_FORMATS.add("text", LedgerFormat(_write, (".txt",)))

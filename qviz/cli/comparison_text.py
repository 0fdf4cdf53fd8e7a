"""Prints a comparison: the advice, a row a flow, what stays float, the claims, what torch takes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from qviz.analysis.verdicts.advice import advise
from qviz.analysis.verdicts.claims import claims
from qviz.analysis.verdicts.comparison_words import HEADINGS, cells, explained
from qviz.analysis.verdicts.support import OPERATORS, used
from qviz.document.comparison import ERROR_MEANS, SIZE_MEANS, TIME_MEANS, Comparison
from qviz.words import tr
from qviz.words.visible import visible

if TYPE_CHECKING:
    from rich.console import RenderableType

_PIPED_WIDTH = 120


def print_comparison(comparison: Comparison) -> None:
    """Write it to standard output, for people."""
    console = Console(width=None if sys.stdout.isatty() else _PIPED_WIDTH, highlight=False)
    console.print(f"[bold]{escape(visible(advise(comparison.rows).text))}[/bold]")
    tables = _claims(comparison), _operators(comparison)
    for part in (_flows(comparison), *_notes(comparison), *tables, *_operator_notes()):
        console.print(part)


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _flows(comparison: Comparison) -> RenderableType:
    table = _table(tr("Flow"), *(tr(each) for each in HEADINGS))
    for row in comparison.rows:
        table.add_row(row.flow, *(escape(visible(cell)) for cell in cells(row)))
    return table


def _notes(comparison: Comparison) -> Iterator[str]:
    yield ""
    for names, line in explained(comparison.rows):
        yield escape(visible(f"{names}: {line}"))
    for heading, means in ((tr("Size"), SIZE_MEANS), (tr("SQNR"), ERROR_MEANS), (tr("Time"), TIME_MEANS)):
        yield escape(tr("{heading}: {meaning}", heading=heading, meaning=tr(means)))
    yield ""


def _claims(comparison: Comparison) -> RenderableType:
    table = _table(tr("Claim"), tr("Measured"))
    for claim in claims(comparison.rows):
        table.add_row(claim.text, escape(visible(claim.measured)))
    return table


def _operators(comparison: Comparison) -> RenderableType:
    calls = {name for row in comparison.rows for name in row.operators}
    have = used(comparison.types, calls)
    table = _table(*(f"\n{each}" for each in (tr("In model"), tr("Operator"), tr("Static"), tr("Dynamic"))))
    for each in OPERATORS:
        table.add_row("✓" if each.name in have else "", each.name, str(each.static), str(each.dynamic))
    return table


def _operator_notes() -> Iterator[str]:
    yield ""
    notes: dict[str, list[str]] = {}
    for each in OPERATORS:
        notes.setdefault(each.note, []).append(each.name)
    for note, names in notes.items():
        if note:
            yield f"{', '.join(names)}: {note}."

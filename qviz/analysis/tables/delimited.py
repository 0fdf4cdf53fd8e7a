"""Rows of a table as text: with tabs, for the clipboard, and as CSV, for a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from qviz.analysis.tables.node_columns import CellValue
from qviz.words.untrusted import Untrusted

_DIGITS = 5
"""Significant ones of a number that is copied; a file has all."""


def tab_separated(heads: Sequence[str], rows: Iterable[Sequence[CellValue]]) -> str:
    r"""Return a line for the heads and one for each row, with tabs between the cells.

    >>> tab_separated(["node", "share"], [["=1+1", 0.123456], ["conv", None]])
    "node\tshare\n'=1+1\t0.12346\nconv\t\n"
    """
    lines = ["\t".join(map(_copied, heads)), *("\t".join(map(_copied, row)) for row in rows)]
    return "\n".join(lines) + "\n"


def csv_text(heads: Sequence[str], rows: Iterable[Sequence[CellValue]]) -> str:
    """Return the rows as RFC 4180 wants them; a text that a spreadsheet would compute is quoted with an apostrophe."""
    made = io.StringIO()
    writer = csv.writer(made)
    writer.writerow([_written(each) for each in heads])
    writer.writerows([_written(cell) for cell in row] for row in rows)
    return made.getvalue()


def _copied(cell: CellValue) -> str:
    if isinstance(cell, float):
        return f"{cell:.{_DIGITS}g}"
    return "" if cell is None else Untrusted(" ".join(str(cell).split())).cell


def _written(cell: CellValue) -> CellValue:
    return Untrusted(cell).cell if isinstance(cell, str) else cell

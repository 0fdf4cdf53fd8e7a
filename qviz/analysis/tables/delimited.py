"""Rows of a table as text: with tabs, for the clipboard, and as CSV, for a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from qviz.analysis.tables.node_columns import CellValue

_DIGITS = 5
"""Significant ones of a number that is copied; a file has all."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet compute a text: names in a result may come from anybody."""


def tab_separated(heads: Sequence[str], rows: Iterable[Sequence[CellValue]]) -> str:
    """Return a line for the heads and one for each row, with tabs between the cells."""
    lines = ["\t".join(heads), *("\t".join(map(_copied, row)) for row in rows)]
    return "\n".join(lines) + "\n"


def csv_text(heads: Sequence[str], rows: Iterable[Sequence[CellValue]]) -> str:
    """Return the rows as RFC 4180 wants them; a text that a spreadsheet would compute is quoted with an apostrophe."""
    made = io.StringIO()
    writer = csv.writer(made)
    writer.writerow(heads)
    writer.writerows([_written(cell) for cell in row] for row in rows)
    return made.getvalue()


def _copied(cell: CellValue) -> str:
    if isinstance(cell, float):
        return f"{cell:.{_DIGITS}g}"
    return "" if cell is None else " ".join(str(cell).split())


def _written(cell: CellValue) -> CellValue:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell

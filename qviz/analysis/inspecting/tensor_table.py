"""The tensors of an operator as a table of words: a column for each, a row for each thing that is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from qviz.analysis.inspecting.histogram_bars import covered
from qviz.analysis.inspecting.tensors import TensorColumn, shown_first
from qviz.document.graph import Number, Numbers
from qviz.words import tr
from qviz.words.formats import decibels, dtype, number, percent

LEAST_TOLD = 0.0001
"""Smaller shares are not told apart."""

_WIDE = 17
"""Letters that a column has room for."""


class TensorRow(NamedTuple):
    """One row: its name and a text for each column.

    Attributes:
        name: What the row tells.
        cells: In the order of the columns.
        is_strong: Whether it is what one looks for first.
    """

    name: str
    cells: tuple[str, ...]
    is_strong: bool = False


class TensorTable(NamedTuple):
    """The table of an operator.

    Attributes:
        columns: The tensors that are shown.
        rows: What is known of them.
        rest: The tensors that have no room.
    """

    columns: tuple[TensorColumn, ...]
    rows: tuple[TensorRow, ...]
    rest: tuple[TensorColumn, ...]


def tensor_table(tensors: Sequence[TensorColumn]) -> TensorTable | None:
    """Return the table of some tensors; None where nothing of them is quantized or observed."""
    if not any(each.params or each.observed or each.row for each in tensors):
        return None
    columns, rest = shown_first(tensors)
    return TensorTable(columns, rows_of(columns), rest)


def rows_of(columns: Sequence[TensorColumn]) -> tuple[TensorRow, ...]:
    """Return what is known of some tensors, a row for each thing."""
    told: tuple[tuple[str, Callable[[TensorColumn], str]], ...] = (
        (tr("dtype"), _dtype),
        (tr("observed"), _observed),
        (tr("range"), _range),
        (tr("scale"), _scale),
        (tr("zero point"), _zero_point),
        (tr("clipped"), _clipped),
    )
    rows = [TensorRow(name, tuple(map(tell, columns))) for name, tell in told]
    if all(each.observed is None for each in columns):
        rows = [row for row in rows if row.name != tr("observed")]
    is_measured = any(each.row is not None for each in columns)
    rows.append(TensorRow(tr("SQNR"), tuple(map(_sqnr, columns)), is_strong=is_measured))
    missing = tr("not measured")  # said once, where the noise is
    return tuple(row for row in rows if any(cell != missing for cell in row.cells))


def small_share(value: float) -> str:
    """Return a share in percent, of what is nearly nothing or nearly all the bound."""
    if 0 < value < LEAST_TOLD:
        return tr("< {share}", share=percent(LEAST_TOLD))
    if 1 - LEAST_TOLD < value < 1:
        return tr("> {share}", share=percent(1 - LEAST_TOLD))
    return percent(value)


def _dtype(column: TensorColumn) -> str:
    return dtype(column.dtype) or tr("not known")


def _observed(column: TensorColumn) -> str:
    seen = column.observed
    if seen is not None and seen.calibrated is False:
        return tr("no data")
    if seen is None or seen.min is None or seen.max is None:
        return tr("not recorded")
    return _span(_end(seen.min, min), _end(seen.max, max))


def _span(low: Number, high: Number) -> str:
    """Return a range in three digits, in two where it is long: three of them stand side by side."""
    told = f"{number(low, 3)} … {number(high, 3)}"
    return told if len(told) <= _WIDE else f"{number(low, 2)} … {number(high, 2)}"


def _end(values: Number | tuple[Number, ...], choose: Callable[[Sequence[float]], float]) -> Number:
    if not isinstance(values, tuple):
        return values
    return choose([float(each) for each in values]) if values else "nan"


def _range(column: TensorColumn) -> str:
    if column.params is None:
        return tr("float") if not column.is_dynamic else tr("per batch")
    if column.is_dynamic and column.params.scale is None:
        return tr("per batch")
    reach = covered(column.params)
    return _span(*reach) if reach is not None else tr("not known")


def _scale(column: TensorColumn) -> str:
    return _numbers(column, column.params.scale if column.params else None)


def _zero_point(column: TensorColumn) -> str:
    return _numbers(column, column.params.zero_point if column.params else None)


def _numbers(column: TensorColumn, values: Numbers) -> str:
    if values is None:
        return tr("per batch") if column.is_dynamic else tr("none") if column.params is None else tr("not known")
    if not isinstance(values, tuple):
        return number(values)
    floats = [float(each) for each in values]
    if not floats:
        return tr("none")
    return number(floats[0]) if min(floats) == max(floats) else _span(min(floats), max(floats))


def _clipped(column: TensorColumn) -> str:
    if column.params is None and column.row is None:
        return tr("none")
    share = column.row.clipped if column.row is not None else None
    return tr("not measured") if share is None else small_share(share)


def _sqnr(column: TensorColumn) -> str:
    if column.params is None and column.row is None:
        return tr("float")
    level = column.row.local_db if column.row is not None else None
    return tr("not measured") if level is None else decibels(level)

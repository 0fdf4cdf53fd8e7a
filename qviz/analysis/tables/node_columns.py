"""The columns of the table of nodes: what each shows, sorts by and writes to a file; and the order of the rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from qviz.analysis.tables.node_figures import NodeFigures, Span
from qviz.document.graph import Node
from qviz.words import mark, tr
from qviz.words.formats import decibels, number, part, size, span

CellValue: TypeAlias = str | int | float | None
"""What a file has of a cell; None where nothing is known."""


class NodeColumn(NamedTuple):
    """One column.

    Attributes:
        code: Names it; of one cell in a file, its head.
        title: What readers call it, in English.
        is_number: Whether it stands at the right, and its largest values come first when sorted.
        text: What a cell shows.
        key: What it is sorted by; None where nothing is known, which comes last.
        cells: What a file has of it, by the names of its columns there.
        about: What the figure means, in English.
    """

    code: str
    title: str
    is_number: bool
    text: Callable[[NodeFigures, Node], str]
    key: Callable[[NodeFigures, Node], CellValue]
    cells: Callable[[NodeFigures, Node], dict[str, CellValue]]
    about: str = ""


class SortKey(NamedTuple):
    """A column to sort by, and whether the largest comes first."""

    column: int
    is_descending: bool


def _plain(code: str, title: str, value: Callable[[NodeFigures, Node], str], about: str = "") -> NodeColumn:
    return NodeColumn(
        code,
        title,
        False,
        value,
        lambda figures, node: value(figures, node).casefold() or None,
        lambda figures, node: {code: value(figures, node)},
        about,
    )


def _figure(
    code: str,
    title: str,
    value: Callable[[NodeFigures, Node], float | int | None],
    told: Callable[[float], str],
    about: str,
) -> NodeColumn:
    def text(figures: NodeFigures, node: Node) -> str:
        found = value(figures, node)
        return told(found) if found is not None else ""

    return NodeColumn(code, title, True, text, value, lambda figures, node: {code: value(figures, node)}, about)


def _spanned(
    code: str,
    title: str,
    value: Callable[[NodeFigures, Node], Span | None],
    key: Callable[[Span], float],
    about: str,
) -> NodeColumn:
    def text(figures: NodeFigures, node: Node) -> str:
        found = value(figures, node)
        if found is None:
            return ""
        return number(found.low) if found.low == found.high else span(found.low, found.high)

    def sorted_by(figures: NodeFigures, node: Node) -> CellValue:
        found = value(figures, node)
        return key(found) if found is not None else None

    def cells(figures: NodeFigures, node: Node) -> dict[str, CellValue]:
        low, high = value(figures, node) or (None, None)
        return {f"{code}_min": low, f"{code}_max": high}

    return NodeColumn(code, title, True, text, sorted_by, cells, about)


COLUMNS: tuple[NodeColumn, ...] = (
    _plain("node", mark("Node"), lambda _, node: node.id),
    _plain("module", mark("Module"), lambda _, node: node.place),
    _plain("kind", mark("Kind"), lambda figures, node: figures.kind(node)),
    _plain(
        "dtype",
        mark("Dtype"),
        lambda figures, node: figures.dtype(node),
        mark("The integers that an operator works on, else the dtype of what the node gives."),
    ),
    _spanned(
        "scale",
        mark("Scale"),
        NodeFigures.scale,
        lambda found: found.high,
        mark("Of the output, else of the weight, else of the input; of a scale for each channel, the ends."),
    ),
    _spanned(
        "range",
        mark("Range"),
        NodeFigures.reach,
        lambda found: found.high - found.low,
        mark("What an observer saw; of other nodes, what their integers can represent. Sorted by width."),
    ),
    _figure(
        "sqnr_db",
        mark("Local SQNR"),
        NodeFigures.level,
        decibels,
        mark("Signal to noise of the node's worst quantizer on its own; higher is better."),
    ),
    _figure(
        "share",
        mark("Share of output noise"),
        NodeFigures.share,
        part,
        mark("What the node's quantizers add to the noise of the outputs."),
    ),
    _figure("bytes", mark("Bytes"), NodeFigures.bytes, size, mark("Of its weights; of a constant, its own.")),
)
"""From the left."""


def column_at(code: str) -> int:
    """Return where a column stands."""
    return next(at for at, each in enumerate(COLUMNS) if each.code == code)


def ordered(rows: Sequence[int], keys: Sequence[tuple[Sequence[CellValue], bool]]) -> list[int]:
    """Return rows in another order; equal ones keep theirs, and those of which nothing is known come last.

    Args:
        rows: In the order of the graph.
        keys: The values by row and whether the largest comes first, the most important key first.
    """
    found = list(rows)
    for values, is_descending in reversed(keys):
        known = [row for row in found if values[row] is not None]
        unknown = [row for row in found if values[row] is None]
        known.sort(key=lambda row: values[row], reverse=is_descending)  # type: ignore[arg-type, return-value]
        found = known + unknown
    return found


def titles() -> tuple[str, ...]:
    """Return what readers call the columns."""
    return tuple(tr(each.title) for each in COLUMNS)


def node_rows(figures: NodeFigures, rows: Sequence[int]) -> tuple[list[str], list[list[CellValue]]]:
    """Return the heads and cells of some rows for a file: numbers as they are, ranges in two columns."""
    heads: list[str] = []
    told: list[list[CellValue]] = []
    for row in rows:
        node = figures.nodes[row]
        cells: dict[str, CellValue] = {}
        for column in COLUMNS:
            cells |= column.cells(figures, node)
        heads = [*cells]
        told.append([*cells.values()])
    return heads, told

"""What an experiment shows: a table, and figures beside their yardsticks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import click
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One figure; `reached` is None where there is no yardstick, or nothing was measured."""

    what: str
    measured: str
    yardstick: str = ""
    reached: bool | None = None


@dataclass
class Result:
    """The rows of an experiment, told as they come, and its figures."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)

    def row(self, *cells: object) -> None:
        """Take a row."""
        told = tuple(f"{each:.3f}" if isinstance(each, float) else str(each) for each in cells)
        self.rows.append(told)
        click.echo("  " + "  ".join(told), err=True)

    def failed(self, name: str, error: Exception) -> None:
        """Take a network that torch cannot quantize."""
        text = " ".join(str(error).split())[:70]
        self.row(name, f"does not run: {type(error).__name__}: {text}", *[""] * (len(self.columns) - 2))

    def figure(self, what: str, measured: str, yardstick: str = "", reached: bool | None = None) -> None:
        """Take a figure."""
        self.figures.append(Figure(what, measured, yardstick, reached))

    def show(self, console: Console) -> None:
        """Print the table."""
        table = Table(*self.columns, title=self.title)
        for row in self.rows:
            table.add_row(*row)
        console.print(table)


def show_figures(results: Iterable[Result], console: Console) -> bool:
    """Print all figures beside their yardsticks; return whether all are reached."""
    table = Table("figure", "measured", "yardstick", "reached", title="What it must show")
    words = {None: "", True: "yes", False: "NO"}
    figures = [each for result in results for each in result.figures]
    for each in figures:
        table.add_row(each.what, each.measured, each.yardstick, words[each.reached])
    console.print(table)
    return all(each.reached is not False for each in figures)

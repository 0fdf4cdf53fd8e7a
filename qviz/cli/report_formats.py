"""Which formats a command writes: on standard output, and in the file that ``-o`` names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from qviz.words import tr


def formats_of(
    wanted: str | None, as_json: bool, out: Path | None, format_of: Callable[[Path], str | None]
) -> tuple[str, str]:
    """Return the format of standard output, and that of the file.

    Args:
        wanted: What ``--format`` names.
        as_json: Whether ``--json`` was given.
        out: What ``-o`` names.
        format_of: Tells the format of a file by its name.

    Raises:
        click.UsageError: Standard output cannot have two.
    """
    shown = "json" if as_json else wanted or "text"
    if out is None:
        if wanted not in (None, shown):
            raise click.UsageError(tr("--json and --format {wanted} exclude each other without -o", wanted=wanted))
        return shown, ""
    return ("json" if as_json else "text"), wanted or format_of(out) or shown

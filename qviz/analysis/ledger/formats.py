"""The formats in which `qviz measure` reports; a file of this folder, or of another package, registers each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from qviz.document.snapshot import Snapshot
from qviz.registry import Registry


class LedgerFormat(NamedTuple):
    """One format.

    Attributes:
        write: Returns the report of a run that was measured, with at most so many quantizers; None means all.
        endings: Endings of files that ask for this format where none is named, such as ``.csv``.
    """

    write: Callable[[Snapshot, int | None], str]
    endings: tuple[str, ...] = ()


LEDGER_FORMATS: Registry[LedgerFormat] = Registry("report format")
"""By the name that ``--format`` takes."""


def ledger_format_of(file: Path) -> str | None:
    """Return the name of the format that the ending of a file asks for, if any does."""
    suffix = file.suffix.lower()
    return next((name for name, each in LEDGER_FORMATS.items() if suffix in each.endings), None)

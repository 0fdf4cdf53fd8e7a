"""The report formats there are; each is a file of this folder, or of another package, that registers itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from qviz.analysis.verdicts.verdict import Verdict
from qviz.registry import Registry


class ReportFormat(NamedTuple):
    """One format.

    Attributes:
        write: Returns the report of a verdict; paths in it are relative to the folder.
        endings: Endings of files that ask for this format where none is named, such as ``.sarif``.
    """

    write: Callable[[Verdict, Path], str]
    endings: tuple[str, ...] = ()


REPORT_FORMATS: Registry[ReportFormat] = Registry("report format")
"""By the name that ``--format`` takes."""


def format_of(file: Path) -> str | None:
    """Return the name of the format that the ending of a file asks for, if any does."""
    suffix = file.suffix.lower()
    return next((name for name, each in REPORT_FORMATS.items() if suffix in each.endings), None)

"""The formats in which `qviz check` reports: pure functions from a verdict to text, one file each."""

from qviz.cli.reports import data, junit, sarif, text  # noqa: F401 - each registers itself
from qviz.cli.reports.formats import REPORT_FORMATS, format_of

__all__ = ["REPORT_FORMATS", "format_of"]

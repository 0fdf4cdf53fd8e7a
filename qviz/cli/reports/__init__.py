"""The formats in which `qviz check` reports: pure functions from a verdict to text, one file each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from qviz.analysis.verdicts.verdict import Verdict
from qviz.cli.reports import data, junit, sarif, text

Writer: TypeAlias = Callable[[Verdict, Path], str]

FORMATS: dict[str, Writer] = {"text": text.write, "json": data.write, "sarif": sarif.write, "junit": junit.write}
"""By name; each takes the verdict and the folder that paths are relative to."""

ENDINGS = {".txt": "text", ".json": "json", ".sarif": "sarif", ".xml": "junit"}
"""What the ending of a file asks for, where no format is named."""

"""What the file of a source holds, to tell whether it is still the same."""

from __future__ import annotations

import os
from pathlib import Path

from qviz.document.writing import digest
from qviz.sources.kinds import kind_of

_WHOLE_BYTES = 64 << 20
"""Larger files are told apart by size and time: reading them takes too long."""


def content_of(source: str) -> str:
    """Return a hash of the file that a source names, or of the result that it is; "" where there is none to read."""
    kind = kind_of(source)
    file = source if kind.is_result else kind.code_file(source)
    if file is None:
        return ""
    path = Path(os.path.expanduser(file))
    try:
        there = path.stat()
    except (OSError, ValueError):
        return ""
    if there.st_size > _WHOLE_BYTES:
        return f"{there.st_size} {there.st_mtime_ns}"
    return digest(path) or ""

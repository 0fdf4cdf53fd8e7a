"""Reads which file a source would run, as the engine does; imports nothing."""

from __future__ import annotations

import os

from qviz.document.plan import MODEL_FILES


def code_file(source: str) -> str | None:
    """Return the file of ``file.py:name``, ``file.py:make(depth=18)`` or a ``.pt2``; None where a source names none."""
    if source.endswith(MODEL_FILES):
        return source
    before_call = source.split("(", 1)[0]
    place, colon, _ = before_call.rpartition(":")
    if not colon or len(place) == 1:  # no name, or the colon of a Windows drive
        place = source
    return place if place.lower().endswith(".py") else None


def absolute(source: str) -> str:
    """Return a source that means the same wherever qviz is started."""
    file = code_file(source)
    return os.path.abspath(os.path.expanduser(file)) + source[len(file) :] if file else source

"""Reads which file a source would run, as the engine does; imports nothing."""

from __future__ import annotations

import os


def python_file(source: str) -> str | None:
    """Return the file of ``file.py:name`` or ``file.py:make(depth=18)``; None where a source names no file."""
    before_call = source.split("(", 1)[0]
    place, colon, _ = before_call.rpartition(":")
    if not colon or len(place) == 1:  # no name, or the colon of a Windows drive
        place = source
    return place if place.lower().endswith(".py") else None


def absolute(source: str) -> str:
    """Return a source that means the same wherever qviz is started."""
    file = python_file(source)
    return os.path.abspath(os.path.expanduser(file)) + source[len(file) :] if file else source

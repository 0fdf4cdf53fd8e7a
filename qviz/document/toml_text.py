"""Reads TOML that anybody may have written: Python's reader takes the square of the parts of a key."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from qviz.words import tr

_MOST_DOTS = 128
"""Between two other signs; no module stands so deep."""
_OTHER_SIGNS = re.compile(r"[=,\[\]{}#\n]")


def decoded(text: str) -> dict[str, Any]:
    """Return what a TOML text holds.

    Raises:
        ValueError, RecursionError: It is no TOML, or has a key of too many parts.
    """
    if any(each.count(".") > _MOST_DOTS for each in _OTHER_SIGNS.split(text)):
        raise ValueError(tr("a key of more than {count} parts", count=_MOST_DOTS))
    held: dict[str, Any] = msgspec.toml.decode(text)
    return held

"""Memory that is free in this process, but not yet free for others."""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Callable
from functools import cache

_log = logging.getLogger(__name__)


def give_back() -> None:
    """Give free memory back to the system, where its C library can (glibc): else large blocks leave holes in it."""
    _trim()(0)


@cache
def _trim() -> Callable[[int], object]:
    try:
        found: Callable[[int], object] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # another C library; Windows, which has no library without a name
        _log.info("free memory cannot be given back: the C library has no malloc_trim")
        return lambda kept: None
    return found

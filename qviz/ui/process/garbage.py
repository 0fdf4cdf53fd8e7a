"""Keeps Python's search for cycles away from large graphs: they have millions of objects and no cycle."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

FEW = (5_000, 10, 400)
"""New objects among which Python looks at once, and how seldom it looks among older ones: a search of 200,000
takes longer than a window may stand still."""

_lock = Lock()
_at_work = 0


def look_shortly() -> None:
    """Let every search be short."""
    gc.set_threshold(*FEW)


@contextmanager
def building() -> Iterator[None]:
    """Look for no cycles while something large is made, and never among what was made.

    Without it the searches take as long again as the making, and hold all threads up. What was
    made still goes when nothing refers to it; only a cycle would stay, and what is read, folded and placed has none.
    """
    global _at_work  # noqa: PLW0603 - the collector is one for the process
    with _lock:
        if _at_work == 0:
            gc.collect(1)
            gc.disable()
        _at_work += 1
    try:
        yield
    finally:
        with _lock:
            _at_work -= 1
            if _at_work == 0:
                gc.freeze()
                gc.enable()

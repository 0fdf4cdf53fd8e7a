"""Keeps Python's search for cycles from going through large graphs again and again: they have no cycle."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

FEW = (5_000, 10, 400)
"""New objects among which Python looks at once, and how seldom it looks among older ones: a search of 200,000
takes longer than a window may stand still."""

SOON_LOOKED_AT = 400_000
"""Objects among which a whole search is over in a few frames."""

_lock = Lock()
_at_work = 0


def look_shortly() -> None:
    """Let every search be short."""
    gc.set_threshold(*FEW)


@contextmanager
def building() -> Iterator[None]:
    """Look for no cycles while something large is made, and seldom among what was made.

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
                _grow_old()
                gc.enable()


def look_at_all() -> None:
    """Find every cycle, where that is quick and nothing large is being made: for when a model was closed."""
    with _lock:
        if _at_work == 0:
            gc.freeze()
            many = gc.get_freeze_count()  # goes from one to the next: 40 ms for those of 50,000 nodes
            gc.unfreeze()
            if many < SOON_LOOKED_AT:
                gc.collect()


def _grow_old() -> None:
    """Let all that is there count as old, without a look at it.

    To freeze and to thaw puts one list behind another. What stayed frozen would never be searched again.
    """
    gc.freeze()
    gc.unfreeze()

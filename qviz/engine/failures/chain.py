"""The exceptions behind an exception, from the one that came first to the one that arrived."""

from __future__ import annotations

import traceback


def chain(error: BaseException) -> list[BaseException]:
    """Return an exception and what led to it, each once, the root first.

    torch's PassManager, for one, raises "An error occurred when running the … pass" from the true one.
    Where another way was tried after an exception and failed too, the first one is no cause of the second.
    """
    found: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and not any(link is each for each in found):
        found.append(link)
        link = link.__cause__ or _reworded(link)
    return found[::-1]


def _reworded(error: BaseException) -> BaseException | None:
    """Return the exception in whose handler another one was raised, by the handler itself."""
    before = None if error.__suppress_context__ else error.__context__
    if before is None:
        return None
    raised_in = [frame for frame, _ in traceback.walk_tb(error.__traceback__)][-1:]
    handlers = [frame for frame, _ in traceback.walk_tb(before.__traceback__)]
    return before if any(each is frame for each in raised_in for frame in handlers) else None


def root(error: BaseException) -> BaseException:
    """Return the exception that came first."""
    return chain(error)[0]


def first_sentence(error: BaseException) -> str:
    """Return the first line of an exception's text, without what torch adds for all; its class where it has none."""
    lines = [line.strip().partition(_FOR_ALL)[0] for line in str(error).splitlines() if line.strip()]
    return lines[0][:_TEXT_LIMIT] if lines else type(error).__name__


_TEXT_LIMIT = 2000
_FOR_ALL = " This could be because the operator doesn't exist for this backend"
"""Begins what the dispatcher says of every operator, down to the list of all backends."""

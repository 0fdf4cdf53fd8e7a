"""How long reading one document, message or plan may take: asked between its pieces, at both ends of the wire."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import thread_time

from qviz.errors import QvizError
from qviz.words import tr
from qviz.words.formats import number

MAX_SECONDS = 60.0
"""Of work, not of waiting: a busy machine refuses nothing."""


class TookTooLongError(QvizError):
    """What is read takes longer than it may."""


_ends: ContextVar[tuple[str, float] | None] = ContextVar("ends", default=None)


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Count the time of what is read inside, in this thread; `name` is what a refusal calls it.

    Raises:
        TookTooLongError: It took too long, which is noticed at the next `go_on`, or here at the end.
    """
    before = _ends.set((name, thread_time() + MAX_SECONDS))
    try:
        yield
        go_on()
    finally:
        _ends.reset(before)


def go_on() -> None:
    """Go on with what is read in this thread, if it may.

    Raises:
        TookTooLongError: It took too long already.
    """
    ends = _ends.get()
    if ends is not None and thread_time() > ends[1]:
        raise TookTooLongError(
            tr("{name} takes longer to read than {seconds} s, the limit", name=ends[0], seconds=number(MAX_SECONDS)),
            tr("qviz writes no file that large: create it again, from a smaller model or with fewer stages."),
        )

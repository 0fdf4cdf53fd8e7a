"""Reads what may be large away from the window's thread, and hands everything over in its order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, NamedTuple, TypeVar

from PySide6.QtCore import QObject, QTimer

from qviz.ui.process.garbage import building

T = TypeVar("T")

_LOOK_MS = 4
_SOON_S = 0.03
"""So long the window may wait for what is mostly read by then."""


class _Taken(NamedTuple):
    read: Future[Any]
    tell: Callable[[Any], None]
    refuse: Callable[[Exception], None]


class Decoding(QObject):
    """Calls back in the order in which it was asked, always in the window's thread.

    What is small is read at once when nothing waits before it. The thread that reads what is large
    calls nothing of Qt: a timer looks whether it is done.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._waiting: deque[_Taken] = deque()
        self._pool: ThreadPoolExecutor | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self.on_timer_timeout)

    @property
    def is_busy(self) -> bool:
        """Whether something is still to be handed over."""
        return bool(self._waiting)

    def take(
        self,
        read: Callable[[], T],
        tell: Callable[[T], None],
        refuse: Callable[[Exception], None],
        *,
        is_large: bool = False,
    ) -> None:
        """Read something, then `tell` it, or `refuse` with what `read` raised."""
        if not is_large and not self._waiting:
            try:
                value = read()
            except Exception as error:  # whatever it is, it belongs to the asker
                refuse(error)
            else:
                tell(value)
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reading")
        self._waiting.append(_Taken(self._pool.submit(_undisturbed, read), tell, refuse))
        self._timer.start()

    def take_soon(self, read: Callable[[], T], tell: Callable[[T], None], refuse: Callable[[Exception], None]) -> None:
        """Read something that nobody knows the size of: what takes longer than a few frames is handed over later."""
        self.take(read, tell, refuse, is_large=True)
        wait([self._waiting[-1].read], _SOON_S)
        if len(self._waiting) == 1:
            self.on_timer_timeout()

    def forget(self) -> None:
        """Hand over nothing of what waits."""
        for each in self._waiting:
            each.read.cancel()
        self._waiting.clear()
        self._timer.stop()

    def finish(self) -> None:
        """Wait until all is done that was asked for, and hand over nothing of it."""
        self._waiting.clear()
        self._timer.stop()
        if self._pool is not None:
            self._pool.shutdown(wait=True)
            self._pool = None

    def on_timer_timeout(self) -> None:
        """Hand over what is read: one thing, so that events come between two."""
        if self._waiting and self._waiting[0].read.done():
            done = self._waiting.popleft()
            error = done.read.exception()
            if isinstance(error, Exception):
                done.refuse(error)
            elif error is None:
                done.tell(done.read.result())
        if not self._waiting:
            self._timer.stop()


def _undisturbed(read: Callable[[], T]) -> T:
    with building():
        return read()

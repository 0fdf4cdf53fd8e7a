"""Keeps runs on disk away from the window's thread: one thing after the other, in the order asked for."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, Signal

from qviz.errors import QvizError
from qviz.ui.process.decoding import Decoding
from qviz.words import tr

if TYPE_CHECKING:
    from qviz.session.run_store import RunStore

T = TypeVar("T")


def _ignore(_value: Any) -> None:
    return


class _LateStore:
    """A store that is made, with all that it imports, by the thread that asks it first."""

    def __init__(self, name: str) -> None:
        self._name = name

    @cached_property
    def made(self) -> RunStore:
        from qviz.session import run_store

        return run_store.RunStore(run_store.state_folder(), self._name)


class Keeping(QObject):
    """Asks a store of runs, whose disk may be slow, full or read-only: none of that stops the window.

    Signals:
        failed: A `QvizError`: what could not be kept, and why; the first time only.
    """

    failed = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._name, self._count = secrets.token_hex(6), 0
        self._store = _LateStore(self._name)
        self._at_work = Decoding(self)
        self._is_broken = self._has_told = False
        self.do(lambda kept: kept.begin(), refuse=self._give_up)

    @property
    def is_busy(self) -> bool:
        """Whether something is still to be done."""
        return self._at_work.is_busy

    def new_key(self) -> str:
        """Return a name for the files of another run."""
        self._count += 1
        return f"{self._name}-{self._count}"

    def do(
        self,
        ask: Callable[[RunStore], T],
        tell: Callable[[T], None] = _ignore,
        refuse: Callable[[Exception], None] | None = None,
    ) -> bool:
        """Ask the store in its thread, then `tell` or `refuse` in the window's; without `refuse`, `failed` says why.

        Returns False, and asks nothing, where nothing can be kept.
        """
        if self._is_broken:
            return False
        store = self._store
        self._at_work.take(lambda: ask(store.made), tell, refuse or self.tell, is_large=True)
        return True

    def finish(self) -> None:
        """Wait until everything is on disk, and let other windows have it."""
        store, is_broken = self._store, self._is_broken
        self._at_work.take(lambda: None if is_broken else store.made.end(), _ignore, self.tell, is_large=True)
        self._at_work.finish()
        self._is_broken = True

    def _give_up(self, error: Exception) -> None:
        """Keep nothing from now on: the folder cannot be made or written."""
        self._is_broken = True
        self.tell(error)

    def tell(self, error: Exception) -> None:
        """Say why something could not be kept, the first time.

        Raises:
            Exception: It is a fault of qviz.
        """
        if not isinstance(error, (QvizError, OSError)):
            raise error
        if not self._has_told:
            self._has_told = True
            text = error.message if isinstance(error, QvizError) else str(error)
            self.failed.emit(QvizError(tr("Runs are not kept for the next start: {reason}", reason=text)))

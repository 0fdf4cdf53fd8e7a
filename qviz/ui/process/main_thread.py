"""Brings calls from threads of Python to the window's thread.

A thread must not hold an object of Qt: if its reference is the last one, Qt's object is destroyed there, beside the
window's thread that may be calling it. So threads know this one object only, which lives as long as the application.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import shiboken6
from PySide6.QtCore import QCoreApplication, QObject, Signal


class MainThread(QObject):
    """Lives in the window's thread, and calls there what other threads post, in their order."""

    _posted = Signal(object)

    def __init__(self, application: QCoreApplication) -> None:
        super().__init__(application)
        self._posted.connect(self._call)

    def post(self, call: Callable[[], None]) -> None:
        """Have something called later in the window's thread; nothing happens once the application is gone."""
        with contextlib.suppress(RuntimeError):  # Qt's half was destroyed meanwhile
            self._posted.emit(call)

    def _call(self, call: Callable[[], None]) -> None:
        call()


_made: list[MainThread] = []


def main_thread() -> MainThread:
    """Return the one of the application; to be asked for in the window's thread."""
    if not _made or not shiboken6.isValid(_made[0]):
        application = QCoreApplication.instance()
        assert application is not None
        _made[:] = [MainThread(application)]
    return _made[0]

"""Locks between processes that the system gives back whenever their holder ends, killed or not."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

_LOOK_SECONDS = 0.01


class HeldLock:
    """A file that one process at a time holds, from `take` until `release`, or until it ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    def take(self) -> bool:
        """Hold it; return False if somebody else does.

        Raises:
            OSError: The folder is not there or cannot be written.
        """
        while self._handle is None:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
            if not _lock(handle):
                os.close(handle)
                return False
            if self._is_there(handle):
                self._handle = handle
            else:
                os.close(handle)  # it was removed in between: what is held is no longer what others see
        return True

    def release(self) -> None:
        """Let go of it; its file stays."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _is_there(self, handle: int) -> bool:
        try:
            there, held = os.stat(self.path), os.fstat(handle)
        except OSError:
            return False
        return sys.platform == "win32" or (there.st_dev, there.st_ino) == (held.st_dev, held.st_ino)


def is_held(path: Path) -> bool:
    """Tell whether a process holds a lock; of a file that cannot be asked, that one might."""
    lock = HeldLock(path)
    try:
        is_free = lock.take()
    except OSError:
        return True
    lock.release()
    return not is_free


@contextlib.contextmanager
def holding(path: Path, seconds: float) -> Iterator[bool]:
    """Hold a lock meanwhile; give whether it came free within some seconds."""
    lock, until = HeldLock(path), time.monotonic() + seconds
    while not (is_held_now := lock.take()) and time.monotonic() < until:
        time.sleep(_LOOK_SECONDS)
    try:
        yield is_held_now
    finally:
        lock.release()


def _lock(handle: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True

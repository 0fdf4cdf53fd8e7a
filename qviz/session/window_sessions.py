"""Which windows are open, which runs each has in its list, and what those that ended showed last."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from qviz.document.held_lock import HeldLock, is_held
from qviz.document.regular_files import read_regular
from qviz.document.writing import remove_leftovers, write_atomically
from qviz.errors import QvizError
from qviz.session.run_records import (
    MAX_RECORD_BYTES,
    RECORD_VERSION,
    SessionRecord,
    decoded,
    encoded,
    is_newer,
)

_RECORD, _LOCK = ".json", ".lock"
NOTHING = SessionRecord("qviz-session", RECORD_VERSION, 0.0)
"""What a window shows at first."""


class WindowSessions:
    """The windows of a user, as one of them sees the others.

    A window holds a lock as long as it lives, however it ends, and a record says what is in its list.

    Attributes:
        name: Of this window; the keys of its runs begin with it.
        own: What this window shows.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self.name = folder, name
        self.own = NOTHING
        self._lock = HeldLock(self._file(self.name, _LOCK))

    def begin(self) -> None:
        """Be an open window from now on.

        Raises:
            OSError: The folder cannot be written.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        remove_leftovers(self._folder)
        self._lock.take()

    def end(self) -> None:
        """Be a window that ended."""
        self._lock.release()

    def write(self, record: SessionRecord) -> None:
        """Keep what this window shows.

        Raises:
            QvizError: The disk does not take it.
        """
        self.own = record
        write_atomically(self._file(self.name, _RECORD), encoded(record), is_private=True)

    def has(self, key: str) -> bool:
        """Tell whether a run was made by this window, or is in its list."""
        return key.partition("-")[0] == self.name or key in self.own.keys

    def of_others(self) -> frozenset[str]:
        """Return the names of the other open windows, and the keys of the runs in their lists."""
        taken: set[str] = set()
        for lock in self._folder.glob(f"*{_LOCK}"):
            if lock.stem != self.name and is_held(lock):
                record = self._read(lock.with_suffix(_RECORD))
                taken |= {lock.stem, *(record.keys if record is not None else ())}
        return frozenset(taken)

    def last(self) -> tuple[str, SessionRecord] | None:
        """Return the window that was used last of those that ended: its name, and what it showed."""
        return max(self._ended(), key=lambda pair: pair[1].saved, default=None)

    def forget(self, name: str) -> None:
        """Remove what a window that ended showed."""
        for suffix in (_RECORD, _LOCK):
            with contextlib.suppress(OSError):
                self._file(name, suffix).unlink()

    def forget_ended(self, keeps_last: bool) -> None:
        """Remove what windows that ended showed, of the last one only on demand."""
        last = self.last()
        for name, _ in list(self._ended()):
            if not (keeps_last and last is not None and name == last[0]):
                self.forget(name)
        for lock in self._folder.glob(f"*{_LOCK}"):
            if lock.stem != self.name and not self._file(lock.stem, _RECORD).exists() and not is_held(lock):
                self.forget(lock.stem)

    def _ended(self) -> Iterator[tuple[str, SessionRecord]]:
        for path in sorted(self._folder.glob(f"*{_RECORD}")):
            if path.stem != self.name and not is_held(path.with_suffix(_LOCK)):
                record = self._read(path)
                if record is not None:
                    yield path.stem, record

    def _read(self, path: Path) -> SessionRecord | None:
        """Return a record; one that is damaged tells nothing, and is removed."""
        try:
            data = read_regular(path, MAX_RECORD_BYTES)
        except QvizError:
            return None
        record = None if is_newer(data) else decoded(data, SessionRecord)
        if record is None and not is_newer(data):
            with contextlib.suppress(OSError):
                path.unlink()
        return record

    def _file(self, name: str, suffix: str) -> Path:
        return self._folder / f"{name}{suffix}"

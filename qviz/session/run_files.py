"""The files of kept runs: for each a result in qviz's own format, and a record."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from qviz.document import codec
from qviz.document.regular_files import read_regular
from qviz.document.snapshot import Snapshot
from qviz.document.writing import digest, remove_leftovers, write_atomically
from qviz.errors import QvizError
from qviz.session.run_records import MAX_RECORD_BYTES, RunRecord, decoded, encoded, is_newer
from qviz.words import tr

DAMAGED_SECONDS = 30 * 86_400
"""How long what could not be read is kept."""
_RESULT, _RECORD = ".qviz", ".json"
_KEY = re.compile(r"[0-9a-f]+-[0-9]+")


class ReadRecords(NamedTuple):
    """The records of a folder, and how many could not be read."""

    records: tuple[RunRecord, ...]
    damaged: int


class RunFiles:
    """Reads, writes and removes the files of runs in one folder; who may, is for others to say."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._damaged = folder, folder / "damaged"

    def begin(self) -> None:
        """Make the folder, for the user alone, and remove what was left half-written.

        Raises:
            OSError: It cannot be written.
        """
        for folder in (self._folder, self._damaged):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            remove_leftovers(folder)

    def write(self, record: RunRecord, snapshot: Snapshot) -> None:
        """Keep a run: first its result, then the record that says it is there.

        Raises:
            QvizError: The disk does not take it.
        """
        if not record.is_of_file:
            path = self._result(record.key)
            write_atomically(path, codec.file_bytes(snapshot, path), is_private=True)
        self.note(record)

    def write_unfinished(self, record: RunRecord, snapshot: Snapshot, most_bytes: int) -> None:
        """Keep what has arrived of a run at work, unless that takes too many bytes: what was kept of it then stays.

        Raises:
            QvizError: The disk does not take it.
        """
        path = self._result(record.key)
        data = codec.file_bytes(snapshot, path)
        if len(data) <= most_bytes:
            write_atomically(path, data, is_private=True)
            self.note(record)

    def note(self, record: RunRecord) -> None:
        """Keep what changed of a run: its name, its bookmarks.

        Raises:
            QvizError: The disk does not take it.
        """
        write_atomically(self._record(record.key), encoded(record), is_private=True)

    def load(self, record: RunRecord) -> Snapshot:
        """Return the result of a run, with its bookmarks; runs no code.

        Raises:
            QvizError: It is gone, damaged or, of a file that was opened, another than it was.
        """
        path = Path(record.origin) if record.is_of_file else self._result(record.key)
        if record.is_of_file and digest(path) != record.content:
            raise QvizError(tr("{path} has changed", path=path), tr("Open it again."))
        return replace(codec.load(path), bookmarks=record.bookmarks)

    def read(self) -> ReadRecords:
        """Return all records; what cannot be read is set aside, what a newer qviz wrote is left alone."""
        found: list[RunRecord] = []
        damaged = 0
        for path in sorted(self._folder.glob(f"*-*{_RECORD}")):
            if not _KEY.fullmatch(path.stem):
                continue  # not ours: the folder may be a link to one of the user's
            try:
                data = read_regular(path, MAX_RECORD_BYTES)
            except QvizError:
                continue
            record = decoded(data, RunRecord)
            if is_newer(data):
                continue
            if record is not None and record.key == path.stem:
                found.append(record)
            else:
                self.set_aside(path.stem)
                damaged += 1
        return ReadRecords(tuple(found), damaged)

    def set_aside(self, key: str) -> None:
        """Take what cannot be read out of the way, for whoever wants to look at it."""
        for path in (self._result(key), self._record(key)):
            with contextlib.suppress(OSError):
                os.replace(path, self._damaged / path.name)
                os.utime(self._damaged / path.name)  # from now on it is kept a while, however old it is

    def has(self, record: RunRecord) -> bool:
        """Tell whether there is a record, and what it is of."""
        result = Path(record.origin) if record.is_of_file else self._result(record.key)
        return self._record(record.key).exists() and result.exists()

    def halves(self) -> Iterator[str]:
        """Yield the keys of results that no record speaks of."""
        for path in self._folder.glob(f"*-*{_RESULT}"):
            if _KEY.fullmatch(path.stem) and not path.with_suffix(_RECORD).exists():
                yield path.stem

    def remove(self, key: str) -> None:
        """Remove a run, its record first: a result without one is a half, and goes later."""
        for path in (self._record(key), self._result(key)):
            _unlink(path)

    def remove_damaged(self, changed_before: float) -> None:
        """Remove what was set aside before a time, in seconds since 1970."""
        for path in self._damaged.iterdir():
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < changed_before:
                    path.unlink()

    def size(self, key: str) -> int:
        """Return the bytes of a run on disk."""
        return sum(map(_size, (self._result(key), self._record(key))))

    def size_of_all(self) -> int:
        """Return the bytes of all runs on disk, of damaged ones, too."""
        return sum(_size(path) for folder in (self._folder, self._damaged) for path in folder.glob("*-*.*"))

    def _result(self, key: str) -> Path:
        return self._folder / f"{key}{_RESULT}"

    def _record(self, key: str) -> Path:
        return self._folder / f"{key}{_RECORD}"


def _unlink(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0

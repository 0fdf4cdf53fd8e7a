"""Keeps runs on disk for the next start: how many, for how long, and of which window."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from qviz.document.held_lock import holding
from qviz.document.snapshot import Snapshot
from qviz.errors import QvizError
from qviz.session.run_files import DAMAGED_SECONDS, RunFiles
from qviz.session.run_records import RunRecord, SessionRecord
from qviz.session.window_sessions import NOTHING, WindowSessions

MOST = 20
"""Runs of one source; of more, the oldest that is not pinned goes."""
MOST_BYTES = 500_000_000
"""Of all runs; of more, the oldest goes that is neither pinned nor in the list of an open window."""
MOST_UNFINISHED_BYTES = 50_000_000
"""Of the run at work of one window, of which more is not written before it ends."""
_PATIENCE_SECONDS = 5.0


class FoundRuns(NamedTuple):
    """The runs of a source, the newest first, and how many records could not be read."""

    records: tuple[RunRecord, ...] = ()
    damaged: int = 0


class LastSession(NamedTuple):
    """What a window showed, the runs in its list, and the results in its panes; None what could not be read."""

    record: SessionRecord
    found: FoundRuns
    a: Snapshot | None
    b: Snapshot | None


def state_folder() -> Path:
    """Return where runs are kept, or will be: in the user's folder for state."""
    from platformdirs import user_state_path

    return user_state_path("qviz", appauthor=False) / "runs"


class RunStore:
    """The kept runs of all windows, as one window sees them; used by one thread at a time.

    Args:
        folder: Where; made by `begin`.
        name: Of the window, in hexadecimal digits; the keys of its runs are the name, a hyphen and a number.
        clock: Gives the seconds since 1970.
    """

    def __init__(self, folder: Path, name: str, clock: Callable[[], float] = time.time) -> None:
        self._folder, self._clock = folder, clock
        self._files, self._windows = RunFiles(folder), WindowSessions(folder / "windows", name)

    def begin(self) -> None:
        """Be an open window, and clear up after those that ended.

        Raises:
            OSError: The folder cannot be written.
        """
        self._files.begin()
        self._windows.begin()
        self.tidy()

    def end(self) -> None:
        """Let other windows have the runs; what the user deleted is gone."""
        with self._alone():
            taken = self._windows.of_others()
            for record in self._files.read().records:
                if record.is_deleted and _is_free(record.key, taken):
                    self._files.remove(record.key)
        self.tidy()
        self._windows.end()

    def write(self, record: RunRecord, snapshot: Snapshot) -> None:
        """Keep a run.

        Raises:
            QvizError: The disk does not take it.
        """
        self._files.write(record, snapshot)
        self.tidy()

    def write_unfinished(self, record: RunRecord, snapshot: Snapshot) -> None:
        """Keep what has arrived of this window's run at work; `write` takes its place when the run has ended.

        Raises:
            QvizError: The disk does not take it.
        """
        self._files.write_unfinished(replace(record, is_at_work=True), snapshot, MOST_UNFINISHED_BYTES)

    def drop_unfinished(self, key: str) -> None:
        """Remove what was kept of a run at work that came to nothing."""
        self._files.remove(key)

    def note(self, record: RunRecord) -> None:
        """Keep what changed of a run: its name, its bookmarks.

        Raises:
            QvizError: The disk does not take it.
        """
        self._files.note(record)

    def load(self, record: RunRecord) -> Snapshot:
        """Return the result of a run, with its bookmarks; runs no code. What cannot be read is set aside.

        Raises:
            QvizError: It is gone, damaged or, of a file that was opened, another than it was.
        """
        try:
            return self._files.load(record)
        except QvizError:
            self._files.set_aside(record.key)
            raise

    def of_source(self, origin: str, content: str | None = None) -> FoundRuns:
        """Return the runs of a source; those of one content alone where it is given."""
        with self._alone():
            found = self._of_source(origin, content)
            self._windows.write(replace(self._windows.own, keys=tuple(each.key for each in found.records)))
        return found

    def _of_source(self, origin: str, content: str | None = None) -> FoundRuns:
        records, damaged = self._files.read()
        of_source = (each for each in records if each.origin == origin and not each.is_deleted)
        there = [each for each in of_source if content in (None, each.content) and self._files.has(each)]
        found = [each for each in there if not each.is_at_work]
        for record in there:
            if record.is_at_work and self._is_cut_off(record):
                settled = self._settled(record)
                damaged += settled is None
                found += [] if settled is None else [settled]
        return FoundRuns(_numbered(found), damaged)

    def _is_cut_off(self, record: RunRecord) -> bool:
        """Tell whether the window of a run that was at work has ended."""
        owner = record.key.partition("-")[0]
        return owner != self._windows.name and owner not in self._windows.of_others()

    def _settled(self, record: RunRecord) -> RunRecord | None:
        """Note what a run came to that was at work when its window ended; None where it cannot be read."""
        from qviz.session.kept_runs import figures_of  # the first page needs neither
        from qviz.session.project import Project

        snapshot = self._loaded(record)
        if snapshot is None:
            return None
        figures = figures_of(Project.of_snapshot(snapshot), record.figures.ended)
        settled = replace(record, is_at_work=False, figures=figures)
        with contextlib.suppress(QvizError):  # the next start does it
            self._files.note(settled)
        return settled

    def show(self, record: SessionRecord) -> None:
        """Keep what the window shows.

        Raises:
            QvizError: The disk does not take it.
        """
        self._windows.write(replace(record, saved=self._clock()))

    def last_session(self) -> LastSession | None:
        """Return what the window showed that was used last, and take its place; None where that was nothing."""
        with self._alone():
            last = self._windows.last()
            if last is None or last[1].is_left or last[1].plan is None:
                return None
            name, record = last
            found = self._of_source(record.origin)
            if found.records and _is_unseen(found.records[0], name, record):
                newest = found.records[0].key
                record = replace(record, a=newest, b=newest, left=None, right=None, selected="")
            self.show(replace(record, keys=tuple(each.key for each in found.records)))
            self._windows.forget(name)
        by_key = {each.key: each for each in found.records}
        shown = {key: self._loaded(by_key.get(key)) for key in dict.fromkeys((record.a, record.b))}
        readable = tuple(each for each in found.records if self._files.has(each))
        damaged = found.damaged + len(found.records) - len(readable)
        return LastSession(record, FoundRuns(readable, damaged), shown[record.a], shown[record.b])

    def _loaded(self, record: RunRecord | None) -> Snapshot | None:
        try:
            return self.load(record) if record is not None else None
        except QvizError:
            return None

    def forget_all(self) -> int:
        """Remove every run that is in no other open window's list; return how many are left."""
        with self._alone():
            taken, left = self._windows.of_others(), 0
            for record in self._files.read().records:
                if _is_free(record.key, taken):
                    self._files.remove(record.key)
                else:
                    left += 1
            self._windows.forget_ended(keeps_last=False)
            self._windows.write(NOTHING)
            self._files.remove_damaged(self._clock() + DAMAGED_SECONDS)
        return left

    def bytes_used(self) -> int:
        """Return the size of all runs on disk."""
        return self._files.size_of_all()

    def tidy(self) -> None:
        """Remove what is too many, too large, deleted or half-written, and in no open window's list."""
        with self._alone() as is_alone:
            if not is_alone:
                return  # the next write clears up
            taken, files = self._windows.of_others(), self._files
            records = sorted(files.read().records, key=lambda each: each.figures.ended, reverse=True)
            free = [each for each in records if _is_free(each.key, taken) and not self._windows.has(each.key)]
            doomed = {each.key for each in free if each.is_deleted or not files.has(each)} | set(_too_many(records))
            stays = []
            for each in free:
                if each.key in doomed:
                    files.remove(each.key)
                elif not each.is_pinned:
                    stays.append(each.key)
            for key in list(files.halves()):
                if _is_free(key, taken) and not self._windows.has(key):
                    files.remove(key)
            self._make_room(stays)
            files.remove_damaged(self._clock() - DAMAGED_SECONDS)
            self._windows.forget_ended(keeps_last=True)

    def _make_room(self, removable: list[str]) -> None:
        """Remove the oldest of some runs, the newest of which is first, until all have room."""
        used = self.bytes_used()
        for key in reversed(removable):
            if used <= MOST_BYTES:
                return
            used -= self._files.size(key)
            self._files.remove(key)

    def remove(self, key: str) -> None:
        """Remove a run of this window's list that is one too many, unless it is in another's, too."""
        if _is_free(key, self._windows.of_others()):
            self._files.remove(key)

    def _alone(self) -> AbstractContextManager[bool]:
        return holding(self._folder / ".lock", _PATIENCE_SECONDS)


def _is_free(key: str, taken: frozenset[str]) -> bool:
    """Tell whether no other open window has a run in its list, or has made it."""
    return key not in taken and key.partition("-")[0] not in taken


def _is_unseen(newest: RunRecord, window: str, shown: SessionRecord) -> bool:
    """Tell whether a window died before it could say that it showed a run, which was perhaps at work."""
    is_own = newest.key.partition("-")[0] == window and newest.key not in shown.keys
    return is_own or newest.figures.ended > shown.saved


def _numbered(records: list[RunRecord]) -> tuple[RunRecord, ...]:
    """Return runs with numbers that grow in the order in which they ran: two windows may have counted alike."""
    found: list[RunRecord] = []
    for record in sorted(records, key=lambda each: (each.figures.ended, each.number)):
        least = found[-1].number + 1 if found else 1
        found.append(replace(record, number=max(record.number, least)))
    return tuple(reversed(found))


def _too_many(records: Iterable[RunRecord]) -> Iterator[str]:
    """Yield the keys of those that are one too many of their source, from runs of which the newest is first."""
    counts: dict[str, int] = {}
    for record in records:
        if not record.is_pinned and not record.is_deleted and not record.is_at_work:
            counts[record.origin] = counts.get(record.origin, 0) + 1
            if counts[record.origin] > MOST:
                yield record.key

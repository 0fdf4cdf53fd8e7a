"""The runs of the open model on disk: written when they end, read again when they are to be shown."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import msgspec
from PySide6.QtCore import QObject

from qviz.document.snapshot import Snapshot
from qviz.session.kept_runs import RunOrigin, ShelvedRun, ShelvedRuns
from qviz.session.recorded_runs import record_of
from qviz.session.run_records import RunRecord, SessionRecord
from qviz.session.run_store import FoundRuns, RunStore
from qviz.sources.content import content_of
from qviz.sources.files import absolute
from qviz.ui.process.keeping import Keeping


class DiskMemory(NamedTuple):
    """What is known of the runs of one source on disk."""

    source: str
    content: str
    records: dict[str, RunRecord]
    there: frozenset[str]


class _Unwritten(NamedTuple):
    """What has arrived of a run at work, and is not on disk yet."""

    record: RunRecord
    snapshot: Snapshot


class RunsOnDisk(QObject):
    """Follows the list of runs; without a store to keep them in, it does nothing.

    Attributes:
        source: Whose runs they are, the same from whichever folder.
        content: What its file holds: a hash; "" while nobody knows.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._keeping: Keeping | None = None
        self._brings_back = True
        self._records: dict[str, RunRecord] = {}
        self._there: set[str] = set()
        self._at_work_key = ""
        self._unwritten: deque[_Unwritten] = deque(maxlen=1)
        self.source = self.content = ""

    def use(self, keeping: Keeping, brings_back: bool) -> None:
        """Keep runs in a store from now on, and bring those of a source back that is opened again."""
        self._keeping, self._brings_back = keeping, brings_back

    def forget(self) -> None:
        """Begin anew, for another model; what is on disk stays there."""
        self.forget_runs()
        self.source = self.content = ""

    @property
    def memory(self) -> DiskMemory:
        """What is known of the runs on disk, to come back to it."""
        return DiskMemory(self.source, self.content, self._records, frozenset(self._there))

    def come_back(self, memory: DiskMemory) -> None:
        """Know of the runs of a model that is open again."""
        self.source, self.content, self._records, self._there = *memory[:3], set(memory.there)

    def forget_runs(self) -> None:
        """Know of no runs any longer; they are removed by others."""
        self._records, self._there = {}, set()

    def begin(self, source: str, tell: Callable[[FoundRuns], None]) -> bool:
        """Look for the runs of a source, and `tell` them; return whether it will."""
        self.source = source = absolute(source)
        keeping = self._keeping
        if keeping is None:
            return False
        brings_back = self._brings_back

        def take(found: tuple[str, FoundRuns]) -> None:
            if self.source == source:
                self.content, runs = found
                self.take(runs.records)
                tell(runs)

        def refuse(error: Exception) -> None:
            keeping.tell(error)
            take((content_of(source), FoundRuns()))

        return keeping.do(
            lambda store: (content_of(source), store.of_source(source) if brings_back else FoundRuns()), take, refuse
        )

    def take(self, records: tuple[RunRecord, ...]) -> None:
        """Know of runs that are on disk."""
        self._records.update((each.key, each) for each in records)
        self._there.update(each.key for each in records)

    def look(self) -> None:
        """Find out what the file of the source holds, now that it is run."""
        source = self.source

        def take(content: str) -> None:
            if self.source == source:
                self.content = content

        if self._keeping is not None:
            self._keeping.do(lambda _store: content_of(source), take)

    def origin(self, is_of_file: bool) -> RunOrigin:
        """Return where a run that ended just now comes from."""
        key = "" if is_of_file else self._at_work_key
        if key:
            self._at_work_key = ""
            self._unwritten.clear()
        elif self._keeping is not None:
            key = self._keeping.new_key()
        return RunOrigin(self.content, time.time(), is_of_file, key)

    def origin_at_work(self) -> RunOrigin:
        """Return where the run at work comes from; when it has ended, `origin` returns the same key."""
        if self._keeping is not None and not self._at_work_key:
            self._at_work_key = self._keeping.new_key()
        return RunOrigin(self.content, time.time(), False, self._at_work_key)

    def reach(self, run: ShelvedRun) -> None:
        """Keep what has arrived of the run at work; of what arrives while the disk is busy, only the newest."""
        snapshot = run.project.document
        if self._keeping is None or snapshot is None:
            return
        self._unwritten.append(_Unwritten(record_of(run, self.source), snapshot))
        unwritten = self._unwritten
        self._keeping.do(lambda store: _write_newest(store, unwritten))

    def drop(self) -> None:
        """Remove what was kept of a run at work that came to nothing."""
        key, self._at_work_key = self._at_work_key, ""
        self._unwritten.clear()
        if self._keeping is not None and key:
            self._keeping.do(lambda store: store.drop_unfinished(key))

    def write(self, run: ShelvedRun) -> None:
        """Keep a run at once."""
        snapshot, key = run.project.document, run.origin.key
        if self._keeping is None or snapshot is None or not key:
            return
        record = self._records[key] = record_of(run, self.source)
        self._keeping.do(lambda store: store.write(record, snapshot), lambda _nothing: self._there.add(key))

    def follow(self, runs: ShelvedRuns) -> None:
        """Keep what changed in the list: names, pins, bookmarks, and what is no longer in it."""
        now = {each.origin.key: record_of(each, self.source) for each in runs.runs if each.origin.key}
        for key, before in list(self._records.items()):
            record = now.get(key) or msgspec.structs.replace(before, is_deleted=True)
            # Numbers only tell the runs of one list apart: those of another window may count alike.
            if record != msgspec.structs.replace(before, number=record.number):
                self._note(record)

    def _note(self, record: RunRecord) -> None:
        self._records[record.key] = record
        if self._keeping is not None:
            self._keeping.do(lambda store: store.note(record))

    def has(self, run: ShelvedRun) -> bool:
        """Tell whether a run can be read again."""
        return run.origin.key in self._there

    def load(self, run: ShelvedRun, tell: Callable[[Snapshot], None], refuse: Callable[[Exception], None]) -> None:
        """Read the result of a run, and `tell` it; runs no code."""
        record = self._records.get(run.origin.key)
        if self._keeping is not None and record is not None:
            self._keeping.do(lambda store: store.load(record), tell, refuse)

    def show(self, record: SessionRecord) -> None:
        """Keep what the window shows."""
        if self._keeping is not None:
            self._keeping.do(lambda store: store.show(record))


def _write_newest(store: RunStore, unwritten: deque[_Unwritten]) -> None:
    try:
        record, snapshot = unwritten.pop()
    except IndexError:  # written already, or the run has ended
        return
    store.write_unfinished(record, snapshot)

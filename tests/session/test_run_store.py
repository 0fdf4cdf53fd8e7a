"""Runs are on disk whole or not at all, come back for their source, and no window takes those of another."""

from __future__ import annotations

import multiprocessing
import os
import time
from dataclasses import replace as with_fields
from pathlib import Path

import pytest
from msgspec.structs import replace

from qviz.document import codec
from qviz.document.held_lock import HeldLock, is_held
from qviz.document.plan import Plan
from qviz.document.snapshot import Bookmark
from qviz.errors import QvizError
from qviz.session import run_store
from qviz.session.kept_runs import RunOrigin, ShelvedRuns
from qviz.session.laid_over import OverlayChoice
from qviz.session.project import Project
from qviz.session.recorded_runs import record_of, restored, run_of, session_of
from qviz.session.run_pair import beside_each_other
from qviz.session.run_records import SessionRecord
from qviz.session.run_store import RunStore
from qviz.session.sides import Shown
from tests.factories import snapshot
from tests.session.run_stores import NET, RESULT, Clock, died, keys, new_key, opened, written


def test_a_run_comes_back_with_its_result_and_its_bookmarks(store: RunStore, folder: Path, clock: Clock):
    mark = Bookmark("captured", "fc", "look")
    record = written(store, clock, bookmarks=(mark,), own_name="mine", is_pinned=True, plan=Plan(NET, seed=3))
    died(store)
    again = opened(folder, clock)
    again.begin()
    assert again.of_source(NET).records == (record,)
    assert again.load(record) == replace(RESULT, bookmarks=(mark,))
    assert codec.load(folder / f"{record.key}.qviz") == RESULT, "the documented format, for anybody to open"
    assert keys(again, "/models/other.py:Net") == []
    again.end()


def test_only_the_user_may_read_it(store: RunStore, folder: Path, clock: Clock):
    record = written(store, clock)
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / f"{record.key}.qviz").stat().st_mode & 0o077 == 0


def test_a_damaged_record_is_set_aside_and_counted_once(store: RunStore, folder: Path, clock: Clock):
    good, bad = written(store, clock), written(store, clock)
    (folder / f"{bad.key}.json").write_bytes(b'{"format": "qviz-run", "version": 1, "key": 3}')
    found = store.of_source(NET)
    assert [each.key for each in found.records] == [good.key]
    assert found.damaged == 1
    assert (folder / "damaged" / f"{bad.key}.json").exists()
    assert store.of_source(NET).damaged == 0


@pytest.mark.parametrize("key", ["../../evil-1", "other-1"])
def test_a_record_does_not_name_files_elsewhere(store: RunStore, folder: Path, clock: Clock, key: str):
    record = written(store, clock)
    path = folder / f"{record.key}.json"
    path.write_bytes(path.read_bytes().replace(record.key.encode(), key.encode()))
    assert store.of_source(NET).records == ()


def test_a_damaged_result_is_told_and_set_aside(store: RunStore, folder: Path, clock: Clock):
    record = written(store, clock)
    (folder / f"{record.key}.qviz").write_bytes(b"half")
    with pytest.raises(QvizError):
        store.load(record)
    assert keys(store) == []


def test_an_old_result_that_is_set_aside_is_kept_as_long_as_a_new_one(store: RunStore, folder: Path, clock: Clock):
    record = written(store, clock)
    path = folder / f"{record.key}.qviz"
    path.write_bytes(b"half")
    os.utime(path, (0, 0))
    with pytest.raises(QvizError):
        store.load(record)
    clock.now = time.time()
    store.tidy()
    assert (folder / "damaged" / path.name).exists()


def test_what_a_newer_qviz_wrote_is_left_alone(store: RunStore, folder: Path, clock: Clock):
    record = written(store, clock)
    path = folder / f"{record.key}.json"
    path.write_bytes(path.read_bytes().replace(b'"version":1', b'"version":9'))
    died(store)
    again = opened(folder, clock)
    again.begin()
    assert again.of_source(NET) == run_store.FoundRuns()
    again.end()
    assert path.exists()
    assert path.with_suffix(".qviz").exists()


def test_twenty_are_kept_and_those_that_are_pinned(store: RunStore, folder: Path, clock: Clock, monkeypatch):
    monkeypatch.setattr(run_store, "MOST", 2)
    first = written(store, clock, is_pinned=True)
    rest = [written(store, clock) for _ in range(4)]
    died(store)
    again = opened(folder, clock)
    again.begin()
    assert keys(again) == [rest[3].key, rest[2].key, first.key]
    again.end()


def test_the_disk_is_not_filled(store: RunStore, folder: Path, clock: Clock, monkeypatch):
    first = written(store, clock, is_pinned=True)
    rest = [written(store, clock) for _ in range(3)]
    died(store)
    size = store.bytes_used() // 4
    monkeypatch.setattr(run_store, "MOST_BYTES", size * 2 + size // 2)
    again = opened(folder, clock)
    again.begin()
    assert keys(again) == [rest[2].key, first.key], "the pinned one, and the newest"
    again.end()


def test_what_was_half_written_goes_at_the_next_start(store: RunStore, folder: Path, clock: Clock):
    whole, half = written(store, clock), written(store, clock)
    (folder / f"{half.key}.json").unlink()
    again = opened(folder, clock)
    again.begin()
    assert (folder / f"{half.key}.qviz").exists(), "the window that writes it is still open"
    died(store)
    again.tidy()
    assert not (folder / f"{half.key}.qviz").exists()
    assert keys(again) == [whole.key]
    again.end()


def test_a_window_does_not_remove_what_is_in_the_list_of_another(folder: Path, clock: Clock, monkeypatch):
    monkeypatch.setattr(run_store, "MOST", 1)
    one, other = opened(folder, clock), opened(folder, clock)
    one.begin()
    old = written(one, clock)
    died(one)
    other.begin()
    assert keys(other) == [old.key], "now it is in that window's list"
    new = opened(folder, clock)
    new.begin()
    newest = written(new, clock)
    assert keys(new) == [newest.key, old.key]
    assert new.forget_all() == 1, "its own goes, the other window's stays"
    assert other.load(old) == RESULT
    new.end()
    other.end()
    last = opened(folder, clock)
    last.begin()
    assert keys(last) == [old.key]
    assert last.forget_all() == 0
    assert list(folder.glob("*-*.*")) == []
    last.end()


def test_a_deleted_run_can_come_back_until_the_window_ends(store: RunStore, folder: Path, clock: Clock):
    record = written(store, clock)
    store.note(replace(record, is_deleted=True))
    assert keys(store) == []
    store.note(record)
    assert keys(store) == [record.key]
    store.note(replace(record, is_deleted=True))
    store.end()
    assert not (folder / f"{record.key}.qviz").exists()


def test_a_result_that_was_opened_is_not_copied_and_must_be_the_same(store: RunStore, tmp_path: Path, clock: Clock):
    path = tmp_path / "review.qviz"
    codec.save(RESULT, path)
    content = run_store_digest(path)
    record = written(store, clock, origin=str(path), content=content, is_of_file=True)
    assert store.load(record) == RESULT
    assert keys(store, str(path)) == [record.key]
    codec.save(snapshot(), path)
    assert store.of_source(str(path), run_store_digest(path)).records == ()
    with pytest.raises(QvizError, match="has changed"):
        store.load(record)


def run_store_digest(path: Path) -> str:
    from qviz.sources.content import content_of

    return content_of(str(path))


def test_windows_that_counted_alike_are_told_apart(store: RunStore, folder: Path, clock: Clock):
    other = opened(folder, clock)
    other.begin()
    written(store, clock, number=2)
    written(other, clock, number=2)
    assert [each.number for each in store.of_source(NET).records] == [3, 2]
    other.end()


def shown(store: RunStore, clock: Clock) -> SessionRecord:
    """Keep two runs, and a window that shows both side by side."""
    runs = ShelvedRuns()
    for place in range(2):
        project = with_fields(Project.of_snapshot(RESULT), plan=Plan(NET, seed=place), seconds=1.0)
        runs = runs.kept(project, RunOrigin("c", clock(), key=new_key(store)))
        store.write(record_of(runs.runs[0], NET), RESULT)
    project, pair = beside_each_other(runs.runs[1], runs.runs[0], "captured")
    project = project.with_plan(Plan(NET, seed=7))
    record = session_of(project, runs, pair, NET, "numbers")
    store.show(record)
    return record


def test_the_last_session_comes_back_as_it_was(store: RunStore, folder: Path, clock: Clock):
    record = shown(store, clock)
    assert "" != record.a != record.b != ""
    died(store)
    again = opened(folder, clock)
    again.begin()
    last = again.last_session()
    assert last is not None
    session = restored(last)
    assert session is not None
    assert session.pair is not None
    assert (session.pair.a, session.pair.b) == (1, 2)
    assert session.project.shown == Shown("captured · Run 1", "captured")
    assert session.project.plan.seed == 7, "edits that were not run yet"
    assert session.project.received.plan.seed == 1
    assert session.project.foreign_source == NET, "a rerun asks"
    assert session.overlay is OverlayChoice.NUMBERS
    third = opened(folder, clock)
    third.begin()
    assert third.last_session() is None, "one window has it already"
    third.end()
    again.end()


def test_a_session_whose_results_are_gone_still_has_its_plan(store: RunStore, folder: Path, clock: Clock):
    record = shown(store, clock)
    for key in (record.a, record.b):
        (folder / f"{key}.qviz").write_bytes(b"half")
    died(store)
    again = opened(folder, clock)
    again.begin()
    last = again.last_session()
    assert last is not None
    session = restored(last)
    assert session is not None
    assert session.project.snapshot is None
    assert session.project.plan.seed == 7
    assert session.damaged == 2
    again.end()


def test_a_window_that_was_left_for_the_first_page_is_not_restored(store: RunStore, folder: Path, clock: Clock):
    store.show(replace(shown(store, clock), is_left=True))
    died(store)
    again = opened(folder, clock)
    again.begin()
    assert again.last_session() is None
    again.end()


def test_a_run_is_the_same_after_a_round_trip(clock: Clock):
    project = with_fields(Project.of_snapshot(RESULT), plan=Plan(NET, seed=1), seconds=2.0, bookmarks=())
    run = ShelvedRuns().kept(project, RunOrigin("c", clock(), key="a-1")).pinned(1, True).runs[0]
    back = run_of(record_of(run, NET))
    assert not back.is_in_memory
    assert record_of(back, NET) == record_of(run, NET)
    assert (back.name, back.about) == (run.name, run.about)


def _hold(path: str, told: multiprocessing.connection.Connection) -> None:
    assert HeldLock(Path(path)).take()
    told.send(os.getpid())
    told.recv()


def test_a_lock_ends_with_the_process_that_holds_it(tmp_path: Path):
    path = tmp_path / "a.lock"
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_hold, args=(str(path), there), daemon=True)
    process.start()
    here.recv()
    assert is_held(path)
    process.kill()
    process.join()
    assert not is_held(path)


def test_files_that_are_not_of_kept_runs_stay_where_they_are(tmp_path: Path):
    mine, names = tmp_path / "mine", ("my-result.qviz", "my-notes.json")
    mine.mkdir()
    for name in names:
        (mine / name).write_text("{}")
    (tmp_path / "runs").symlink_to(mine)
    store = RunStore(tmp_path / "runs", "abc123")
    store.begin()
    store.forget_all()
    store.end()
    assert all((mine / name).exists() for name in names)

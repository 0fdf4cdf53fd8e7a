"""A run at work is on disk as far as it has come: it comes back once its window has ended, and only then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from qviz.document.plan import Plan
from qviz.document.run_steps import cut_off
from qviz.document.snapshot import Bookmark, Snapshot
from qviz.session import run_store
from qviz.session.kept_runs import RunOrigin, ShelvedRuns
from qviz.session.project import Project
from qviz.session.recorded_runs import record_of, restored, run_of
from qviz.session.run_records import RunRecord
from qviz.session.run_store import RunStore
from tests.factories import node, snapshot, stage
from tests.session.run_stores import NET, Clock, died, keys, new_key, opened, written

REACHED = (stage("captured", node("x"), node("fc")),)
WHOLE = snapshot(*REACHED, stage("converted", node("x"), node("fc")))


@pytest.fixture
def next_start(folder: Path, clock: Clock) -> Iterator[RunStore]:
    made = opened(folder, clock)
    yield made
    made.end()


def begun(store: RunStore, clock: Clock, plan: Plan | None = None) -> RunRecord:
    """Keep a run at work that has reached its first stage; return the record that takes its place at the end."""
    project = Project.of_snapshot(snapshot(*REACHED)).with_plan(plan or Plan(NET))
    run = ShelvedRuns().kept(project.interrupted(cut_off()), RunOrigin("c", clock(), key=new_key(store))).runs[0]
    record, document = record_of(run, NET), run.project.document
    assert document is not None
    store.write_unfinished(record, document)
    return record


def ended(store: RunStore, record: RunRecord, result: Snapshot = WHOLE) -> RunRecord:
    whole = replace(record, figures=replace(record.figures, stopped_at="", seconds=3.0))
    store.write(whole, result)
    return whole


def test_what_a_run_had_reached_comes_back_and_says_that_it_is_unfinished(
    store: RunStore, next_start: RunStore, clock: Clock
):
    mark = Bookmark("captured", "fc", "look")
    record = begun(store, clock, Plan(NET, seed=4))
    store.note(replace(record, is_at_work=True, bookmarks=(mark,)))
    died(store)
    next_start.begin()
    (found,) = next_start.of_source(NET).records
    assert (found.key, found.plan.seed, found.bookmarks) == (record.key, 4, (mark,))
    assert not found.is_at_work
    assert run_of(found).about == "Unfinished"
    result = next_start.load(found)
    assert result.stages == REACHED
    assert result.run.error is not None
    assert result.run.error.message == "qviz ended before the run finished"
    assert [each.message for each in result.findings] == ["qviz ended before the run finished"]
    assert keys(next_start) == [record.key], "and again"


def test_no_window_lists_a_run_that_is_at_work_in_another_or_in_itself(store: RunStore, folder: Path, clock: Clock):
    begun(store, clock)
    other = opened(folder, clock)
    other.begin()
    assert keys(other) == []
    assert keys(store) == []
    other.tidy()
    other.end()
    assert len(list(folder.glob("*-*.qviz"))) == 1, "and none removes it"


def test_a_run_that_ended_takes_the_place_of_what_it_had_reached(store: RunStore, next_start: RunStore, clock: Clock):
    record = ended(store, begun(store, clock))
    died(store)
    next_start.begin()
    assert next_start.of_source(NET).records == (record,)
    assert next_start.load(record) == WHOLE


def test_a_window_that_died_between_result_and_record_of_the_end_has_the_result(
    store: RunStore, next_start: RunStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    record = begun(store, clock)
    monkeypatch.setattr(store._files, "note", lambda _record: None)
    ended(store, record)
    died(store)
    next_start.begin()
    (found,) = next_start.of_source(NET).records
    assert run_of(found).about == "0 findings", "what the result says, not what was said of the run at work"
    assert next_start.load(found) == replace(WHOLE, bookmarks=found.bookmarks)


def test_a_run_that_came_to_nothing_leaves_nothing(store: RunStore, folder: Path, clock: Clock):
    record = begun(store, clock)
    store.drop_unfinished(record.key)
    assert list(folder.glob("*-*.*")) == []


def test_what_takes_too_many_bytes_is_not_written_and_what_was_written_stays(
    store: RunStore, next_start: RunStore, folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    record = begun(store, clock)
    monkeypatch.setattr(run_store, "MOST_UNFINISHED_BYTES", 10)
    store.write_unfinished(record, WHOLE)
    begun(store, clock)
    died(store)
    next_start.begin()
    (found,) = next_start.of_source(NET).records
    assert next_start.load(found).stages == REACHED


def test_a_damaged_one_is_counted_and_set_aside(store: RunStore, next_start: RunStore, folder: Path, clock: Clock):
    record = begun(store, clock)
    (folder / f"{record.key}.qviz").write_bytes(b"half")
    died(store)
    next_start.begin()
    found = next_start.of_source(NET)
    assert (found.records, found.damaged) == ((), 1)


def test_the_next_start_shows_the_run_that_its_window_had_at_work(store: RunStore, next_start: RunStore, clock: Clock):
    before = written(store, clock)
    record = begun(store, clock)
    showing = replace(store._windows.own, origin=NET, plan=Plan(NET), keys=(before.key,), a=before.key)
    store.show(showing)
    died(store)
    next_start.begin()
    last = next_start.last_session()
    assert last is not None
    assert (last.record.a, last.record.b) == (record.key, record.key)
    session = restored(last)
    assert session is not None
    assert [each.name for each in session.project.stages] == ["captured"]
    assert len(session.runs.runs) == 2


def test_the_next_start_shows_what_its_window_showed_where_no_run_was_at_work(
    store: RunStore, next_start: RunStore, clock: Clock
):
    one, other = written(store, clock), written(store, clock)
    store.show(replace(store._windows.own, origin=NET, plan=Plan(NET), keys=(one.key, other.key), a=one.key, b=one.key))
    died(store)
    next_start.begin()
    last = next_start.last_session()
    assert last is not None
    assert last.record.a == one.key


def test_runs_at_work_do_not_drive_out_runs_that_ended(
    store: RunStore, next_start: RunStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(run_store, "MOST", 1)
    old = written(store, clock)
    begun(store, clock)
    died(store)
    next_start.begin()
    assert old.key in keys(next_start)

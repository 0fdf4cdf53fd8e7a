"""A run at work in a window: every stage that arrives is kept, in case that the window ends before the run."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from qviz.document.plan import Plan
from qviz.document.snapshot import Bookmark
from qviz.session.run_store import RunStore
from qviz.ui.shell.desk import Desk
from qviz.ui.shell.main_window import MainWindow
from qviz.wire.messages import RunRejected, StageReached
from tests.ui.window.test_kept_runs import (  # noqa: F401 - fixtures
    CAPTURED,
    CONVERTED,
    Windows,
    desk_of,
    names,
    project_of,
    restoring_of,
    settle,
    source,
    windows,
)
from tests.ui.window.test_window import finished, hear, reached, words


def begun(window: MainWindow, qtbot: QtBot, plan: Plan, *reports: StageReached) -> Desk:
    """Begin a run that reaches some stages."""
    window.opener.open_plan(plan)
    settle(window, qtbot)
    hear(window, *(reports or (reached(CAPTURED),)))
    settle(window, qtbot)
    return desk_of(window)


def killed(window: MainWindow) -> None:
    """Let go of what a window holds as the system does when its process is killed."""
    restoring_of(window)._keeping._store.made._windows._lock.release()


def kept(folder: Path) -> list[str]:
    return sorted(each.name for each in (folder / "runs").glob("*-*.*"))


def test_the_stages_of_a_killed_window_are_there_at_the_next_start(windows: Windows, qtbot: QtBot, source: str):  # noqa: F811
    before = windows()
    desk = begun(before, qtbot, Plan(source=source, flow="fx-static"))
    desk._open.value = project_of(desk).marked(Bookmark("captured", "x", "mine"))
    desk.bookmarking.marked.emit()
    settle(before, qtbot)
    killed(before)
    after = windows()
    restoring_of(after).restore()
    settle(after, qtbot)
    again = desk_of(after)
    assert names(again) == ["Run 1 · FX static"]
    assert again.work.runs.rows[0].about.text() == "Unfinished"
    assert [each.name for each in project_of(again).stages] == ["captured"]
    assert project_of(again).bookmarks == (Bookmark("captured", "x", "mine"),)
    assert "Unfinished: qviz ended before the run finished" in words(after)
    assert not again.is_running


def test_a_window_that_is_closed_during_a_run_keeps_its_stages(windows: Windows, qtbot: QtBot, source: str):  # noqa: F811
    before = windows()
    before.opener.open_plan(Plan(source=source, flow="fx-static"))
    hear(before, reached(CAPTURED), reached(CONVERTED, CAPTURED))
    before.close()
    after = windows()
    after.opener.open_plan(Plan(source=source, flow="fx-static"))
    settle(after, qtbot)
    run = desk_of(after).shelf.kept.runs[0]
    assert [each.name for each in run.project.stages] == ["captured", "converted"]


def test_a_run_that_ended_is_there_once_and_whole(windows: Windows, qtbot: QtBot, source: str, tmp_path: Path):  # noqa: F811
    before = windows()
    begun(before, qtbot, Plan(source=source, flow="fx-static"))
    hear(before, reached(CONVERTED, CAPTURED), finished())
    settle(before, qtbot)
    assert len(kept(tmp_path)) == 2
    killed(before)
    after = windows()
    restoring_of(after).restore()
    settle(after, qtbot)
    assert names(desk_of(after)) == ["Run 1 · FX static"]
    assert desk_of(after).work.runs.rows[0].about.text() == "0 findings"
    assert [each.name for each in project_of(desk_of(after)).stages] == ["captured", "converted"]


def test_a_canceled_run_is_there_once(windows: Windows, qtbot: QtBot, source: str, tmp_path: Path):  # noqa: F811
    window = windows()
    begun(window, qtbot, Plan(source=source, flow="fx-static")).cancel()
    settle(window, qtbot)
    assert len(kept(tmp_path)) == 2
    assert [each.project.error for each in desk_of(window).shelf.kept.runs] == [None]


@pytest.mark.parametrize("way", ["rejected", "begun anew", "another model"])
def test_a_run_that_came_to_nothing_leaves_nothing(
    windows: Windows,  # noqa: F811
    qtbot: QtBot,
    source: str,  # noqa: F811
    tmp_path: Path,
    way: str,
):
    window = windows()
    desk = begun(window, qtbot, Plan(source=source, flow="fx-static"))
    assert len(kept(tmp_path)) == 2
    if way == "rejected":
        hear(window, RunRejected(1, "no memory", "", 3, "", ""))
    elif way == "begun anew":
        desk.run()
    else:
        window.opener.open_plan(Plan(source="sample:conv-bn-relu"))
    settle(window, qtbot)
    assert kept(tmp_path) == []


def test_a_slow_disk_holds_up_nothing_and_gets_the_newest_only(
    windows: Windows,  # noqa: F811
    qtbot: QtBot,
    source: str,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
):
    window, is_free, written = windows(), threading.Event(), []
    whole = RunStore.write_unfinished

    def slow(store: RunStore, record, snapshot) -> None:
        assert is_free.wait(60)
        written.append([each.name for each in snapshot.stages])
        whole(store, record, snapshot)

    monkeypatch.setattr(RunStore, "write_unfinished", slow)
    window.opener.open_plan(Plan(source=source, flow="fx-static"))
    settle(window, qtbot)
    hear(window, reached(CAPTURED))
    qtbot.waitUntil(lambda: not desk_of(window).shelf.disk._unwritten)
    for number in range(4):
        hear(window, reached(CONVERTED.__class__(f"stage{number}", CONVERTED.graph, None)))
    assert len(project_of(desk_of(window)).stages) == 5, "the window goes on"
    is_free.set()
    settle(window, qtbot)
    assert [len(each) for each in written] == [1, 5]

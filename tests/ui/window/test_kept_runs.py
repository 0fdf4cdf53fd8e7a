"""Runs in the window: brought back after a restart, shown as A and B, named, deleted and brought back, dragged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSettings, Qt
from PySide6.QtGui import QDrag, QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog, QMessageBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from qviz.document import codec, plan_file
from qviz.document.plan import Plan
from qviz.document.snapshot import Bookmark
from qviz.session import run_store
from qviz.session.kept_runs import ShelvedRun
from qviz.session.laid_over import OverlayChoice
from qviz.session.project import Project
from qviz.session.sides import Side
from qviz.ui.panels.run_row import mime_of
from qviz.ui.settings import NO_RESTORE, Settings
from qviz.ui.shell import run_shelf
from qviz.ui.shell.desk import Desk
from qviz.ui.shell.main_window import MainWindow
from qviz.ui.shell.restoring import Restoring
from tests.factories import small_stages, snapshot
from tests.ui.window.conftest import Asked
from tests.ui.window.test_window import finished, hear, reached, words

CAPTURED, CONVERTED = small_stages()
Windows = Callable[..., MainWindow]


@pytest.fixture
def windows(qtbot: QtBot, asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Windows]:
    """Open windows one after the other, which keep runs in one folder."""
    QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, str(tmp_path))
    monkeypatch.setattr(run_store, "state_folder", lambda: tmp_path / "runs")
    made: list[MainWindow] = []

    def open_window(restores: bool = True) -> MainWindow:
        window = MainWindow(Settings())
        made.append(window)
        qtbot.addWidget(window)
        window.resize(1500, 900)
        with qtbot.waitExposed(window):
            window.show()
        window.keep_runs(restores)
        return window

    yield open_window
    for each in made:
        each.close()


@pytest.fixture
def source(tmp_path: Path) -> str:
    (tmp_path / "net.py").write_text("1")
    return f"{tmp_path}/net.py:Net"


def settle(window: MainWindow, qtbot: QtBot) -> None:
    restoring = restoring_of(window)
    qtbot.waitUntil(lambda: not restoring.is_busy)


def restoring_of(window: MainWindow) -> Restoring:
    assert window.restoring is not None
    return window.restoring


def project_of(desk: Desk) -> Project:
    assert desk.project is not None
    return desk.project


def run_of(desk: Desk, number: int) -> ShelvedRun:
    run = desk.shelf.kept.run(number)
    assert run is not None
    return run


def choose(desk: Desk, number: int, title: str) -> None:
    """Choose from the menu of a run."""
    menu = desk.work.runs.menu_of(number)
    assert menu is not None
    next(each for each in menu.actions() if each.text() == title).trigger()


def desk_of(window: MainWindow) -> Desk:
    assert window.desk is not None
    return window.desk


def run(window: MainWindow, qtbot: QtBot, plan: Plan) -> Desk:
    """Run a plan, the open one edited, or that of a model that is opened."""
    if window.desk is None or window.desk.project is None:
        window.opener.open_plan(plan)
    else:
        window.desk.on_setup_plan_changed(plan)
        window.desk.run()
    hear(window, reached(CAPTURED), reached(CONVERTED, CAPTURED), finished())
    settle(window, qtbot)
    return desk_of(window)


def ran(window: MainWindow, qtbot: QtBot, source: str, count: int = 2) -> Desk:
    for seed in range(count):
        run(window, qtbot, Plan(source=source, flow="fx-static", seed=seed, backend=("x86", "qnnpack")[seed % 2]))
    return desk_of(window)


def names(desk: Desk) -> list[str]:
    return [row.number.text() + " " + row.name.text() for row in desk.work.runs.rows]


def badges(desk: Desk) -> list[str]:
    return ["".join(name for name, made in row.badges.items() if not made.isHidden()) for row in desk.work.runs.rows]


def test_a_window_that_starts_shows_what_the_last_one_did(windows: Windows, qtbot: QtBot, asked: Asked, source: str):
    before = windows()
    desk = ran(before, qtbot, source)
    desk.pairs.place(Side.LEFT, 1)
    desk._open.replace(project_of(desk).marked(Bookmark("converted", "fc", "look")))
    desk.dimming.lay_over(OverlayChoice.NUMBERS)
    desk.on_setup_plan_changed(replace(project_of(desk).plan, seed=9))
    shown = project_of(desk).shown
    before.close()
    count = len(asked.plans)

    after = windows()
    restoring_of(after).restore()
    settle(after, qtbot)
    again = desk_of(after)
    assert len(asked.plans) == count, "nothing ran"
    assert names(again) == ["Run 2 · backend qnnpack, seed 1", "Run 1 · FX static"]
    assert badges(again) == ["B", "A"]
    assert project_of(again).shown == shown
    assert project_of(again).plan.seed == 9
    assert again.work.panes.choice is OverlayChoice.NUMBERS
    assert project_of(again).bookmarks == (Bookmark("converted", "fc", "look"),)
    assert after.pages.shown_desk is again
    assert project_of(again).foreign_source == source, "a rerun asks"
    assert after.bar.crumbs.run.text() == "Run 1 | Run 2"


def test_a_source_that_is_opened_again_has_its_runs(windows: Windows, qtbot: QtBot, source: str, tmp_path: Path):
    before = windows()
    ran(before, qtbot, source, 1).shelf._take(desk_of(before).shelf.kept.renamed(1, "mine").pinned(1, True))
    before.close()
    (tmp_path / "net.py").write_text("2")
    after = windows()
    after.opener.open_plan(Plan(source=source, flow="fx-static"))
    settle(after, qtbot)
    desk = desk_of(after)
    assert names(desk) == ["Run 1 · mine"]
    row = desk.work.runs.rows[0]
    assert row.about.text().endswith("pinned")
    assert row.age.text() == "just now"
    assert "The model's file has changed since." in row.toolTip()
    hear(after, reached(CAPTURED), finished())
    settle(after, qtbot)
    assert names(desk) == ["Run 2 · the model's file changed", "Run 1 · mine"]
    desk.shelf.view(1)
    settle(after, qtbot)
    assert [stage.name for stage in project_of(desk).stages] == ["captured", "converted"], "read from the disk"
    assert project_of(desk).foreign_source is None, "the user named it"


def test_nothing_comes_back_where_the_user_wants_none(windows: Windows, qtbot: QtBot, source: str, tmp_path: Path):
    ran(windows(), qtbot, source, 1)
    windows().close()
    for window in [windows(restores=False)]:
        restoring_of(window).restore()
        settle(window, qtbot)
        assert window.desk is None
    Settings().turn(NO_RESTORE, True)
    assert windows().restoring is None


def test_two_results_are_in_memory_and_the_others_are_read_again(
    windows: Windows, qtbot: QtBot, source: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(run_shelf, "NODES_IN_MEMORY", 0)
    window = windows()
    desk = ran(window, qtbot, source, 4)
    desk.shelf.refresh()
    assert [each.is_in_memory for each in desk.shelf.kept.runs] == [True, True, False, False]
    desk.shelf.view(1)
    settle(window, qtbot)
    assert [each.is_in_memory for each in desk.shelf.kept.runs] == [True, False, False, True]
    desk.pairs.place(Side.RIGHT, 2)
    settle(window, qtbot)
    assert badges(desk) == ["", "", "B", "A"]


def test_runs_of_the_last_session_are_read_when_they_are_shown(
    windows: Windows, qtbot: QtBot, source: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(run_shelf, "NODES_IN_MEMORY", 0)
    before = windows()
    ran(before, qtbot, source, 3)
    before.close()
    after = windows()
    restoring_of(after).restore()
    settle(after, qtbot)
    desk = desk_of(after)
    assert [each.is_in_memory for each in desk.shelf.kept.runs] == [True, False, False]
    desk.shelf.view(1)
    settle(after, qtbot)
    assert badges(desk) == ["", "", "AB"]
    assert len(project_of(desk).stages) == 2


def test_a_run_that_cannot_be_read_is_told_and_leaves_the_list(
    windows: Windows, qtbot: QtBot, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(run_shelf, "NODES_IN_MEMORY", 0)
    window = windows()
    desk = ran(window, qtbot, source, 3)
    desk.shelf.refresh()
    (tmp_path / "runs" / f"{run_of(desk, 1).origin.key}.qviz").write_bytes(b"half")
    desk.shelf.view(1)
    settle(window, qtbot)
    assert [each.number for each in desk.shelf.kept.runs] == [3, 2]
    assert "not valid" in words(window) or "damaged" in words(window)


def test_a_full_disk_is_told_once_and_stops_nothing(
    windows: Windows, qtbot: QtBot, source: str, monkeypatch: pytest.MonkeyPatch
):
    window = windows()
    settle(window, qtbot)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    desk = ran(window, qtbot, source, 3)
    assert [each.is_in_memory for each in desk.shelf.kept.runs] == [True, True, True]
    assert desk.work.log.toPlainText().count("Runs are not kept for the next start") == 1


def test_keys_drag_and_menu_put_a_run_into_a_pane(windows: Windows, qtbot: QtBot, source: str):
    window = windows()
    desk = ran(window, qtbot, source, 3)
    listed = desk.work.runs
    assert badges(desk) == ["AB", "", ""]
    assert not listed.hint.isHidden()
    window.actions_of["run_in_a"].trigger()
    settle(window, qtbot)
    assert badges(desk) == ["B", "A", ""], "the run before the one on screen"
    assert [pane.name.text() for pane in desk.work.panes.panes.values()] == ["Converted · Run 2", "Converted · Run 3"]
    assert listed.hint.isHidden()
    assert listed.differences.text() == "B differs from A in: backend x86; seed 2"
    listed.rows[2].setFocus()
    window.actions_of["run_in_b"].trigger()
    settle(window, qtbot)
    assert badges(desk) == ["", "A", "B"]
    pane = desk.work.panes.panes[Side.LEFT]
    drop(pane, mime_of(3))
    settle(window, qtbot)
    assert badges(desk) == ["A", "", "B"]
    choose(desk, 2, "Show as A")
    settle(window, qtbot)
    assert badges(desk) == ["", "A", "B"]
    window.actions_of["swap"].trigger()
    assert badges(desk) == ["", "B", "A"], "the panes are swapped, and so are the letters"
    listed.rows[0].chosen.emit()
    settle(window, qtbot)
    assert badges(desk) == ["AB", "", ""]
    assert "Run" not in desk.work.panes.panes[Side.RIGHT].name.text()


def drop(widget: QWidget, data: QMimeData) -> None:
    copy, button, plain = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(widget, QDragEnterEvent(QPoint(5, 5), copy, data, button, plain))
    QApplication.sendEvent(widget, QDropEvent(QPointF(5, 5), copy, data, button, plain))


def test_a_run_is_dragged_onto_a_pane_with_the_mouse(
    windows: Windows, qtbot: QtBot, source: str, monkeypatch: pytest.MonkeyPatch
):
    window = windows()
    desk = ran(window, qtbot, source, 2)
    target, dragged = desk.work.panes.panes[Side.LEFT], []

    def carry(drag: QDrag, _actions: Qt.DropAction) -> Qt.DropAction:  # the platform's part of it
        dragged.append(drag.pixmap().size())
        drop(target, drag.mimeData())
        return Qt.DropAction.CopyAction

    monkeypatch.setattr(QDrag, "exec", carry)
    row, left = desk.work.runs.rows[1], Qt.MouseButton.LeftButton
    qtbot.mousePress(row, left, pos=QPoint(20, 10))
    qtbot.mouseMove(row, QPoint(22, 11))
    assert dragged == [], "a hand that trembles drags nothing"
    qtbot.mouseMove(row, QPoint(60, 40))
    qtbot.mouseRelease(row, left, pos=QPoint(60, 40))
    settle(window, qtbot)
    assert len(dragged) == 1
    assert badges(desk) == ["B", "A"]


def test_a_bookmark_on_either_run_stays_with_it(windows: Windows, qtbot: QtBot, source: str):
    window = windows()
    desk = ran(window, qtbot, source, 2)
    desk.pairs.place(Side.LEFT, 1)
    for stage in ("converted", "converted · Run 1"):
        desk._open.value = project_of(desk).marked(Bookmark(stage, "fc", stage))
    desk.bookmarking.marked.emit()
    assert [each.project.bookmarks for each in desk.shelf.kept.runs] == [
        (Bookmark("converted", "fc", "converted"),),
        (Bookmark("converted", "fc", "converted · Run 1"),),
    ]


def test_a_run_is_renamed_pinned_deleted_and_brought_back(
    windows: Windows, qtbot: QtBot, source: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    window = windows()
    desk = ran(window, qtbot, source, 2)
    listed = desk.work.runs
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("mine", True))
    listed.rows[1].setFocus()
    window.actions_of["rename_run"].trigger()
    assert names(desk)[1] == "Run 1 · mine"
    choose(desk, 1, "Pin")
    assert run_of(desk, 1).is_pinned
    qtbot.keyClick(listed.rows[1], Qt.Key.Key_Delete)
    assert [row.state.run.number for row in listed.rows] == [2]
    undo = next(each for each in desk.work.notice.findChildren(QPushButton) if each.text() == "Undo")
    undo.click()
    assert names(desk)[1] == "Run 1 · mine"
    qtbot.keyClick(listed.rows[1], Qt.Key.Key_Delete)
    window.close()
    assert len(list((tmp_path / "runs").glob("*-*.qviz"))) == 1, "gone from the disk, too"


def test_what_a_run_was_made_with_is_copied_and_saved(
    windows: Windows, qtbot: QtBot, source: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    window = windows()
    desk = ran(window, qtbot, source, 3)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "plan"), ""))
    desk.work.runs.filed.emit(2)
    assert plan_file.load(tmp_path / "plan.toml") == run_of(desk, 2).project.plan
    QGuiApplication.clipboard().clear()
    desk.work.runs.copied.emit(1)
    settle(window, qtbot)
    assert QGuiApplication.clipboard().text() == finished().run.python
    assert "Run 1 is on the clipboard" in words(window)


def test_bookmarks_of_a_result_that_were_not_saved_come_back_with_the_file(
    windows: Windows, qtbot: QtBot, tmp_path: Path
):
    path = str(tmp_path / "review.qviz")
    codec.save(snapshot(CAPTURED, CONVERTED), path)
    before = windows()
    before.opener.open_source(path, is_consented=False)
    settle(before, qtbot)
    desk = desk_of(before)
    desk._open.value = project_of(desk).marked(Bookmark("captured", "x", "mine"))
    desk.bookmarking.marked.emit()
    settle(before, qtbot)
    before.close()
    assert not list((tmp_path / "runs").glob("*-*.qviz")), "the file is not copied"
    after = windows()
    after.opener.open_source(path, is_consented=False)
    settle(after, qtbot)
    assert project_of(desk_of(after)).bookmarks == (Bookmark("captured", "x", "mine"),)
    assert len(desk_of(after).work.runs.rows) == 1


def press(box: QMessageBox) -> None:
    next(each for each in box.buttons() if each.text() == "Forget all runs").click()


def test_all_runs_are_forgotten_after_a_question(
    windows: Windows, qtbot: QtBot, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    window = windows()
    desk = ran(window, qtbot, source, 2)
    monkeypatch.setattr(QMessageBox, "exec", press)
    restoring_of(window).forget_all()
    settle(window, qtbot)
    assert not list((tmp_path / "runs").glob("*-*.*"))
    assert desk.work.runs.rows == []
    assert project_of(desk).stages, "what is on screen stays there"
    window.close()
    again = windows()
    restoring_of(again).restore()
    settle(again, qtbot)
    assert again.desk is None or not again.desk.work.runs.rows

"""Ways through a result: back and forward, bookmarks, hiding, turning, the rubber band."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from qviz.document import codec
from qviz.document.snapshot import Bookmark
from qviz.session.focus import Focus
from qviz.session.sides import Shown, Side
from qviz.ui.shell.desk import Desk
from qviz.ui.shell.main_window import MainWindow
from tests.ui.window.conftest import Asked
from tests.ui.window.test_stepping import CONVERTED
from tests.ui.window.test_window import CAPTURED, FACTS, PREPARED, finished, hear, reached


@pytest.fixture
def desk(window: MainWindow, asked: Asked, qtbot: QtBot) -> Desk:
    window.opener.open_model("sample:conv-bn-relu")
    hear(window, reached(CAPTURED), reached(PREPARED, CAPTURED, FACTS), reached(CONVERTED, PREPARED), finished())
    made = window.desk
    assert made is not None
    qtbot.waitUntil(lambda: all(pane.canvas.view is not None for pane in made.work.panes.panes.values()))
    return made


def at(desk: Desk) -> tuple[str, str]:
    assert desk.project is not None
    assert desk.project.selected is not None
    side, node_id = desk.project.selected
    return desk.project.shown.on(side) or "", node_id


def test_back_and_forward_go_where_one_was(desk: Desk, window: MainWindow):
    desk.selection.choose("captured", "conv")
    desk.selection.choose("converted", "conv")
    window.actions_of["back"].trigger()
    assert at(desk) == ("captured", "conv")
    window.actions_of["forward"].trigger()
    assert at(desk) == ("converted", "conv")
    window.actions_of["forward"].trigger()
    assert at(desk) == ("converted", "conv")
    assert "There is no next selection" in desk.work.notice.message.text()


def test_going_back_shows_the_stage_again(desk: Desk):
    desk.selection.choose("prepared", "obs")
    desk.selection.show_stage(Side.RIGHT, "converted")
    desk.selection.choose("converted", "x")
    desk.navigation.go(-1)
    assert at(desk) == ("prepared", "obs")


def test_a_bookmark_is_noted_saved_and_found_again(desk: Desk, window: MainWindow, qtbot: QtBot, tmp_path: Path):
    desk.selection.choose("converted", "conv")
    window.actions_of["bookmark"].trigger()
    editor = desk.work.bookmarks.findChild(QLineEdit)
    assert editor is not None
    qtbot.keyClicks(editor, "scale looks wrong")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert desk.project is not None
    marked = (Bookmark("converted", "conv", "scale looks wrong"),)
    qtbot.waitUntil(lambda: desk.project is not None and desk.project.bookmarks == marked)
    assert desk.project.document is not None
    codec.save(desk.project.document, tmp_path / "marked.qviz")

    desk.open_result(str(tmp_path / "marked.qviz"))
    assert desk.project.bookmarks == marked
    shown = desk.work.bookmarks.topLevelItem(0)
    assert shown is not None
    desk.work.bookmarks.on_item_clicked(shown)
    assert at(desk) == ("converted", "conv")


def test_a_bookmark_can_go_and_outlives_a_run(desk: Desk, window: MainWindow, qtbot: QtBot):
    assert desk.project is not None
    marked = desk.project.marked(Bookmark("converted", "conv", "a")).marked(Bookmark("captured", "x", "b"))
    desk._open.replace(marked)
    assert desk.work.tabs.tabText(desk.work.tabs.indexOf(desk.work.bookmarks)) == "Bookmarks 2"
    desk.work.bookmarks.setCurrentIndex(desk.work.bookmarks.model().index(0, 0))
    qtbot.keyClick(desk.work.bookmarks, Qt.Key.Key_Delete)
    assert desk.project.bookmarks == (Bookmark("captured", "x", "b"),)
    desk.run()
    assert desk.project.bookmarks == (Bookmark("captured", "x", "b"),)


def test_a_bookmark_of_a_node_that_is_gone_says_so(desk: Desk):
    desk.bookmarking.on_bookmarks_bookmark_chosen(Bookmark("converted", "gone"))
    assert "gone is not in this result" in desk.work.notice.message.text()


def test_what_is_dimmed_can_be_hidden_and_comes_back(desk: Desk, window: MainWindow, qtbot: QtBot):
    canvas = desk.work.panes.canvas
    desk.selection.choose("converted", "conv")
    desk.dimming.focus_on(Focus.UPSTREAM)
    with qtbot.waitSignal(canvas.laid_out):
        window.actions_of["hide_dimmed"].trigger()
    assert canvas.view is not None
    assert {each for box in canvas.view.boxes for each in box.members} == {"x", "conv"}
    with qtbot.waitSignal(canvas.laid_out):
        qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert canvas.view is not None
    assert "output" in canvas.view.box_of
    assert not canvas.is_hiding


def test_hiding_without_dimming_says_how(desk: Desk, window: MainWindow):
    window.actions_of["hide_dimmed"].trigger()
    assert "Nothing is dimmed" in desk.work.notice.message.text()


def test_the_picture_turns(desk: Desk, window: MainWindow, qtbot: QtBot):
    canvas = desk.work.panes.canvas
    with qtbot.waitSignal(canvas.laid_out):
        window.actions_of["turn"].trigger()
    assert canvas.scene is not None
    x, output = canvas.scene.rect("x"), canvas.scene.rect("output")
    assert x.right() < output.left()
    canvas.selection.select("x")
    canvas.selection.walk("right")
    assert canvas.selection.node == "conv"
    canvas.selection.walk("left")
    assert canvas.selection.node == "x"
    with qtbot.waitSignal(canvas.laid_out):
        window.actions_of["turn"].trigger()
    assert canvas.scene.rect("x").bottom() < canvas.scene.rect("output").top()


def test_a_rubber_band_dims_what_is_outside(desk: Desk):
    canvas = desk.work.panes.panes[Side.RIGHT].canvas
    assert canvas.scene is not None
    canvas.surface.pointing.banded.emit(canvas.scene.rect("conv").adjusted(-2, -2, 2, 2))
    assert canvas.emphasis.highlighted == frozenset({"conv"})
    canvas.surface.pointing.banded.emit(QRectF(-900, -900, 10, 10))
    assert canvas.emphasis.highlighted is None


def test_a_second_result_opens_beside(desk: Desk, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert desk.project is not None
    assert desk.project.document is not None
    codec.save(desk.project.document, tmp_path / "other.qviz")
    monkeypatch.setattr("qviz.ui.shell.desk.ask_for_result", lambda parent: str(tmp_path / "other.qviz"))
    window.actions_of["open_beside"].trigger()
    assert desk.project.shown == Shown("converted", "converted · other")
    desk.selection.choose("converted", "conv")
    assert desk.work.panes.panes[Side.RIGHT].canvas.selection.node == "conv"


def test_a_second_result_that_cannot_be_read_says_so(
    desk: Desk, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("qviz.ui.shell.desk.ask_for_result", lambda parent: str(tmp_path / "none.qviz"))
    before = desk.project
    window.actions_of["open_beside"].trigger()
    assert desk.project is before
    assert "none.qviz" in desk.work.notice.message.text()

"""What stands in the menus does what it says."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from qviz.document import codec
from qviz.document.graph import Quant
from qviz.session.sides import Side
from qviz.ui.settings import Settings
from qviz.ui.shell.desk import Desk
from qviz.ui.shell.main_window import MainWindow
from tests.factories import node, qparams, snapshot, stage
from tests.ui.window.conftest import Asked
from tests.ui.window.test_sizes import opened
from tests.ui.window.test_window import CAPTURED, finished, hear, reached, words

LISTED = {
    "File": "Open… Open recent… Open beside… Save Save as… Export… Copy picture|Copy as Python|Settings… Quit",
    "Edit": "Undo Redo Copy module path|Copy facts|Bookmark Find… Saved filters…|Commands…",
    "View": "Roles Numbers Changes One pane|Swap panes|Overview rail|Legend Left panel|Inspector Bottom panel|"
    "Only the panes|Larger text|Smaller text|Light or dark|Language…",
    "Graph": "Expand or collapse|Expand all|Collapse all except the path|Open seams|Hide dimmed|Left to right",
    "Go": "Back Forward Next finding|Previous finding|Next place of the finding|Next change|Previous change|"
    "Next observer|Previous observer|Next cast|Previous cast|Next stage|Previous stage|Next run|Previous run|"
    "Producer User",
    "Run": "Run Cancel Compare flows…|Leave in float|Observer…|Per channel|Add rule…|Accept in baseline|"
    "Python of the engine…",
    "Help": "Keys About this node|API Documentation About qviz",
}


def entries(listed: str) -> set[str]:
    """Return the entries: parted by a bar, or by a space where each is one word."""
    return {each.strip() for each in listed.split("|")}


@pytest.mark.parametrize("menu", LISTED)
def test_the_menus_hold_what_a_user_looks_for(window: MainWindow, menu: str):
    window.bar.menus.fill(menu)
    there = " ".join(each.text() for each in window.bar.menus.menus[menu].actions())
    missing = [each for part in entries(LISTED[menu]) for each in [part] if each not in there]
    assert [each for each in missing if any(word not in there for word in each.split())] == []


@pytest.fixture
def desk(window: MainWindow, asked: Asked, qtbot: QtBot) -> Desk:
    opened(window, qtbot, 1600, 1000)
    assert window.desk is not None
    return window.desk


def test_a_result_is_saved_into_its_own_file_and_a_new_run_asks_again(
    desk: Desk, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asked_for: list[str] = []

    def answer(*_: object) -> tuple[str, str]:
        asked_for.append(str(tmp_path / f"{len(asked_for)}.qviz"))
        return asked_for[-1], ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    window.actions_of["save"].trigger()
    assert len(asked_for) == 1
    desk.selection.choose("prepared", "conv")
    window.actions_of["bookmark"].trigger()
    window.actions_of["save"].trigger()
    assert len(asked_for) == 1, "the file is known"
    assert [each.node for each in codec.load(asked_for[0]).bookmarks] == ["conv"]
    window.actions_of["save_as"].trigger()
    assert len(asked_for) == 2
    window.actions_of["run"].trigger()
    hear(window, reached(CAPTURED), finished())
    window.actions_of["save"].trigger()
    assert len(asked_for) == 3, "another run must not go over the file of the one before"


def test_an_opened_result_is_saved_where_it_came_from(
    window: MainWindow, asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: pytest.fail("nothing to ask"))
    path = tmp_path / "a.qviz"
    codec.save(snapshot(CAPTURED), path)
    window.opener.open_source(str(path), is_consented=True)
    qtbot.waitUntil(lambda: window.desk is not None and window.desk.project is not None)
    before = path.read_bytes()
    assert window.desk is not None
    window.desk.selection.choose("captured", "conv")
    window.actions_of["bookmark"].trigger()
    window.actions_of["save"].trigger()
    assert path.read_bytes() != before


def test_scale_and_zero_point_are_copied_with_all_digits(
    window: MainWindow, asked: Asked, qtbot: QtBot, tmp_path: Path
):
    params = msgspec.structs.replace(qparams(), scale=0.0186724509, zero_point=-14)
    cast = node("quant", "x", kind="quantize", quant=Quant(output=params))
    codec.save(snapshot(stage("converted", node("x", kind="input"), cast)), tmp_path / "a.qviz")
    window.opener.open_source(str(tmp_path / "a.qviz"), is_consented=True)
    qtbot.waitUntil(lambda: window.desk is not None and window.desk.project is not None)
    assert window.desk is not None
    window.desk.selection.choose("converted", "quant")
    window.actions_of["copy_scale"].trigger()
    assert QGuiApplication.clipboard().text() == "scale=0.0186724509, zero_point=-14"
    window.desk.selection.choose("converted", "x")
    window.actions_of["copy_scale"].trigger()
    assert "has no scale of its own" in words(window)


def test_the_overview_goes_and_stays_away(desk: Desk, window: MainWindow, qtbot: QtBot):
    rail = desk.work.panes.overview.rail
    qtbot.waitUntil(rail.isVisible)
    window.actions_of["overview"].trigger()
    desk.work.panes.overview.refresh()
    assert not rail.isVisible()
    assert not Settings().is_open("overview")
    window.actions_of["overview"].trigger()
    qtbot.waitUntil(rail.isVisible)


def test_keys_go_along_the_overview(desk: Desk, window: MainWindow, qtbot: QtBot):
    rail = desk.work.panes.overview.rail
    qtbot.waitUntil(lambda: rail.isVisible() and rail.rows > 2)
    window.activateWindow()
    desk.work.panes.canvas.surface.setFocus()
    seen: list[str] = []
    rail.chosen.connect(lambda _side, node: seen.append(node))
    while not rail.hasFocus():
        now = QApplication.focusWidget()
        assert now is not None
        QTest.keyClick(now, Qt.Key.Key_Tab)
        assert QApplication.focusWidget() is not desk.work.panes.canvas.surface, "once around without the rail"
    QTest.keyClick(rail, Qt.Key.Key_Home)
    QTest.keyClick(rail, Qt.Key.Key_Home)
    QTest.keyClick(rail, Qt.Key.Key_Down)
    QTest.keyClick(rail, Qt.Key.Key_Down)
    QTest.keyClick(rail, Qt.Key.Key_Up)
    QTest.keyClick(rail, Qt.Key.Key_End)
    *_, first, second, third, again, last = seen
    assert first == "x"
    assert again == second
    assert len({first, second, third, last}) >= 3
    assert last == "output"
    assert last in rail.accessibleDescription()


def test_observers_are_stepped_both_ways(desk: Desk, window: MainWindow):
    window.actions_of["previous_observer"].trigger()
    assert desk.selection.node_id == "obs"
    window.actions_of["next_observer"].trigger()
    assert desk.selection.node_id == "obs"


def test_casts_stand_open_for_good_once_that_is_chosen(desk: Desk, window: MainWindow):
    family = desk.work.panes.panes[Side.RIGHT].canvas.family
    window.actions_of["open_casts"].trigger()
    assert Settings().is_on("open_casts")
    assert desk.work.panes.panes[Side.RIGHT].canvas.family is not family


def test_a_rule_begins_with_the_module_that_is_selected(
    desk: Desk, window: MainWindow, monkeypatch: pytest.MonkeyPatch
):
    began: list[str] = []
    monkeypatch.setattr(desk.work.setup.rules, "ask", began.append)
    desk.selection.choose("prepared", "conv")
    window.actions_of["add_rule"].trigger()
    desk.selection.choose("prepared", "x")
    window.actions_of["add_rule"].trigger()
    assert began == ["conv", ""]

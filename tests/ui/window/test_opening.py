"""How things get into the window and out of it: trust, recent files, the palette, export, the clipboard."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QMenu, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from qviz.document import codec
from qviz.document.plan import Plan
from qviz.document.writing import write_atomically
from qviz.session.copied_script import copied_script
from qviz.ui.panels.shortcuts import Palette, ShortcutSheet
from qviz.ui.panels.welcome import DropTarget
from qviz.ui.panels.widgets import breakable
from qviz.ui.process import decoding
from qviz.ui.shell import exports
from qviz.ui.shell.app import clear_up, report_bug
from qviz.ui.shell.main_window import MainWindow
from tests.factories import small_stages, snapshot
from tests.ui.widgets import found
from tests.ui.window.conftest import Asked

CAPTURED, CONVERTED = small_stages()


def answer(title: str) -> None:
    """Press a button of the question that is about to open."""

    def press() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        next(each for each in box.buttons() if each.text().replace("&", "") == title).click()

    QTimer.singleShot(0, press)


@pytest.fixture
def model(tmp_path: Path) -> str:
    (tmp_path / "net.py").write_text("")
    return str(tmp_path / "net.py")


@pytest.fixture
def opened(window: MainWindow, tmp_path: Path) -> MainWindow:
    codec.save(snapshot(CAPTURED, CONVERTED), tmp_path / "saved.qviz")
    window.opener.open_source(str(tmp_path / "saved.qviz"), is_consented=False)
    return window


def test_a_large_result_is_read_beside_the_window(
    window: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
):
    read, gate = codec.open_result, threading.Event()
    monkeypatch.setattr(decoding, "_SOON_S", 0.01)
    monkeypatch.setattr(codec, "open_result", lambda path: read(path) if gate.wait(10) else None)
    codec.save(snapshot(CAPTURED, CONVERTED), tmp_path / "large.qviz")
    window.opener.open_source(str(tmp_path / "none.json"), is_consented=False)
    window.opener.open_source(str(tmp_path / "large.qviz"), is_consented=False)
    assert window.desk is not None
    assert window.desk.project is None
    gate.set()
    qtbot.waitUntil(lambda: window.desk is not None and window.desk.project is not None)
    project: Any = window.desk.project  # mypy holds on to what it was before
    assert [stage.name for stage in project.stages] == ["captured", "converted"]


def test_a_dropped_file_runs_only_after_a_yes_and_asks_once(window: MainWindow, asked: Asked, model: str):
    answer("Cancel")
    window.opener.open_source(model, is_consented=False)
    assert asked.plans == []
    answer("Run")
    window.opener.open_source(model, is_consented=False)
    window.opener.open_source(f"{model}:Net", is_consented=False)  # of a file that she allowed
    assert [plan.source for plan in asked.plans] == [model, f"{model}:Net"]


def test_a_file_can_be_dropped(qtbot: QtBot, model: str):
    target = DropTarget()
    qtbot.addWidget(target)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/a/picture.png"), QUrl.fromLocalFile(model)])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    with qtbot.waitSignal(target.file_dropped) as told:
        target.dropEvent(QDropEvent(QPointF(5, 5), copy, data, left, none, QEvent.Type.Drop))
    assert told.args == [model]


def test_the_menu_opens_a_file(window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    codec.save(snapshot(CAPTURED, CONVERTED), tmp_path / "saved.qviz")
    asked: list[str] = []

    def answer(_parent: object, _title: str, _folder: str, filters: str) -> tuple[str, str]:
        asked.append(filters)
        return str(tmp_path / "saved.qviz"), filters

    monkeypatch.setattr(QFileDialog, "getOpenFileName", answer)
    file = next(each for each in window.findChildren(QMenu) if each.title().replace("&", "") == "File")
    file.aboutToShow.emit()
    next(each for each in file.actions() if each.text().replace("&", "").startswith("Open…")).trigger()
    assert window.desk is not None
    assert window.desk.project is not None
    assert [stage.name for stage in window.desk.project.stages] == ["captured", "converted"]
    assert all(ending in asked[0] for ending in ("*.py", "*.qviz", "*.toml", "*.pt2"))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    before = window.desk.project
    window.actions_of["open"].trigger()
    assert window.desk.project is before, "nothing was chosen"


def test_what_the_command_line_chose_is_kept_without_a_flow(window: MainWindow, asked: Asked):
    window.opener.open_plan(Plan(source="m:n", backend="qnnpack", calibrate="data.npz", inputs=("1x2",)))
    assert asked.plans == [Plan("m:n", "fx-static", ("1x2",), calibrate="data.npz", backend="qnnpack")]


def test_the_welcome_page_lists_what_was_open_lately(opened: MainWindow):
    opened.pages.show_welcome()
    names = [each.text() for each in opened.pages.welcome.findChildren(QPushButton) if not each.isHidden()]
    assert "saved.qviz" in names


def test_the_welcome_page_begins_anew_after_something_was_opened(window: MainWindow, asked: Asked, qtbot: QtBot):
    typed = found(window.pages.welcome, DropTarget).typed
    qtbot.keyClicks(typed, "sample:uneven")
    qtbot.keyClick(typed, Qt.Key.Key_Return)
    assert asked.plans[-1].source == "sample:uneven"
    window.pages.show_welcome()
    qtbot.keyClicks(typed, "sample:mobile")
    assert typed.text() == "sample:mobile"


def test_an_edited_flow_leaves_the_result_its_stages(opened: MainWindow, qtbot: QtBot):
    assert opened.desk is not None
    before = [each.text() for each in opened.desk.work.strip.findChildren(QPushButton)]
    setup = opened.desk.work.setup
    other = next(each for each in setup.flow.modes.buttons() if not each.isChecked())
    with qtbot.waitSignal(setup.plan_changed):
        qtbot.mouseClick(other, Qt.MouseButton.LeftButton)
    opened.desk.refresh()
    assert [each.text() for each in opened.desk.work.strip.findChildren(QPushButton)] == before


def test_a_file_that_another_program_wrote_is_not_replaced_unasked(
    opened: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "saved.qviz"
    opened.actions_of["save"].trigger()
    path.write_bytes(b"theirs")
    for title, held in (("Cancel", b"theirs"), ("Replace", None)):
        monkeypatch.setattr(QMessageBox, "exec", lambda box, title=title: _press(box, title))
        opened.actions_of["save"].trigger()
        assert held is None or path.read_bytes() == held
    assert codec.load(path).stages == (CAPTURED, CONVERTED)
    monkeypatch.setattr(QMessageBox, "exec", lambda _box: pytest.fail("nobody wrote it since"))
    opened.actions_of["save"].trigger()
    path.chmod(0o444)
    opened.actions_of["save"].trigger()
    assert any("is read-only" in each.text() for each in opened.findChildren(QLabel))
    assert opened.settings.saved_in == [str(tmp_path)]


def _press(box: QMessageBox, title: str) -> None:
    next(each for each in box.buttons() if each.text().replace("&", "") == title).click()


def test_what_a_save_left_half_written_is_removed_at_the_next_start(tmp_path: Path):
    left = tmp_path / ".qviz-00000000-1-x.part"
    left.write_bytes(b"half")
    os.utime(left, (0, 0))
    clear_up([str(tmp_path), str(tmp_path / "gone")])
    assert not left.exists()


def test_a_result_is_saved(opened: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "again"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), "qviz result (*.qviz)"))
    opened.actions_of["save_as"].trigger()
    assert codec.load(f"{path}.qviz") == codec.load(tmp_path / "saved.qviz")


def test_a_large_result_is_saved_beside_the_window_and_before_it_closes(
    opened: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "again.qviz"
    monkeypatch.setattr(exports, "_MANY", 0)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), "qviz result (*.qviz)"))
    threads: list[str] = []

    def write(path: Path, data: bytes, known: str | None) -> None:
        threads.append(threading.current_thread().name)
        write_atomically(path, data, known=known)

    monkeypatch.setattr(exports, "write_atomically", write)
    opened.actions_of["save_as"].trigger()
    opened.close()
    assert codec.load(path) == codec.load(tmp_path / "saved.qviz")
    assert threads[0] != threading.main_thread().name


def test_the_script_and_the_picture_can_be_copied(opened: MainWindow):
    assert opened.desk is not None
    assert opened.desk.project is not None
    assert opened.desk.project.snapshot is not None
    opened.actions_of["copy_python"].trigger()
    assert QGuiApplication.clipboard().text() == copied_script(opened.desk.project)
    opened.actions_of["copy_picture"].trigger()
    assert not QGuiApplication.clipboard().image().isNull()


def test_the_palette_runs_the_command_that_was_typed(window: MainWindow, qtbot: QtBot):
    before = window.appearance.theme.name
    window.actions_of["palette"].trigger()
    palette = found(window, Palette)
    qtbot.keyClicks(palette.typed, "dark")
    qtbot.keyClick(palette.typed, Qt.Key.Key_Return)
    assert window.appearance.theme.name != before


def test_the_sheet_has_every_key(window: MainWindow):
    window.actions_of["shortcuts"].trigger()
    said = " ".join(each.text() for each in found(window, ShortcutSheet).findChildren(QLabel))
    assert [key for command in window.actions_of.commands for key in command.keys if key not in said] == []


def test_every_command_has_a_handler_and_its_key_in_the_tooltip(window: MainWindow):
    for command in window.actions_of.commands:
        tip = window.actions_of[command.id].toolTip()
        assert not command.keys or command.keys[0] in tip


def test_the_window_follows_the_system_until_the_user_chooses(window: MainWindow):
    changed = QGuiApplication.styleHints().colorSchemeChanged
    changed.emit(Qt.ColorScheme.Dark)
    assert window.appearance.theme.is_dark
    changed.emit(Qt.ColorScheme.Light)
    assert not window.appearance.theme.is_dark
    window.appearance.switch()
    changed.emit(Qt.ColorScheme.Light)
    assert window.appearance.theme.is_dark


@pytest.mark.logs
def test_a_fault_is_told_and_the_window_goes_on(window: MainWindow):
    try:
        raise ZeroDivisionError("a fault")
    except ZeroDivisionError as error:
        report_bug(window, type(error), error, error.__traceback__)
    box = found(window, QMessageBox)
    assert "a fault" in box.text()
    assert "test_opening.py" in box.detailedText()
    assert window.isVisible()


def test_long_names_break_at_their_joints():
    assert breakable("a.meta['x'].input_map").split("\u200b") == ["a", ".meta", "['x']", ".input", "_map"]
    assert breakable("layers.0.norm1 of 50.8 kB") == "layers.0.norm1 of 50.8\u202fkB"
    assert "\u200b" not in breakable("47.2 dB of 3.14")
    assert breakable("plain words, 1..2 and (x)").replace("\u200b", "") == "plain words, 1..2 and (x)"

"""What is told floats over the graph: one thing at a time, results for a while, modes and errors until they end."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from qviz.ui.panels.toasts import RESULT_MS, Stepper, Toast
from qviz.ui.shell.main_window import MainWindow
from tests.ui.window.conftest import Asked
from tests.ui.window.test_window import CAPTURED, PREPARED, finished, hear, reached


@pytest.fixture
def host(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    QVBoxLayout(made).addWidget(QLineEdit())
    made.resize(600, 400)
    with qtbot.waitExposed(made):
        made.show()
    return made


def buttons(toast: Toast) -> list[str]:
    return [each.text() for each in toast.findChildren(QPushButton) if not each.isHidden()]


def press(toast: Toast, title: str) -> None:
    next(each for each in toast.findChildren(QPushButton) if each.text() == title and not each.isHidden()).click()


def test_a_result_goes_by_itself_and_an_error_stays(host: QWidget):
    toast = Toast(host)
    toast.tell("info", "Saved a.qviz")
    assert toast._timer.isActive()
    assert toast._timer.interval() == RESULT_MS
    toast.on_timer_timeout()
    assert toast.isHidden()
    toast.tell("error", "It failed")
    assert not toast._timer.isActive()
    press(toast, "×")
    assert toast.isHidden()


def test_a_mode_comes_back_after_a_result_and_ends_by_its_button(host: QWidget):
    toast = Toast(host)
    ended: list[int] = []
    went: list[int] = []
    toast.begin("Changes", lambda: ended.append(1), step=Stepper("1 of 3", went.append))
    press(toast, "›")
    assert went == [1]
    toast.tell("info", "Copied")
    assert toast.message.text() == "Copied"
    toast.on_timer_timeout()
    assert toast.message.text() == "Changes"
    press(toast, "Esc")
    assert ended == [1]
    assert toast.isHidden()


def test_an_action_is_done_once_and_takes_the_toast_away(host: QWidget):
    toast = Toast(host)
    done: list[int] = []
    toast.tell("error", "It failed", "Try again.", (("Run again", lambda: done.append(1)),))
    press(toast, "Run again")
    assert done == [1]
    assert toast.isHidden()


def test_it_stands_in_the_middle_of_the_foot_whatever_its_length(host: QWidget):
    toast = Toast(host)
    for text in ("Short", "Very long " * 40):
        toast.tell("info", text)
        place = toast.geometry()
        assert place.bottom() < host.height()
        assert place.bottom() > host.height() - 16
        assert abs(place.center().x() - host.width() // 2) <= 1
        assert place.width() < host.width()
    host.resize(500, 300)
    assert toast.geometry().bottom() < 300


def test_it_never_takes_the_keys_and_is_read_aloud(host: QWidget, monkeypatch: pytest.MonkeyPatch):
    field = host.findChild(QLineEdit)
    assert field is not None
    field.setFocus()
    said: list[str] = []
    monkeypatch.setattr(QAccessible, "updateAccessibility", lambda event: said.append(event.message()))
    Toast(host).tell("error", "It failed", "Try again.")
    assert host.focusWidget() is field
    assert said == ["error: It failed Try again."]


def test_nothing_that_is_told_moves_the_panes(window: MainWindow, asked: Asked, qtbot: QtBot):
    window.opener.open_model("sample:conv-bn-relu")
    hear(window, reached(CAPTURED), reached(PREPARED, CAPTURED), finished())
    assert window.desk is not None
    work = window.desk.work
    qtbot.waitUntil(lambda: all(pane.canvas.view is not None for pane in work.panes.panes.values()))
    place = work.panes.mapTo(window, QPoint()), work.panes.size()
    work.notice.tell("error", "It failed " * 30, "Try again.", (("Run again", lambda: None),))
    assert "Try again." in work.log.toPlainText()
    assert (work.panes.mapTo(window, QPoint()), work.panes.size()) == place
    window.actions_of["run"].trigger()
    assert work.progress.isVisible()
    assert (work.panes.mapTo(window, QPoint()), work.panes.size()) == place


def test_escape_ends_a_mode(window: MainWindow, asked: Asked, qtbot: QtBot):
    window.opener.open_model("sample:conv-bn-relu")
    hear(window, reached(CAPTURED), reached(PREPARED, CAPTURED), finished())
    assert window.desk is not None
    work = window.desk.work
    qtbot.waitUntil(lambda: all(pane.canvas.view is not None for pane in work.panes.panes.values()))
    window.actions_of["changes"].trigger()
    assert work.notice.isVisible()
    assert "1 change" in [each.text() for each in work.notice.findChildren(QLabel)]
    press(work.notice, "›")
    assert work.panes.canvas.selection.node == "obs"
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert not work.notice.isVisible()
    assert not any(pane.canvas.emphasis.is_highlighting for pane in work.panes.panes.values())


def test_a_toast_leaves_what_stands_at_the_right_end_free(host: QWidget):
    rail = QWidget(host)
    rail.setGeometry(540, 0, 60, 400)
    rail.show()
    toast = Toast(host, rail)
    toast.tell("error", "It failed " + "and failed " * 40)
    assert toast.geometry().right() < rail.x()
    rail.hide()
    assert toast.geometry().right() > rail.x()

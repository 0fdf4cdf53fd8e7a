"""What a plan would run is found out beside the window, which goes on meanwhile and can be told to stop."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from threading import Event

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QProgressDialog
from pytestqt.qtbot import QtBot

from qviz.document.plan import Plan
from qviz.errors import QvizError
from qviz.trust.listing import Listing
from qviz.trust.question import CodeQuestion, question_of
from qviz.trust.references import NamedBy
from qviz.ui.process import code_listing
from qviz.ui.process.code_listing import CodeLists

QUESTION = question_of(Plan("model.py:Net"), (), (), NamedBy.FILE)


@pytest.fixture
def go_on(monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """Lets the reading end."""
    ended = Event()

    def read(question: CodeQuestion) -> Listing:
        assert threading.current_thread() is not threading.main_thread()
        ended.wait(20)
        return Listing(place="read")

    monkeypatch.setattr(code_listing, "list_code", read)
    monkeypatch.setattr(code_listing, "_AT_ONCE_S", 0.01)
    yield ended
    ended.set()


def shown() -> list[QProgressDialog]:
    return [each for each in QApplication.topLevelWidgets() if isinstance(each, QProgressDialog) and each.isVisible()]


def test_the_window_goes_on_while_a_large_file_is_read(go_on: Event, qtbot: QtBot):
    seen: list[str] = []

    def look() -> None:
        seen.extend(each.labelText() for each in shown())
        go_on.set()

    QTimer.singleShot(50, look)
    assert CodeLists()(QUESTION).place == "read"
    assert seen == ["Reading what would run…"]
    assert not shown()


def test_waiting_can_be_cancelled(go_on: Event, qtbot: QtBot):
    def cancel() -> None:
        shown()[0].canceled.emit()

    QTimer.singleShot(50, cancel)
    with pytest.raises(QvizError, match="could not find out what would run"):
        CodeLists()(QUESTION)
    assert not shown()


def test_what_is_read_at_once_shows_nothing_and_what_is_refused_is_said(go_on: Event, qtbot: QtBot, monkeypatch):
    go_on.set()
    assert CodeLists()(QUESTION).place == "read"

    def refuse(question: CodeQuestion) -> Listing:
        raise QvizError("no such file")

    monkeypatch.setattr(code_listing, "list_code", refuse)
    with pytest.raises(QvizError, match="no such file"):
        CodeLists()(QUESTION)

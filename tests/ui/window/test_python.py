"""The interpreter of the engine, chosen in the window."""

from __future__ import annotations

import os
import sys

import pytest
from PySide6.QtWidgets import QInputDialog

from qviz.ui.shell.main_window import MainWindow
from qviz.wire.interpreter import VARIABLE


@pytest.fixture
def restarts(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(window.engines, "restart", lambda: found.append(os.environ[VARIABLE]))
    return found


def answer(monkeypatch: pytest.MonkeyPatch, text: str, is_given: bool = True) -> None:
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: (text, is_given))


def test_another_interpreter_restarts_the_engine(window: MainWindow, restarts: list[str], monkeypatch):
    answer(monkeypatch, sys.executable)
    window.actions_of["choose_python"].trigger()
    assert restarts == [sys.executable]
    assert window.settings.python == sys.executable
    window.actions_of["choose_python"].trigger()
    assert len(restarts) == 1  # the same again
    answer(monkeypatch, "")
    window.actions_of["choose_python"].trigger()
    assert restarts[1:] == [""]


def test_what_is_no_python_changes_nothing(window: MainWindow, restarts: list[str], monkeypatch):
    answer(monkeypatch, "/nowhere/python")
    window.actions_of["choose_python"].trigger()
    assert not restarts
    assert window.settings.python == ""
    assert window.pages.notice.isVisible()


def test_a_question_that_is_dropped_changes_nothing(window: MainWindow, restarts: list[str], monkeypatch):
    answer(monkeypatch, sys.executable, is_given=False)
    window.actions_of["choose_python"].trigger()
    assert not restarts

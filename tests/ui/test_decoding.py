"""What is read away from the window arrives in its order, and only while it is wanted."""

from __future__ import annotations

import threading
from typing import Any

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from qviz.ui.process.decoding import Decoding
from qviz.ui.process.disposal import Disposal
from tests.factories import small_stages


def test_what_is_small_comes_at_once_unless_something_waits(qtbot: QtBot):
    parent = QObject()
    told: list[Any] = []
    decoding, gate = Decoding(parent), threading.Event()
    decoding.take(lambda: "first", told.append, told.append)
    assert told == ["first"]
    decoding.take(lambda: gate.wait(5) and "large", told.append, told.append, is_large=True)
    decoding.take(lambda: "after it", told.append, told.append)
    assert told == ["first"]
    gate.set()
    qtbot.waitUntil(lambda: not decoding.is_busy)
    assert told == ["first", "large", "after it"]


def test_what_cannot_be_read_is_refused_in_the_windows_thread(qtbot: QtBot):
    parent = QObject()
    decoding, refused = Decoding(parent), []

    def fail() -> None:
        raise ValueError("broken")

    def refuse(error: Exception) -> None:
        refused.append((str(error), threading.current_thread() is threading.main_thread()))

    decoding.take(fail, print, refuse)
    decoding.take(fail, print, refuse, is_large=True)
    qtbot.waitUntil(lambda: len(refused) == 2)
    assert refused == [("broken", True)] * 2


def test_what_is_forgotten_never_comes(qtbot: QtBot):
    parent = QObject()
    told: list[Any] = []
    decoding = Decoding(parent)
    decoding.take(lambda: "old", told.append, told.append, is_large=True)
    decoding.forget()
    assert not decoding.is_busy
    decoding.take(lambda: "new", told.append, told.append, is_large=True)
    qtbot.waitUntil(lambda: bool(told))
    assert told == ["new"]


def test_a_model_goes_slowly_but_wholly(qtbot: QtBot):
    parent = QObject()
    disposal = Disposal(parent)
    disposal.take(small_stages())
    assert disposal.is_busy
    qtbot.waitUntil(lambda: not disposal.is_busy)

"""What is read away from the window arrives in its order, and only while it is wanted."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from qviz.ui.process import decoding, garbage
from qviz.ui.process.decoding import Decoding
from qviz.ui.process.disposal import Disposal
from qviz.ui.process.garbage import building, look_at_all
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


def test_a_file_that_takes_long_does_not_hold_the_window(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch):
    parent = QObject()
    told: list[Any] = []
    reading, gate = Decoding(parent), threading.Event()
    reading.take_soon(lambda: threading.current_thread().name, told.append, told.append)
    assert told[0].startswith("reading"), "at once, yet beside the window"
    monkeypatch.setattr(decoding, "_SOON_S", 0.01)
    reading.take_soon(lambda: gate.wait(5) and "large", told.append, told.append)
    reading.take_soon(lambda: "after it", told.append, told.append)
    assert len(told) == 1
    gate.set()
    qtbot.waitUntil(lambda: not reading.is_busy)
    assert told[1:] == ["large", "after it"]


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


class Ring:
    def __init__(self) -> None:
        self.itself = self


def test_what_is_made_large__seldom_and_kept_from_the_search_for_cycles_never(monkeypatch: pytest.MonkeyPatch):
    with building():
        assert not gc.isenabled()
        rings = [Ring()]
        watched = weakref.ref(rings[0])
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
    del rings
    gc.collect(1)
    assert watched() is not None  # what is old is not searched through again and again
    monkeypatch.setattr(garbage, "SOON_LOOKED_AT", 0)
    look_at_all()
    assert watched() is not None  # it would take too long
    monkeypatch.setattr(garbage, "SOON_LOOKED_AT", 10**9)
    look_at_all()
    assert watched() is None


def test_cycles_of_closed_models_are_found_after_some(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(garbage, "SOON_LOOKED_AT", 10**9)
    parent = QObject()
    disposal = Disposal(parent)
    with building():
        watched = weakref.ref(Ring())
    for _ in range(19):
        disposal.take(small_stages())
        qtbot.waitUntil(lambda: not disposal.is_busy)
        assert watched() is not None
    disposal.take(small_stages())
    qtbot.waitUntil(lambda: not disposal.is_busy)
    assert watched() is None

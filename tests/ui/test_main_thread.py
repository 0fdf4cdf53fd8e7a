"""Threads bring their calls to the window's thread, and destroy nothing of Qt."""

from __future__ import annotations

from functools import partial
from threading import Thread, current_thread
from threading import main_thread as python_main_thread

from qviz.ui.process.main_thread import main_thread


def test_calls_come_in_their_order_in_the_windows_thread(qtbot):
    here = main_thread()
    came: list[tuple[int, object]] = []

    def keep(number: int) -> None:
        came.append((number, current_thread()))

    def work() -> None:
        for number in range(100):
            here.post(partial(keep, number))

    thread = Thread(target=work)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(came) == 100)
    assert came == [(number, python_main_thread()) for number in range(100)]


def test_there_is_one(qtbot):
    assert main_thread() is main_thread()

"""PySide6 6.12.0 takes a reference of None at every call that returns nothing, until CPython 3.11 aborts."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject, QTimer

CALLS = 2000


def test_a_call_that_returns_nothing_leaves_none_alone():
    timer, thing = QTimer(), QObject()
    before = sys.getrefcount(None)
    for _ in range(CALLS):
        timer.setInterval(1)
        thing.setObjectName("x")
    assert abs(sys.getrefcount(None) - before) < CALLS // 10

from __future__ import annotations

import logging

import pytest
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QMessageBox, QWidget

from qviz.ui.process import first_paint
from qviz.ui.process.first_paint import AfterFirstPaint
from qviz.ui.shell.app import report_bug


class Painted(QWidget):
    """Notes when it is painted."""

    def __init__(self, events: list[str]) -> None:
        super().__init__()
        self._events = events

    def paintEvent(self, event: QPaintEvent) -> None:
        self._events.append("painted")


def test_the_window_is_painted_before_anything_else_begins(qtbot):
    events: list[str] = []
    window = Painted(events)
    qtbot.addWidget(window)
    AfterFirstPaint(window, lambda: events.append("started"))
    window.show()
    qtbot.waitUntil(lambda: "started" in events)
    assert events[0] == "painted"
    window.repaint()
    assert events.count("started") == 1


def test_a_window_that_nobody_sees_starts_too(qtbot, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(first_paint, "PATIENCE_MS", 1)
    events: list[str] = []
    window = Painted(events)
    qtbot.addWidget(window)
    AfterFirstPaint(window, lambda: events.append("started"))
    qtbot.waitUntil(lambda: events == ["started"])


def test_a_window_that_is_closed_at_once_starts_nothing(qtbot):
    events: list[str] = []
    window = Painted(events)
    qtbot.addWidget(window)
    waiting = AfterFirstPaint(window, lambda: events.append("started"))
    window.show()
    window.repaint()
    window.close()
    waiting.act()
    qtbot.wait(20)
    assert "started" not in events


def report(window: QWidget, text: str) -> None:
    error = ValueError(text)
    report_bug(window, type(error), error, None)


def test_a_fault_that_comes_again_and_again_opens_one_dialog(qtbot, caplog):
    window = QWidget()
    qtbot.addWidget(window)
    with caplog.at_level(logging.ERROR):
        for count in range(3):
            report(window, f"<b>{count}</b>")
    boxes = window.findChildren(QMessageBox)
    assert [box.text() for box in boxes] == ["ValueError: <b>0</b>"]
    assert len(caplog.records) == 3
    with qtbot.waitSignal(boxes[0].destroyed):
        boxes[0].close()
    report(window, "later")
    assert [box.text() for box in window.findChildren(QMessageBox)] == ["ValueError: later"]

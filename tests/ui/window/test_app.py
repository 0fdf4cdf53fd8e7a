from __future__ import annotations

import logging

from PySide6.QtWidgets import QMessageBox, QWidget

from qviz.ui.app import report_bug


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

from __future__ import annotations

from PySide6.QtWidgets import QPushButton, QTableWidget
from pytestqt.qtbot import QtBot

from qviz.document.snapshot import Integers
from qviz.ui.panels.integers import IntegersTable
from tests.ui.widgets import found


def texts(shown: IntegersTable, row: int) -> list[str]:
    table = found(shown, QTableWidget)
    items = [table.item(row, column) for column in range(table.columnCount())]
    return [item.text() for item in items if item is not None]


def test_integers_and_the_floats_they_stand_for(qtbot: QtBot):
    weight = Integers("torch.qint8", (20, 3), ((1, -2, 3), (4, 5, 6)), -2, 6, 0, (0.5, 0.25), (0, 2), 20)
    shown = IntegersTable(weight)
    qtbot.addWidget(shown)
    assert texts(shown, 0) == ["0.5", "0", "1", "−2", "3"]
    next(each for each in shown.findChildren(QPushButton) if each.text() == "Floats").click()
    assert texts(shown, 0) == ["0.5", "0", "0.5", "−1", "1.5"]
    assert texts(shown, 1) == ["0.25", "2", "0.5", "0.75", "1"]

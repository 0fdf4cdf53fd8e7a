"""The look of widgets in texts of any size."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QPushButton, QRadioButton, QWidget
from pytestqt.qtbot import QtBot

from qviz.ui.stylesheet import stylesheet
from qviz.ui.theme import theme


@pytest.mark.parametrize("percent", range(90, 161, 10))
def test_round_things_stay_round(qtbot: QtBot, percent: int):
    ground = QWidget()
    qtbot.addWidget(ground)
    ground.setStyleSheet(stylesheet(theme("light"), percent / 100))
    pill, radio = QPushButton("Captured", ground), QRadioButton("", ground)
    pill.setProperty("role", "stage")
    pill.setProperty("shown", "true")
    radio.move(200, 0)
    for each in (pill, radio):
        each.adjustSize()
    ground.show()
    seen = ground.grab().toImage()
    empty = seen.pixelColor(ground.width() - 1, ground.height() - 1)
    assert seen.pixelColor(0, 0) == seen.pixelColor(1, 1) == empty
    high = round(14 * percent / 100)
    lines = [seen.pixelColor(200, y) != empty for y in range(radio.height())]
    assert 0 < sum(lines) < high - 3, "the left side of a circle is short"

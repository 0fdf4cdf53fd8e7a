"""Two lists of facts beside each other, or below each other where a value would have to break."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from qviz.ui.panels.inspecting.fact_columns import FactColumns

LEFT = (("nodes", "312 → 594"), ("casts", "47 q, 94 dq"))
RIGHT = (("operators", "47 of 120"), ("parameters", "600 k, 96.7 %"))


@pytest.mark.parametrize(("wide", "is_wide"), [(352, True), (220, False)])
def test_what_has_room_stands_beside_each_other(qtbot: QtBot, wide: int, is_wide: bool):
    columns = FactColumns(LEFT, RIGHT)
    qtbot.addWidget(columns)
    columns.resize(wide, 200)
    columns.show()
    assert columns.is_wide is is_wide
    tops = {each.text(): each.mapTo(columns, each.rect().topLeft()) for each in columns.findChildren(QLabel)}
    assert (tops["operators"].x() > tops["nodes"].x() + 100) is is_wide
    assert (tops["operators"].y() == tops["nodes"].y()) is is_wide
    columns.resize(220 if is_wide else 352, 200)
    assert columns.is_wide is not is_wide


def test_no_value_breaks_beside_a_list_of_shorter_ones(qtbot: QtBot):
    columns = FactColumns((("nodes", "16 → 11"), ("noise", "46.3 %")), (("parameters", "8.39 M, 100.0 %, of 16"),))
    qtbot.addWidget(columns)
    columns.resize(columns._needed(), 200)
    columns.show()
    assert columns.is_wide
    values = columns.findChildren(QLabel)
    needed = {each.text(): each.fontMetrics().horizontalAdvance(each.text()) for each in values}
    assert {each.text(): each.width() for each in values if each.width() < needed[each.text()]} == {}


def test_a_value_stands_beside_its_name_where_another_has_two_lines(qtbot: QtBot):
    columns = FactColumns((("noise", "46.3 %"),), ())
    qtbot.addWidget(columns)
    name, value = columns.findChildren(QLabel)
    if name.text() != "noise":
        name, value = value, name
    assert value.alignment() & Qt.AlignmentFlag.AlignTop


def test_one_list_alone_is_shown(qtbot: QtBot):
    columns = FactColumns((), RIGHT)
    qtbot.addWidget(columns)
    columns.resize(352, 200)
    columns.show()
    assert all(each.isVisible() for each in columns.findChildren(QLabel))

"""The head of a pane says as much as it has room for."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from qviz.analysis.inspecting.columns import NumberColumn
from qviz.analysis.views.hierarchies import Hierarchies
from qviz.session.sides import Side
from qviz.ui.panels.stage_pane import StagePane
from qviz.ui.theme import theme

SHORT = "193 nodes"
WHOLE = "193 nodes · 19 boxes shown"


@pytest.mark.parametrize(("room_for", "less", "told"), [(WHOLE, 0, WHOLE), (WHOLE, 1, SHORT), (SHORT, 1, "")])
def test_counts_are_left_out_one_by_one_where_columns_need_the_room(
    qtbot: QtBot, room_for: str, less: int, told: str
) -> None:
    pane = StagePane(Side.LEFT, theme("light"), Hierarchies())
    qtbot.addWidget(pane)
    pane.name.setText("Captured")
    pane._counts = (SHORT, "19 boxes shown")
    pane.show_columns([NumberColumn(title, {}, "amount") for title in ("parameters", "MACs")])
    pane.show()
    beside = sum(each.sizeHint().width() + 8 for each in (pane.name, pane.columns)) + 32
    pane.resize(beside + pane.about.fontMetrics().horizontalAdvance(room_for) - less, 300)
    assert pane.about.text() == told
    assert pane.about.isVisible() is bool(told)
    pane.show_columns([])
    assert pane.about.text() == WHOLE, "there is room again"

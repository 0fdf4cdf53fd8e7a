"""The rail paints its ticks once for each stage in view, and keeps them while a pane is busy."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QImage

from qviz.analysis.views.ticks import FLOAT, Ticks
from qviz.session.sides import Side
from qviz.ui.panels import overview_rail
from qviz.ui.panels.overview_rail import OverviewRail, RailColumn
from qviz.ui.theme import theme

LOW = "role.quantized_op.line"


def column(*tokens: str) -> RailColumn:
    return RailColumn(Ticks(tokens, {}, tuple(f"n{row}" for row in range(len(tokens)))))


@pytest.fixture
def rail(qtbot) -> OverviewRail:
    made = OverviewRail(theme("light"), lambda _side, node: node)
    qtbot.addWidget(made)
    made.resize(60, 400)
    made.show()
    return made


@pytest.fixture
def drawn(monkeypatch) -> list[int]:
    found: list[int] = []
    draw = OverviewRail._draw_ticks

    def noted(self, painter, x, tokens) -> None:
        found.append(x)
        draw(self, painter, x, tokens)

    monkeypatch.setattr(OverviewRail, "_draw_ticks", noted)
    return found


def shown(rail: OverviewRail) -> QImage:
    return rail.grab().toImage()


def test_ticks_are_painted_once_and_again_in_other_colors(rail: OverviewRail, drawn: list[int]) -> None:
    left, right = column(*[FLOAT, LOW] * 300), column(*[LOW] * 600)
    rail.show_columns({Side.LEFT: left, Side.RIGHT: right})
    before = shown(rail)
    assert len(drawn) == 2
    rail.show_columns({Side.LEFT: right, Side.RIGHT: left})
    assert shown(rail) != before
    rail.show_columns({Side.LEFT: left._replace(visible=None), Side.RIGHT: right})
    assert shown(rail) == before
    assert len(drawn) == 4, "those of before the swap were kept"
    rail.set_theme(theme("dark"))
    assert shown(rail) != before
    assert len(drawn) == 6


@pytest.mark.parametrize("count", [20, 120, 300, 5000])
def test_ticks_of_one_color_beside_each_other_look_as_if_each_were_drawn(rail, monkeypatch, count: int) -> None:
    tokens = [(FLOAT, FLOAT, FLOAT, LOW, LOW, "")[row % 6] for row in range(count)]
    rail.show_columns({Side.RIGHT: column(*tokens)})
    together = shown(rail)
    monkeypatch.setattr(overview_rail, "groupby", lambda shown: ((each, (each,)) for each in shown))
    rail.show_columns({Side.RIGHT: column(*tokens)})
    assert shown(rail) == together

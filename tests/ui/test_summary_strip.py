"""In a low window a figure's name is whole, brief or left out; cut it would not say what the figure is."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QPainter
from pytestqt.qtbot import QtBot

from qviz.analysis.tables.summary import MEASURE, SummaryTile
from qviz.ui.panels.summary_strip import SummaryStrip
from qviz.ui.theme import theme

TILES = (
    SummaryTile("parameters", "Parameters in int8", "100 %", share=1.0, query="low:"),
    SummaryTile("size", "Size", "46.8 MB → 11.8 MB", "4.0× smaller"),
    SummaryTile("sqnr", "Output SQNR", "31.7 dB"),
    SummaryTile("findings", "Findings", "1"),
)


@pytest.mark.parametrize(
    ("wide", "names", "size"),
    [
        (1000, {"Parameters in int8", "Size", "Output SQNR", "Findings"}, "46.8 MB → 11.8 MB"),
        (430, {"Params", "Size", "SQNR", "Findings"}, "11.8 MB"),
        (290, set(), "11.8 MB"),
    ],
)
def test_each_figure_says_what_it_is(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, wide: int, names: set[str], size: str
):
    strip = SummaryStrip()
    qtbot.addWidget(strip)
    strip.show_tiles(TILES, theme("light"))
    strip.fit(True, 1.0)
    strip.resize(wide, 31)
    drawn: list[str] = []
    monkeypatch.setattr("qviz.ui.panels.summary_strip.QPainter", _noting(drawn))
    strip.grab()
    assert not any("…" in each for each in drawn)
    assert names <= {*drawn}
    assert size in drawn
    assert {"100 %", "31.7 dB", "1"} <= {*drawn}


def _noting(drawn: list[str]) -> type[QPainter]:
    class Noting(QPainter):
        def drawText(self, *given: object) -> None:  # type: ignore[override]
            drawn.append(next(each for each in given if isinstance(each, str)))
            super().drawText(*given)  # type: ignore[call-overload]

    return Noting


def test_long_module_paths_leave_room_for_the_figures_beside(qtbot: QtBot):
    strip = SummaryStrip()
    qtbot.addWidget(strip)
    path = "encoder.layers.encoder_layer_0.ln_1, encoder.layers.encoder_layer_1.ln_1"
    unknown = SummaryTile("size", "Size", "not measured", action=MEASURE)
    strip.show_tiles((unknown, SummaryTile("islands", "Float islands", "49", path)), theme("light"))
    strip.fit(False, 1.0)
    strip.resize(400, 46)
    strip.grab()
    assert strip.tiles[0].width() >= strip.tiles[0].sizeHint().width()

"""Bars of shares, and the squares that have the color of an error."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from qviz.ui.panels.inspecting.noise_bar import NoiseBar, Shade, part_color
from qviz.ui.theme import theme

LIGHT = theme("light")


def filled(bar: NoiseBar) -> int:
    """Return how many pixels of a bar are not its ground."""
    image, ground = bar.grab().toImage(), QColor(LIGHT.color("panel.sunken")).rgb()
    return sum(image.pixel(x, 3) != ground for x in range(image.width()))


@pytest.mark.parametrize(("whole", "found"), [(1.0, 10), (0.1, 100), (0.2, 50)])
def test_a_bar_is_full_at_the_largest_beside_it(qtbot: QtBot, whole: float, found: int):
    bar = NoiseBar([0.1], LIGHT, whole=whole)
    qtbot.addWidget(bar)
    bar.resize(100, 7)
    assert abs(filled(bar) - found) <= 1
    assert bar.accessibleName() == "10 %", "what is said is the share itself"


def test_a_worse_error_has_another_shade(qtbot: QtBot):
    shades = [Shade(level, LIGHT) for level in (52.0, 28.0)]
    for each in shades:
        qtbot.addWidget(each)
    good, bad = (QColor(each.grab().toImage().pixel(3, 3)) for each in shades)
    assert good.lightness() > bad.lightness()
    assert part_color(LIGHT, 0).isValid()

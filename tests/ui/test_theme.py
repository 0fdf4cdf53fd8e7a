from __future__ import annotations

import pytest
from PySide6.QtGui import QColor

from qviz.document.graph import Kind
from qviz.ui.theme import THEMES, theme

ENOUGH = 4.5


def luminance(color: QColor) -> float:
    parts = (color.redF(), color.greenF(), color.blueF())
    red, green, blue = (each / 12.92 if each <= 0.03928 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: QColor, other: QColor) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("kind", [*Kind, None])
@pytest.mark.parametrize("token", ["text", "text.muted"])
def test_text_is_readable_on_every_role(name, kind, token):
    made = theme(name)
    assert contrast(made.color(token), made.fill(kind)) >= ENOUGH


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        ("text", "window"),
        ("text", "panel"),
        ("text", "canvas"),
        ("text.muted", "canvas"),
        ("text.muted", "panel.sunken"),
        ("edge.label", "canvas"),
        ("text", "why.fill"),
        ("guess", "panel"),
        ("good", "panel"),
    ],
)
def test_text_is_readable_on_every_ground(name, text, ground):
    made = theme(name)
    assert contrast(made.color(text), made.color(ground)) >= ENOUGH


def test_all_themes_have_the_same_tokens():
    tokens = [set(theme(name).tokens) for name in THEMES]
    assert all(each == tokens[0] for each in tokens)

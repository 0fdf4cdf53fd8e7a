"""Icons are made once: Qt keeps what it drew of each, so that new ones for every result would pile up."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtGui import QColor, QIcon
from PySide6.QtWidgets import QApplication

from qviz.document.graph import Kind
from qviz.document.snapshot import Level
from qviz.session.sides import Side
from qviz.ui.panels.findings import sign
from qviz.ui.panels.legend import sample
from qviz.ui.panels.stages import StageButton
from qviz.ui.panels.widgets import dot
from qviz.ui.theme import theme


def _badges() -> QIcon:
    button = StageButton("captured")
    button.show_state((Side.LEFT,), is_failed=False, theme=theme("light"))
    return button.icon()


@pytest.mark.parametrize(
    "make",
    [
        _badges,
        lambda: sample(Kind.OP, theme("light")),
        lambda: sign(Level.ERROR, theme("light")),
        lambda: dot(QColor("red")),
    ],
)
def test_an_icon_is_made_once(qapp: QApplication, make: Callable[[], QIcon]):
    assert make().cacheKey() == make().cacheKey()


def test_icons_follow_the_theme(qapp: QApplication):
    assert sample(Kind.OP, theme("light")).cacheKey() != sample(Kind.OP, theme("dark")).cacheKey()
    assert dot(QColor("red")).cacheKey() != dot(QColor("blue")).cacheKey()

"""F6 goes from part to part of the window: the pages of the inspector are a few keys away, not thirty."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from qviz.ui.shell.desk import Desk
from qviz.ui.shell.main_window import MainWindow
from tests.ui.window.conftest import Asked
from tests.ui.window.test_sizes import opened


@pytest.fixture
def desk(window: MainWindow, asked: Asked, qtbot: QtBot) -> Desk:
    opened(window, qtbot, 1600, 1000)
    assert window.desk is not None
    return window.desk


def part(desk: Desk, window: MainWindow) -> QWidget | None:
    """Return the part of the window that keys go to."""
    now = window.focusWidget()
    found = (each for each in desk.work.surroundings.regions if now and (each is now or each.isAncestorOf(now)))
    return next(found, None)


def test_keys_reach_every_part_and_come_around(desk: Desk, window: MainWindow, qtbot: QtBot):
    desk.work.panes.take_focus()
    first, met = part(desk, window), list[QWidget | None]()
    for _ in desk.work.surroundings.regions:
        qtbot.keyClick(window, Qt.Key.Key_F6)
        QApplication.processEvents()
        met.append(part(desk, window))
        if met[-1] is first:
            break
    assert met[-1] is first
    assert len(set(met)) == len(met) >= 4
    assert any(
        (each is not None and each.isAncestorOf(desk.work.inspector)) or each is desk.work.inspector for each in met
    )


def test_the_way_back_is_the_same(desk: Desk, window: MainWindow, qtbot: QtBot):
    desk.work.panes.take_focus()
    first = part(desk, window)
    window.actions_of["next_part"].trigger()
    assert part(desk, window) is not first
    window.actions_of["previous_part"].trigger()
    assert part(desk, window) is first

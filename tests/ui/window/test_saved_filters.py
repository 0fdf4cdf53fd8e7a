"""A filter of the nodes is saved under a name, and used again from the star or by its name."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QInputDialog
from pytestqt.qtbot import QtBot

from qviz.ui.panels.shortcuts import Palette
from qviz.ui.settings import Settings
from qviz.ui.shell.desk import Desk
from qviz.ui.shell.main_window import MainWindow
from tests.ui.widgets import found
from tests.ui.window.conftest import Asked
from tests.ui.window.test_sizes import opened


@pytest.fixture
def desk(window: MainWindow, asked: Asked, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Desk:
    opened(window, qtbot, 1600, 1000)
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("Convolutions", True))
    assert window.desk is not None
    window.desk.work.tabs.show_page(window.desk.work.nodes)
    return window.desk


def entries(desk: Desk) -> dict[str, QAction]:
    menu = desk.work.node_filter.star.menu()
    menu.aboutToShow.emit()
    return {each.text(): each for each in menu.actions() if not each.isSeparator()}


def trigger(desk: Desk, title: str) -> None:
    entries(desk)[title].trigger()


def test_a_filter_is_saved_used_and_deleted(desk: Desk, qtbot: QtBot):
    bar = desk.work.node_filter
    qtbot.keyClicks(bar.field, "kind:op")
    assert bar.star.text() == "☆  ▾"
    trigger(desk, "Save filter…")
    assert Settings().filters == {"Convolutions": "kind:op"}
    assert bar.star.text() == "★ Convolutions  ▾"
    bar.field.clear()
    assert bar.star.text() == "☆  ▾"
    trigger(desk, "Convolutions")
    assert bar.query == "kind:op"
    assert desk.work.nodes.nodes.rowCount() == 1
    trigger(desk, "Delete Convolutions")
    assert Settings().filters == {}
    assert bar.star.text() == "☆  ▾"


def test_without_a_filter_nothing_can_be_saved(desk: Desk):
    assert not entries(desk)["Save filter…"].isEnabled()


def test_what_is_suggested_is_understood_by_the_search(desk: Desk):
    for title in [each for each in entries(desk) if each != "Save filter…"]:
        trigger(desk, title)
        assert desk.work.node_filter.field.property("fault") == "false", title


def test_a_filter_is_found_by_its_name_with_keys_alone(desk: Desk, window: MainWindow, qtbot: QtBot):
    Settings().filters = {"Convolutions": "kind:op"}
    qtbot.keyClick(window, "s", Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
    chooser = found(window, Palette)
    qtbot.keyClicks(chooser.typed, "convol")
    qtbot.keyClick(chooser.typed, Qt.Key.Key_Return)
    assert desk.work.node_filter.query == "kind:op"


def test_a_filter_that_another_part_ends_leaves_the_star(desk: Desk):
    Settings().filters = {"Convolutions": "kind:op"}
    desk.tables.show_matching("kind:op")
    assert desk.work.node_filter.star.text() == "★ Convolutions  ▾"
    desk.step_back()
    assert desk.work.node_filter.star.text() == "☆  ▾"

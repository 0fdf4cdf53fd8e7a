"""At every size of window and text, what is cut is told in a tooltip, and nothing lies over anything else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QDialog, QFormLayout, QHBoxLayout, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from qviz.ui.shell.desk import Desk
from qviz.ui.shell.main_window import MainWindow
from tests.ui.window.conftest import Asked
from tests.ui.window.layout_faults import faults

RESULT = Path("tests/document/version_1/fx-static.json").resolve()
SIZES = [(1024, 640), (1366, 768), (1600, 1000), (2560, 1440)]
DIALOGS = ("settings", "options", "shortcuts", "palette", "about", "export", "documentation", "api_help", "add_rule")


def opened(window: MainWindow, qtbot: QtBot, size: tuple[int, int], percent: int) -> Desk:
    window.resize(*size)
    window.appearance.take_text_size(percent)
    window.opener.open_source(str(RESULT), is_consented=True)
    qtbot.waitUntil(lambda: window.desk is not None and window.desk.project is not None)
    assert window.desk is not None
    panes = window.desk.work.panes.panes
    qtbot.waitUntil(lambda: all(pane.canvas.view is not None for pane in panes.values()))
    return window.desk


def select(desk: Desk) -> None:
    desk.selection.choose(desk.project.stages[-1].name, "conv")  # type: ignore[union-attr]


def show_changes(desk: Desk) -> None:
    desk.dimming.show_changes(True)
    desk.work.tabs.show_page(desk.work.changes)


SITUATIONS: dict[str, Callable[[Desk], object]] = {
    "nothing is selected": lambda desk: None,
    "a node is selected": select,
    "findings": lambda desk: desk.work.tabs.show_page(desk.work.findings_page),
    "nodes": lambda desk: desk.work.tabs.show_page(desk.work.nodes),
    "changes": show_changes,
    "the left panel": lambda desk: desk.work.surroundings.open_left(),
}


@pytest.mark.parametrize("percent", [90, 100, 150])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_nothing_is_cut_untold_or_lies_over_anything(
    window: MainWindow, asked: Asked, qtbot: QtBot, size: tuple[int, int], percent: int
):
    desk = opened(window, qtbot, size, percent)
    found = {}
    for name, act in SITUATIONS.items():
        act(desk)
        for _ in range(3):
            QApplication.processEvents()
        found[name] = faults(window)
        desk.work.surroundings.close_drawers()
    assert {name: each for name, each in found.items() if each} == {}


@pytest.mark.parametrize("percent", [100, 150])
def test_the_first_page_is_whole(window: MainWindow, percent: int):
    window.resize(1024, 640)
    window.appearance.take_text_size(percent)
    QApplication.processEvents()
    assert faults(window) == []


@pytest.mark.parametrize("percent", [100, 150])
@pytest.mark.parametrize("name", DIALOGS)
def test_every_dialog_is_whole_in_a_small_window(
    window: MainWindow, asked: Asked, qtbot: QtBot, name: str, percent: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(QDialog, "exec", lambda dialog: dialog.open() or 0)
    desk = opened(window, qtbot, (1024, 640), percent)
    select(desk)
    window.actions_of[name].setEnabled(True)
    window.actions_of[name].trigger()
    for _ in range(3):
        QApplication.processEvents()
    dialogs = [each for each in window.findChildren(QDialog) if each.isVisible()]
    assert dialogs
    for dialog in dialogs:
        assert dialog.width() <= 1024
        assert dialog.height() <= 640
        assert faults(dialog) == []


def cut(parent: QWidget) -> None:
    QLabel("A text that has no room", parent).setGeometry(0, 0, 20, 20)


def overlapping(parent: QWidget) -> None:
    for at in (0, 10):
        QPushButton("", parent).setGeometry(at, 0, 40, 20)


def outside(parent: QWidget) -> None:
    QPushButton("", parent).setGeometry(150, 0, 100, 20)


@pytest.mark.parametrize("make", [cut, overlapping, outside])
def test_what_is_wrong_is_found(qtbot: QtBot, make: Callable[[QWidget], None]):
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.resize(200, 100)
    make(parent)
    parent.show()
    assert len(faults(parent)) == 1


def test_what_is_right_passes(qtbot: QtBot):
    parent = QWidget()
    qtbot.addWidget(parent)
    row = QHBoxLayout(parent)
    row.addWidget(QLabel("Text"))
    row.addWidget(QPushButton("Go"))
    inner = QFormLayout()
    inner.addRow("Name", QLabel("Value"))
    row.addLayout(inner)
    told = QLabel("A text that has no room")
    told.setToolTip("A text that has no room, but a tooltip")
    told.setFixedWidth(20)
    row.addWidget(told)
    parent.show()
    assert faults(parent) == []

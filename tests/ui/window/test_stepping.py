"""What is selected and highlighted while the stages in view change."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from qviz.analysis.linking.links import link_stages
from qviz.ui.shell.desk import Desk
from qviz.ui.shell.main_window import MainWindow
from tests.factories import node, stage
from tests.ui.window.conftest import Asked
from tests.ui.window.test_window import CAPTURED, FACTS, PREPARED, finished, hear, reached

CONVERTED = stage(
    "converted",
    node("x", kind="input"),
    node("conv", "x", path="conv", kind="quantized_op", type="Conv2d"),
    node("output", "conv", kind="output"),
)


@pytest.fixture
def desk(window: MainWindow, asked: Asked, qtbot: QtBot) -> Desk:
    window.on_welcome_sample_chosen("sample:conv-bn-relu")
    hear(window, reached(CAPTURED), reached(PREPARED, CAPTURED, FACTS), reached(CONVERTED, PREPARED), finished())
    made = window.desk
    assert made is not None
    qtbot.waitUntil(lambda: all(pane.canvas.view is not None for pane in made.work.panes.panes.values()))
    return made


def selected(desk: Desk) -> dict[str, str | None]:
    return {side: pane.canvas.selected() for side, pane in desk.work.panes.panes.items()}


def inspected(desk: Desk) -> tuple[str, str] | None:
    shown = desk.work.inspector._shown
    return shown[1:] if shown else None


def test_the_links_these_tests_stand_on():
    assert ("conv",) in [link.to_ids for link in link_stages(PREPARED, CONVERTED) if link.from_ids == ("conv",)]


def test_a_selection_follows_through_the_stages(desk: Desk):
    desk.choose("converted", "conv")
    desk.step_stage(-1)
    assert desk.project is not None
    assert desk.project.shown["right"] == "prepared"
    assert inspected(desk) == ("prepared", "conv")
    assert selected(desk) == {"left": "conv", "right": "conv"}


def test_a_selection_without_a_partner_ends(desk: Desk):
    desk.show_stage("left", "prepared")
    desk.choose("prepared", "obs")
    desk.show_stage("left", "captured")
    assert inspected(desk) is None
    assert selected(desk) == {"left": None, "right": None}


def test_the_other_side_shows_the_partner_of_its_new_stage(desk: Desk):
    desk.choose("captured", "conv")
    desk.show_stage("right", "prepared")
    assert inspected(desk) == ("captured", "conv")
    assert selected(desk) == {"left": "conv", "right": "conv"}


def test_swapping_takes_the_selection_along(desk: Desk):
    desk.choose("captured", "conv")
    desk.swap()
    assert inspected(desk) == ("captured", "conv")
    assert desk.project is not None
    assert desk.project.selected == ("right", "conv")
    assert selected(desk) == {"left": "conv", "right": "conv"}


def test_a_highlight_ends_with_its_chip(desk: Desk, qtbot: QtBot):
    chips = [b for b in desk.work.strip.findChildren(QPushButton) if b.property("kind") == "quantized_op"]
    left = desk.work.panes.panes["left"].canvas
    qtbot.mouseClick(chips[0], Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier)
    assert left.highlighted is not None
    desk.show_stage("right", "prepared")
    assert left.highlighted is None


def test_a_copied_picture_is_said(desk: Desk):
    desk.copy_picture()
    assert desk.work.notice.message.text() == "Copied: captured and converted"
    assert not QGuiApplication.clipboard().image().isNull()


def test_only_what_changed_is_bright_and_can_be_stepped_through(qtbot: QtBot, desk: Desk):
    desk.show_stage("left", "captured")
    desk.show_stage("right", "prepared")
    canvases = {side: pane.canvas for side, pane in desk.work.panes.panes.items()}
    qtbot.waitUntil(lambda: not any(each.is_busy for each in canvases.values()))
    desk.navigation.toggle_changes()
    assert all(each.is_highlighting for each in canvases.values())
    desk.navigation.toggle_changes()
    assert not any(each.is_highlighting for each in canvases.values())
    desk.work.panes.active = "right"
    desk.navigation.step_change(1)
    assert canvases["right"].selected() == "obs"


def test_focus_dims_all_but_what_lies_around_the_selection(desk: Desk):
    desk.navigation.focus_on("focus_upstream")
    assert not any(pane.canvas.is_highlighting for pane in desk.work.panes.panes.values())
    desk.choose("converted", "conv")
    desk.navigation.focus_on("focus_upstream")
    assert desk.work.panes.canvas.highlighted == {"x", "conv"}

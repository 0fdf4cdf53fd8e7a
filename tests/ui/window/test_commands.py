"""A command needs no more than its declaration."""

from __future__ import annotations

from collections import Counter

from PySide6.QtWidgets import QLabel, QMenu
from pytestqt.qtbot import QtBot

from qviz.session.commands import CommandGroup, When, command
from qviz.ui.panels.shortcuts import Palette, ShortcutSheet
from qviz.ui.shell.main_window import MainWindow
from tests.ui.widgets import found


class Tea(CommandGroup):
    title = "Tea"

    def __init__(self) -> None:
        self.cups = 0

    @command("Make tea", "Ctrl+Alt+T")
    def make_tea(self) -> None:
        """Make a cup."""
        self.cups += 1


def test_a_new_command_is_in_the_menu_the_sheet_and_the_palette(window: MainWindow, qtbot: QtBot):
    tea = Tea()
    window.actions_of.add(tea)
    menu = found(window.bar, QMenu)
    menu.aboutToShow.emit()
    assert "Make tea" in [action.text() for action in menu.actions()]
    assert window.actions_of[Tea.make_tea].toolTip() == "Make tea (Ctrl+Alt+T)"
    window.actions_of["shortcuts"].trigger()
    sheet = found(window, ShortcutSheet)
    assert "Make tea" in [label.text() for label in sheet.findChildren(QLabel)]
    window.actions_of["palette"].trigger()
    palette = found(window, Palette)
    qtbot.keyClicks(palette.typed, "make tea")
    palette.on_typed_returned()
    assert tea.cups == 1


def test_no_two_commands_share_an_id_or_a_key(window: MainWindow):
    commands = window.actions_of.commands
    keys = Counter(key for each in commands for key in each.keys)
    assert [key for key, count in keys.items() if count > 1] == []
    assert len({each.id for each in commands}) == len(commands)


def test_without_a_model_only_what_needs_none_is_possible(window: MainWindow):
    for each in window.actions_of.commands:
        assert window.actions_of[each.id].isEnabled() == (each.when is When.ALWAYS)

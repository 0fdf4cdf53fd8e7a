"""A command needs no more than its declaration."""

from __future__ import annotations

from collections import Counter

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QTreeWidget, QTreeWidgetItem
from pytestqt.qtbot import QtBot

from qviz.session.commands import CommandGroup, When, command
from qviz.ui.panels.shortcuts import Palette, ShortcutSheet
from qviz.ui.shell.main_window import MainWindow
from tests.ui.widgets import found
from tests.ui.window.conftest import Asked
from tests.ui.window.test_window import CAPTURED, finished, hear, reached


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
    menu = window.bar.menus.menus["Tea"]
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


def test_every_command_is_in_one_of_seven_menus_with_a_key(window: MainWindow):
    menus = window.bar.menus.menus
    assert list(menus) == ["File", "Edit", "View", "Graph", "Go", "Run", "Help"]
    seen: list[str] = []
    for menu in menus.values():
        menu.aboutToShow.emit()
        menu.aboutToShow.emit()  # filled anew, not once more
        entries = [each for each in menu.actions() if not each.isSeparator()]
        assert not any(each.menu() for each in entries)
        assert all(each.shortcut().toString() for each in entries)
        seen += [each.text() for each in entries]
    assert seen == [command.title for command in window.actions_of.commands]


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("theme", "View: Light or dark"),
        ("png", "File: Export…"),
        ("diff", "View: Changes"),
        ("settings", "File: Settings…"),
        ("language", "View: Language…"),
        ("manual", "Help: Documentation"),
        ("upstream", "Graph: Focus producers"),
        ("swap", "View: Swap panes"),
    ],
)
def test_the_palette_knows_other_words_for_a_command(window: MainWindow, qtbot: QtBot, typed: str, title: str):
    window.actions_of["palette"].trigger()
    palette = found(window, Palette)
    qtbot.keyClicks(palette.typed, typed)
    found_titles = [palette.rows.item(row).text() for row in range(palette.rows.count())]
    assert any(each.startswith(title) for each in found_titles)


def test_the_palette_is_walked_by_the_arrows(window: MainWindow, qtbot: QtBot):
    window.actions_of["palette"].trigger()
    palette = found(window, Palette)
    qtbot.keyClick(palette.typed, Qt.Key.Key_Down)
    assert palette.rows.currentRow() == 1
    qtbot.keyClick(palette.typed, Qt.Key.Key_Up)
    qtbot.keyClick(palette.typed, Qt.Key.Key_Up)
    assert palette.rows.currentRow() == palette.rows.count() - 1


def test_the_search_field_finds_commands_where_no_node_matches(window: MainWindow, asked: Asked, qtbot: QtBot):
    window.opener.open_model("sample:conv-bn-relu")
    hear(window, reached(CAPTURED), finished())
    before = window.appearance.theme.name
    window.bar.search.setFocus()
    qtbot.keyClicks(window.bar.search, "theme")
    titles = [each.text(0) for each in items(window.bar.search.results.rows)]
    assert titles == ["No node matches", "View: Light or dark"]
    qtbot.keyClick(window.bar.search, Qt.Key.Key_Return)
    assert window.appearance.theme.name != before
    assert window.bar.search.text() == ""
    qtbot.keyClicks(window.bar.search, "conv")
    assert [each.text(0) for each in items(window.bar.search.results.rows)] == ["conv"]


def items(rows: QTreeWidget) -> list[QTreeWidgetItem]:
    found = (rows.topLevelItem(place) for place in range(rows.topLevelItemCount()))
    return [each for each in found if each is not None]


def test_without_a_model_only_what_needs_none_is_possible(window: MainWindow):
    for each in window.actions_of.commands:
        assert window.actions_of[each.id].isEnabled() == (each.when is When.ALWAYS)

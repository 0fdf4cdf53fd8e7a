"""Panels in little room: actions go into a menu, messages below their titles, and nothing is lost."""

from __future__ import annotations

from functools import partial

import pytest
from PySide6.QtCore import QModelIndex
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QScrollArea,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from qviz.document.coverage import Coverage
from qviz.document.graph import Kind
from qviz.document.snapshot import Finding, Level
from qviz.session.laid_over import OverlayChoice
from qviz.session.sides import Shown
from qviz.ui.panels.bottom import Bottom
from qviz.ui.panels.findings import FindingList
from qviz.ui.panels.inspecting.action_row import ActionRow
from qviz.ui.panels.legend import KindChip, LegendStrip
from qviz.ui.panels.overlay_legend import OverlayLegend
from qviz.ui.panels.stages import StageButton, StageStrip
from qviz.ui.panels.tick import Tick
from qviz.ui.panels.widgets import button, join_segments
from qviz.ui.shell.tab_order import next_focus
from qviz.ui.stylesheet import stylesheet
from qviz.ui.theme import theme

TITLES = ("Leave in float", "Observer…", "Per channel", "Try it…")


def test_actions_without_room_are_in_the_menu_at_the_end(qtbot: QtBot):
    done: list[str] = []
    buttons = [button(title, "act", partial(done.append, title)) for title in TITLES]
    buttons[2].setCheckable(True)
    buttons[2].setChecked(True)
    row = ActionRow(buttons)
    qtbot.addWidget(row)
    row.resize(row.sizeHint())
    row.show()
    assert not any(each.isHidden() for each in buttons)
    assert row.more.isHidden()
    row.resize(row.sizeHint().width() - 10, row.height())
    assert [each.text() for each in buttons if each.isHidden()][-1:] == ["Try it…"]
    assert not row.more.isHidden()
    assert row.more.geometry().right() <= row.width()
    row.resize(110 + row.more.sizeHint().width(), row.height())
    row.on_menu_about_to_show()
    menu = row.more.menu()
    assert menu is not None
    listed = {each.text(): each for each in menu.actions()}
    assert list(listed) == [each.text() for each in buttons if each.isHidden()]
    assert listed["Per channel"].isChecked()
    listed["Try it…"].trigger()
    assert done == ["Try it…"]


@pytest.mark.parametrize(("wide", "is_narrow"), [(1300, False), (400, True)])
def test_a_message_without_room_stands_below_its_title(qtbot: QtBot, wide: int, is_narrow: bool):
    message = "the model was in training mode, but the flow ran in eval mode, which is another thing"
    listed = FindingList()
    qtbot.addWidget(listed)
    listed.resize(wide, 200)
    listed.show()
    listed.show_findings((Finding.of("a", Level.WARNING, "converted", ["view"], message=message),), theme("light"))
    assert listed.is_narrow is is_narrow
    index = listed.model().index(0, 0, QModelIndex())
    option = QStyleOptionViewItem()
    listed.itemDelegateForColumn(0).initStyleOption(option, index)  # type: ignore[attr-defined]
    assert (message[1:] in option.text) is is_narrow
    listed.resize(1700 - wide, 200)
    assert listed.is_narrow is not is_narrow


@pytest.mark.parametrize(
    ("wide", "named", "is_cut"),
    [
        (700, ["Findings 3", "Nodes 188", "Changes", "Code", "Bookmarks", "Log"], False),
        (430, ["Findings", "Nodes", "Changes", "Code", "Bookmarks", "Log"], False),
        (300, ["Findings", "Nodes", "Changes", "Code", "Bookmarks", "Log"], True),
    ],
)
def test_tabs_give_up_counts_and_air_before_their_titles(qtbot: QtBot, wide: int, named: list[str], is_cut: bool):
    tabs = Bottom()
    qtbot.addWidget(tabs)
    tabs.setStyleSheet(stylesheet(theme("light"), 1.0))
    for title, count in (("Findings", "3"), ("Nodes", "188"), ("Changes", ""), ("Code", ""), ("Bookmarks", "")):
        page = QWidget()
        tabs.addTab(page, title)
        tabs.show_count(page, title, count)
    tabs.addTab(QWidget(), "Log")
    tabs.resize(wide, 100)
    tabs.show()
    bar = tabs.tabBar()
    assert [tabs.tabText(at) for at in range(tabs.count())] == named
    assert tabs.tabToolTip(1) == "Nodes 188"
    assert not any(each.isVisible() for each in bar.findChildren(QToolButton))
    assert bar.tabRect(5).right() < bar.width()
    assert (bar.sizeHint().width() > bar.width()) is is_cut


def test_stages_stand_closer_before_their_names_are_cut(qtbot: QtBot):
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(600, 100)
    strip = StageStrip()
    strip.setParent(window)
    strip.setStyleSheet(stylesheet(theme("light"), 1.0))
    names = ("captured · Run 2", "prepared · Run 2", "converted · Run 2", "captured", "prepared", "converted")
    strip.show_stages(names, names, Shown("converted · Run 2", "converted"), None, theme("light"))
    strip.name_run("Run 1")
    strip.show_detail("7 boxes", "Fit")
    strip.resize(500, 70)
    window.show()
    buttons = strip.findChildren(StageButton)
    arrows = [each for each in strip.findChildren(QLabel) if each.text() == "→"]

    def is_whole() -> bool:
        QApplication.processEvents()
        return all(each.width() >= each.sizeHint().width() for each in buttons)

    assert is_whole()
    assert all(each.isVisible() for each in arrows)
    strip.resize(330, 70)
    assert is_whole()
    assert not any(each.isVisible() for each in arrows)
    strip.resize(500, 70)
    assert is_whole()
    assert all(each.isVisible() for each in arrows)


@pytest.mark.parametrize(("wide", "has_coverage"), [(700, True), (500, False)])
def test_the_legend_of_changes_is_whole_before_other_figures_stand_beside_it(
    qtbot: QtBot, wide: int, has_coverage: bool
):
    legend = LegendStrip()
    qtbot.addWidget(legend)
    legend.show_counts({}, Coverage("converted", 2, 3), theme("light"))
    legend.show_overlay(OverlayChoice.CHANGES, theme("light"))
    legend.resize(wide, 26)
    legend.show()
    told = next(each for each in legend.findChildren(QLabel) if each.text() == "2 of 3 in low precision")
    assert told.isVisible() is has_coverage
    overlay = legend.findChild(OverlayLegend)
    assert overlay is not None
    assert overlay.wanted() <= overlay.width()


def test_the_legend_has_all_roles_again_after_one_of_changes_that_had_less_room(qtbot: QtBot):
    legend = LegendStrip()
    qtbot.addWidget(legend)
    kinds = (Kind.QUANTIZE, Kind.DEQUANTIZE, Kind.QUANTIZED_OP, Kind.OP, Kind.CONSTANT)
    legend.show_counts(dict.fromkeys(kinds, ("a", "b")), None, theme("light"))
    legend.resize(900, 26)
    legend.show()
    assert all(each.isVisible() for each in legend.findChildren(KindChip))
    legend.resize(300, 26)
    legend.show_overlay(OverlayChoice.CHANGES, theme("light"))
    legend.resize(900, 26)
    legend.show_overlay(OverlayChoice.ROLES, theme("light"))
    assert all(each.isVisible() for each in legend.findChildren(KindChip))


def test_tab_goes_on_inside_of_a_panel_that_takes_keys_itself(qtbot: QtBot):
    panel, page = QScrollArea(), QWidget()
    qtbot.addWidget(panel)
    row = QVBoxLayout(page)
    made = [button(text, "link") for text in "abc"]
    for each in made:
        row.addWidget(each)
    panel.setWidget(page)
    order: list[QWidget] = [panel, *made]
    assert [next_focus(order, each, 1) for each in order] == [*made, panel]
    assert [next_focus(order, each, -1) for each in order] == [made[2], panel, *made[:2]]
    assert next_focus(order, page, 1) is made[0], "inside of it, and none of these"


def test_segments_are_round_at_their_ends_alone(qtbot: QtBot):
    made = [button(text, "segment") for text in "abc"]
    for each in made:
        qtbot.addWidget(each)
    join_segments(made)
    assert [each.property("at") for each in made] == ["first", "inside", "last"]
    made[2].hide()
    join_segments(made)
    assert [each.property("at") for each in made[:2]] == ["first", "last"]
    join_segments(made[:1])
    assert made[0].property("at") == "only"


def test_a_tick_is_drawn_in_the_box(qtbot: QtBot):
    box = Tick("a")
    qtbot.addWidget(box)
    box.show()
    before = box.grab().toImage()
    box.setChecked(True)
    assert box.grab().toImage() != before

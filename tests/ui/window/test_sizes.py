"""Panels stand, give way, open and close: as there is room, as the user wants, with the selection."""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from qviz.document.kept import kept_error, kept_finding
from qviz.document.snapshot import Level
from qviz.session.laid_over import OverlayChoice
from qviz.ui.panels.side_scroll import SideScroll
from qviz.ui.panels.stages import StageButton
from qviz.ui.settings import Settings
from qviz.ui.shell.arrangement import BOTTOM
from qviz.ui.shell.main_window import MainWindow
from qviz.ui.shell.workspace import Workspace
from tests.ui.window.conftest import Asked
from tests.ui.window.test_window import CAPTURED, FACTS, PREPARED, finished, hear, reached

FOUND = (kept_finding("rule", Level.WARNING, "captured", ("x",), "m", "r", "h"),)
NOTED = (kept_finding("rule", Level.INFO, "captured", ("x",), "m", "r", "h"),)


def opened(window: MainWindow, qtbot: QtBot, width: int, height: int) -> Workspace:
    window.resize(width, height)
    window.opener.open_model("sample:conv-bn-relu")
    hear(window, reached(CAPTURED), reached(PREPARED, CAPTURED, FACTS), finished())
    assert window.desk is not None
    work = window.desk.work
    qtbot.waitUntil(lambda: all(pane.canvas.view is not None for pane in work.panes.panes.values()))
    return work


def visible(work: Workspace) -> list[str]:
    parts: dict[str, QWidget] = {
        "rail": work.rail,
        "left": work.setup,
        "inspector": work.inspector,
        "legend": work.legend,
    }
    return [name for name, each in parts.items() if each.isVisible()]


@pytest.mark.parametrize(
    ("size", "parts"),
    [
        ((1600, 1000), ["left", "inspector", "legend"]),
        ((1420, 900), ["left", "legend"]),
        ((1366, 768), ["rail", "legend"]),
        ((1024, 640), ["rail"]),
    ],
)
def test_what_stands_in_a_window_of_some_size(
    window: MainWindow, asked: Asked, qtbot: QtBot, size: tuple[int, int], parts: list[str]
):
    work = opened(window, qtbot, *size)
    assert visible(work) == parts
    assert not work.tabs.is_open  # the run has no findings
    assert window.width() == size[0]
    assert window.height() == size[1]
    assert work.tabs.height() < 40


def test_the_drawer_opens_with_a_selection_and_escape_closes_it(window: MainWindow, asked: Asked, qtbot: QtBot):
    work = opened(window, qtbot, 1366, 768)
    assert window.desk is not None
    window.desk.selection.choose("prepared", "conv")
    assert work.inspector.isVisible()
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert not work.inspector.isVisible()
    window.desk.selection.choose("prepared", "obs")
    assert work.inspector.isVisible()


def test_a_drawer_leaves_no_empty_room_once_the_text_is_smaller_again(window: MainWindow, asked: Asked, qtbot: QtBot):
    work = opened(window, qtbot, 1366, 768)
    assert window.desk is not None
    window.desk.selection.choose("prepared", "conv")
    columns = work.surroundings.columns
    for percent in (160, 100, 160, 100):
        window.appearance.take_text_size(percent)
        assert columns.sizes()[3] == work.inspector.width()
    assert work.inspector.width() == 348
    window.appearance.take_text_size(100)


def test_beside_a_drawer_in_a_narrow_window_there_is_one_pane(window: MainWindow, asked: Asked, qtbot: QtBot):
    work = opened(window, qtbot, 1100, 700)
    assert window.desk is not None
    panes = work.panes.panes
    assert [pane.isVisible() for pane in panes.values()] == [True, True]
    window.desk.selection.choose("prepared", "conv")
    assert [side for side, pane in panes.items() if pane.isVisible()] == [work.panes.active]
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert [pane.isVisible() for pane in panes.values()] == [True, True]


def test_the_rail_opens_the_left_panel_where_it_has_room_and_where_not(window: MainWindow, asked: Asked, qtbot: QtBot):
    work = opened(window, qtbot, 1366, 768)
    work.rail.part_chosen.emit("data")
    assert "left" in visible(work)
    assert window.focusWidget() is work.setup.inputs
    work.rail.part_chosen.emit("runs")
    assert window.focusWidget() is work.runs.rows[0]
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert "left" not in visible(work)
    window.resize(1600, 900)
    assert "left" in visible(work)
    window.actions_of["left_panel"].trigger()
    assert visible(work)[0] == "rail"
    assert "left" not in visible(work)
    assert not Settings().is_open("left")


def test_the_tabs_open_for_findings_of_a_new_run_and_stay_closed_once_closed(
    window: MainWindow, asked: Asked, qtbot: QtBot
):
    work = opened(window, qtbot, 1366, 768)
    assert not work.tabs.is_open
    end = msgspec.structs.replace(finished(), findings=FOUND)
    window.actions_of["run"].trigger()
    hear(window, reached(CAPTURED), end)
    assert work.tabs.is_open
    window.actions_of["bottom"].trigger()
    assert not work.tabs.is_open
    window.actions_of["run"].trigger()
    hear(window, reached(CAPTURED), end)
    assert not work.tabs.is_open
    assert not Settings().is_open("bottom")


@pytest.mark.parametrize(("height", "is_open"), [(768, False), (900, True)])
def test_what_is_only_good_to_know_takes_no_room_from_a_low_window(
    window: MainWindow, asked: Asked, qtbot: QtBot, height: int, is_open: bool
):
    work = opened(window, qtbot, 1366, height)
    window.actions_of["run"].trigger()
    hear(window, reached(CAPTURED), msgspec.structs.replace(finished(), findings=NOTED))
    assert work.tabs.is_open is is_open
    assert work.summary.isVisible()


def test_tabs_that_open_for_findings_are_as_high_as_those_and_others_as_high_as_the_user_wants(
    window: MainWindow, asked: Asked, qtbot: QtBot
):
    work = opened(window, qtbot, 1600, 1000)
    window.actions_of["run"].trigger()
    hear(window, reached(CAPTURED), msgspec.structs.replace(finished(), findings=FOUND))
    QApplication.processEvents()
    short = work.tabs.height()
    row = work.findings.topLevelItem(0)
    assert row is not None
    assert work.findings.viewport().height() >= work.findings.visualItemRect(row).bottom()
    assert short < BOTTOM - 50
    work.tabs.setCurrentWidget(work.nodes)
    QApplication.processEvents()
    assert work.tabs.height() == BOTTOM


def test_what_stopped_a_run_is_not_cut(window: MainWindow, asked: Asked, qtbot: QtBot):
    work = opened(window, qtbot, 1600, 1000)
    window.actions_of["run"].trigger()
    error = kept_error("capturing", "TraceError", "a branch", "Choose another flow. " * 12, None, "T!")
    hear(window, reached(CAPTURED), finished(error))
    QApplication.processEvents()
    assert work.tabs.height() == BOTTOM
    hint = work.failure.hint
    assert hint.height() >= hint.heightForWidth(hint.width())


def test_until_a_run_is_done_the_strip_says_what_will_be_there(window: MainWindow, asked: Asked, qtbot: QtBot):
    window.opener.open_model("sample:conv-bn-relu")
    assert window.desk is not None
    strip = window.desk.work.summary
    hear(window, reached(CAPTURED))
    high = strip.height()
    assert [each.text() for each in strip.findChildren(QLabel) if each.isVisible()] == [
        "Key figures appear here when a run is done."
    ]
    hear(window, finished())
    assert strip.tiles
    assert not any(each.isVisible() for each in strip.findChildren(QLabel))
    assert strip.height() == high, "nothing pushes the panes"


def test_a_tab_opens_what_is_collapsed(window: MainWindow, asked: Asked, qtbot: QtBot):
    work = opened(window, qtbot, 1366, 768)
    bar = work.tabs.tabBar()
    at = work.tabs.indexOf(work.log)
    qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(at).center())
    assert work.tabs.is_open
    assert work.tabs.currentWidget() is work.log
    assert work.log.isVisible()


def test_where_the_legend_has_no_room_a_button_shows_it(window: MainWindow, asked: Asked, qtbot: QtBot):
    work = opened(window, qtbot, 1024, 640)
    assert "legend" not in visible(work)
    button = next(each for each in work.tabs.findChildren(QToolButton) if each.text() == "Legend")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert "legend" in visible(work)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert "legend" not in visible(work)
    window.resize(1600, 900)
    assert "legend" in visible(work)
    assert not button.isVisible()


def test_the_changes_are_listed_and_gone_to(window: MainWindow, asked: Asked, qtbot: QtBot):
    work = opened(window, qtbot, 1600, 1000)
    work.tabs.show_page(work.changes)
    row = work.changes.topLevelItem(0)
    assert row is not None
    assert [row.text(column) for column in range(3)] == ["+  added", "", "obs"]
    work.changes.on_item_chosen(row)
    assert work.panes.canvas.selection.node == "obs"


def test_the_switch_of_overlays_and_its_keys_follow_each_other(window: MainWindow, asked: Asked, qtbot: QtBot):
    work = opened(window, qtbot, 1600, 1000)
    segments = work.strip.overlays.segments
    qtbot.mouseClick(segments[OverlayChoice.CHANGES], Qt.MouseButton.LeftButton)
    assert work.panes.canvas.emphasis.is_highlighting
    qtbot.keyClick(window, "1")
    assert segments[OverlayChoice.ROLES].isChecked()
    assert not work.panes.canvas.emphasis.is_highlighting
    qtbot.keyClick(window, "3")
    assert segments[OverlayChoice.CHANGES].isChecked()
    window.actions_of["swap"].trigger()
    assert work.panes.canvas.emphasis.is_highlighting
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert segments[OverlayChoice.ROLES].isChecked()


def test_tab_goes_from_region_to_region_and_back(window: MainWindow, asked: Asked, qtbot: QtBot):
    work = opened(window, qtbot, 1600, 1000)
    regions = {"bar": window.bar, "stages": work.strip, "left": work.setup, "graph": work.panes, "legend": work.legend}
    regions |= {"bottom": work.tabs, "inspector": work.inspector}
    window.activateWindow()
    window.bar.menus.setFocus()
    seen: list[str] = []
    for _ in range(200):
        qtbot.keyClick(window.focusWidget() or window, Qt.Key.Key_Tab)
        now = window.focusWidget()
        name = next((name for name, each in regions.items() if now is each or each.isAncestorOf(now)), None)
        if name is not None and name not in seen[-1:]:
            seen.append(name)
        if now is window.bar.menus:
            break
    assert seen == ["bar", "left", "stages", "graph", "legend", "bottom", "inspector", "bar"]
    qtbot.keyClick(window.bar.menus, Qt.Key.Key_Backtab)
    assert work.inspector is window.focusWidget() or work.inspector.isAncestorOf(window.focusWidget())


@pytest.mark.parametrize(("size", "percent"), [((1024, 640), 100), ((1366, 768), 150), ((1600, 1000), 160)])
def test_every_menu_is_there_and_nothing_makes_the_window_larger(
    window: MainWindow, asked: Asked, qtbot: QtBot, size: tuple[int, int], percent: int
):
    work = opened(window, qtbot, *size)
    for _ in range((percent - 100) // 10):
        window.actions_of["larger_text"].trigger()
    assert window.desk is not None
    window.desk.selection.choose("prepared", "conv")
    QApplication.processEvents()
    assert (window.width(), window.height()) == size
    assert window.bar.menus.width() >= window.bar.menus.sizeHint().width()
    assert window.bar.crumbs.model.isVisible()
    before = window.bar.crumbs.model.text()
    window.bar.crumbs.model.show_text("my_package.models.segmentation:deeplabv3", "")
    window.bar.make_room()
    QApplication.processEvents()
    assert window.bar.menus.width() >= window.bar.menus.sizeHint().width()
    assert "…" in window.bar.crumbs.model.text() or size[0] >= 1366
    window.bar.crumbs.model.show_text(before, "")
    window.bar.make_room()
    assert work.inspector.isVisible()
    for each in work.strip.findChildren(StageButton):
        assert each.width() >= each.sizeHint().width()


def test_the_text_grows_within_limits_and_is_remembered(window: MainWindow, asked: Asked, qtbot: QtBot):
    opened(window, qtbot, 1600, 1000)
    before = window.bar.crumbs.model.font().pixelSize(), window.bar.height()
    for _ in range(9):
        qtbot.keyClick(window, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    assert Settings().text_size == 160
    window.bar.crumbs.model.ensurePolished()
    assert window.bar.crumbs.model.font().pixelSize() == round(before[0] * 1.6)
    window.actions_of["usual_text"].trigger()
    assert Settings().text_size == 100
    for _ in range(3):
        window.actions_of["smaller_text"].trigger()
    assert Settings().text_size == 90


def test_panels_have_their_widths_again_after_the_window_was_small(window: MainWindow, asked: Asked, qtbot: QtBot):
    work = opened(window, qtbot, 1600, 1000)
    left, inspector = work.findChildren(SideScroll)[0], work.inspector
    before = left.width(), inspector.width()
    window.resize(1366, 768)
    assert window.desk is not None
    window.desk.selection.choose("prepared", "conv")
    assert inspector.width() < before[1]
    window.resize(1600, 1000)
    assert (left.width(), inspector.width()) == before


def test_the_left_panel_is_never_narrower_than_what_it_holds(window: MainWindow, asked: Asked, qtbot: QtBot):
    work = opened(window, qtbot, 1600, 1000)
    left = work.findChildren(SideScroll)[0]
    work.setup.with_reference.setText("A reference " * 3)
    work.setup.with_reference.show()
    work.surroundings.columns.setSizes([0, 1, 1200, 376, 0])
    qtbot.waitUntil(lambda: left.viewport().width() >= work.setup.minimumSizeHint().width())


def test_the_figures_of_nodes_are_narrowed_before_the_table_scrolls(window: MainWindow, asked: Asked, qtbot: QtBot):
    work = opened(window, qtbot, 1600, 1000)
    work.tabs.show_page(work.nodes)
    table = work.nodes
    for wide, is_whole in ((1100, True), (900, True), (500, True), (200, False)):
        table.resize(wide, 200)
        assert (table.horizontalHeader().length() <= table.viewport().width()) is is_whole
    table.resize(1100, 200)
    table.horizontalHeader().resizeSection(3, 90)
    table.resize(900, 200)
    assert table.columnWidth(3) == 90, "the user's own"


def test_the_tabs_need_no_arrows_in_the_smallest_window(window: MainWindow, asked: Asked, qtbot: QtBot):
    work = opened(window, qtbot, 1024, 640)
    assert window.desk is not None
    window.desk.selection.choose("prepared", "conv")
    assert work.inspector.isVisible()

    def arrows() -> list[QToolButton]:
        return [each for each in work.tabs.tabBar().findChildren(QToolButton) if each.isVisible()]

    QApplication.processEvents()
    assert arrows() == []
    work.tabs.show_page(work.nodes)
    QApplication.processEvents()
    assert arrows() == []
    assert work.node_filter.field.isVisible()


def test_the_tabs_say_how_to_open_them_where_there_is_room(window: MainWindow, asked: Asked, qtbot: QtBot):
    work = opened(window, qtbot, 1366, 768)
    corner = next(each for each in work.tabs.findChildren(QToolButton) if each.accessibleName() == "Open the panel")
    assert corner.text().startswith("Ctrl J opens the panel")
    window.resize(1024, 640)
    QApplication.processEvents()
    assert "Ctrl" in corner.toolTip()

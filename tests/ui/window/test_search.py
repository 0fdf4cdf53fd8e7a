"""The search field with its list, and the chips that step through the nodes of a kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from qviz.document import codec
from qviz.document.kept import kept_finding
from qviz.document.snapshot import Level
from qviz.session.sides import Side
from qviz.ui.panels.legend import KindChip
from qviz.ui.panels.search import Search
from qviz.ui.shell.main_window import MainWindow
from tests.factories import node, snapshot, stage, value

BEFORE = stage("captured", node("x", kind="input"), node("conv", "x", path="conv", type="Conv2d"))
AFTER = stage(
    "converted",
    node("x", kind="input"),
    node("q", "x", kind="quantize", values=[value(1, 8, dtype="torch.quint8")]),
    *(
        node(f"{name}_{place}", kind=kind, target=name, path=f"body.{place}")
        for place in range(30)
        for name, kind in (("conv", "quantized_op"), ("dq", "dequantize"))
    ),
    node("output", "q", kind="output"),
    groups={"body": "Sequential", **{f"body.{place}": "Block" for place in range(30)}},
)
FINDING = kept_finding("requantized", Level.WARNING, "converted", ("dq_3",), "twice", "it is", "mend it")


@pytest.fixture
def window_of_result(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> MainWindow:
    codec.save(snapshot(BEFORE, AFTER, findings=[FINDING]), tmp_path / "r.qviz")
    window.opener.open_source(str(tmp_path / "r.qviz"), is_consented=False)
    assert window.desk is not None
    panes = window.desk.work.panes.panes
    qtbot.waitUntil(lambda: all(pane.canvas.view is not None for pane in panes.values()))
    return window


def test_a_selection_made_while_groups_open_comes_into_view_in_the_picture_that_is_awaited(
    window_of_result: MainWindow, qtbot: QtBot
):
    desk, shown = window_of_result.desk, canvas(window_of_result)
    assert desk is not None
    shown.folding.fold_all()
    qtbot.waitUntil(lambda: not shown.is_busy)
    desk.navigation.jump("converted", "dq_3")
    desk.navigation.jump("converted", "output")
    assert shown.is_busy
    assert shown.selection.is_to_reveal
    qtbot.waitUntil(lambda: not shown.is_busy)
    assert not shown.selection.is_to_reveal
    desk.navigation.jump("converted", "x")
    assert not shown.selection.is_to_reveal


@pytest.fixture
def search(window_of_result: MainWindow) -> Search:
    field = window_of_result.bar.search
    field.setFocus(Qt.FocusReason.ShortcutFocusReason)
    return field


def canvas(window: MainWindow, side: Side = Side.RIGHT):
    assert window.desk is not None
    return window.desk.work.panes.panes[side].canvas


def listed(search: Search) -> list[str]:
    rows: Any = search.results.rows
    return [rows.topLevelItem(place).text(0) for place in range(rows.topLevelItemCount())]


def type_(qtbot: QtBot, search: Search, text: str) -> None:
    search.clear()
    qtbot.keyClicks(search, text)


def test_results_show_place_and_look_and_how_many_there_are(search: Search, qtbot: QtBot):
    type_(qtbot, search, "kind:quantize")
    assert listed(search) == ["q"]
    row: Any = search.results.rows.topLevelItem(0)
    assert row.text(2) == "quint8 1×8"
    assert not row.icon(0).isNull()
    assert search._count.text() == "1 of 63"
    type_(qtbot, search, "conv module:body.7")
    assert listed(search) == ["conv_7"]
    row = search.results.rows.topLevelItem(0)
    assert row.text(1) == "body.7"


def test_findings_are_searched(search: Search, qtbot: QtBot):
    type_(qtbot, search, "finding:warning")
    assert listed(search) == ["dq_3"]


def test_an_unknown_key_is_told_and_nothing_is_dimmed(search: Search, qtbot: QtBot, window_of_result: MainWindow):
    type_(qtbot, search, "knd:op")
    assert listed(search) == ["No node has “knd:”. Did you mean “kind:”?"]
    assert search._count.text() == ""
    assert canvas(window_of_result).emphasis.highlighted is None


def test_the_arrows_choose_and_enter_goes_on_to_the_next_and_back(
    search: Search, qtbot: QtBot, window_of_result: MainWindow
):
    here = canvas(window_of_result)
    type_(qtbot, search, "conv")
    qtbot.keyClick(search, Qt.Key.Key_Down)
    qtbot.keyClick(search, Qt.Key.Key_Return)
    assert here.selection.node == "conv_1"
    assert search.results.isHidden()
    qtbot.keyClick(search, Qt.Key.Key_Return)
    assert here.selection.node == "conv_2"
    for _ in range(3):
        qtbot.keyClick(search, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert here.selection.node == "conv_29"


def test_a_result_in_folded_groups_is_brought_out(search: Search, qtbot: QtBot, window_of_result: MainWindow):
    here = canvas(window_of_result)
    here.folding.fold_all()
    qtbot.waitUntil(lambda: not here.is_busy and here.view.box_of["conv_9"] != "conv_9")
    type_(qtbot, search, "conv_9")
    qtbot.keyClick(search, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: here.view.box_of["conv_9"] == "conv_9")
    assert here.emphasis.selected_box == "conv_9"
    assert here.surface.rect().contains(here.viewport.camera.to_screen(here.scene.rect("conv_9").center()).toPoint())


def test_others_are_dimmed_as_long_as_that_is_wanted(search: Search, qtbot: QtBot, window_of_result: MainWindow):
    here = canvas(window_of_result)
    type_(qtbot, search, "kind:quantize")
    assert here.emphasis.highlighted == {"q"}
    assert canvas(window_of_result, Side.LEFT).emphasis.highlighted is None
    qtbot.mouseClick(search.results.dim, Qt.MouseButton.LeftButton)
    assert here.emphasis.highlighted is None
    qtbot.mouseClick(search.results.dim, Qt.MouseButton.LeftButton)
    assert here.emphasis.highlighted == {"q"}
    qtbot.keyClick(search, Qt.Key.Key_Escape)
    assert here.emphasis.highlighted is None
    assert search.text() == ""
    assert here.surface.hasFocus()


def test_many_nodes_are_dimmed_when_the_typing_pauses(
    search: Search, qtbot: QtBot, window_of_result: MainWindow, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("qviz.ui.panels.search._MANY", 10)
    here = canvas(window_of_result)
    with qtbot.waitSignal(search.matched) as told:
        type_(qtbot, search, "kind:quantize")
        assert here.emphasis.highlighted is None
    assert told.args == [{"q"}]
    assert here.emphasis.highlighted == {"q"}
    search.clear()
    assert here.emphasis.highlighted is None


def test_escape_on_the_canvas_ends_the_search_too(search: Search, qtbot: QtBot, window_of_result: MainWindow):
    here = canvas(window_of_result)
    type_(qtbot, search, "kind:quantize")
    qtbot.keyClick(search, Qt.Key.Key_Return)
    here.surface.setFocus()
    assert search.text() == "kind:quantize"
    qtbot.keyClick(here.surface, Qt.Key.Key_Escape)
    assert search.text() == ""
    assert here.emphasis.highlighted is None


def test_the_help_stands_below_the_empty_field_and_goes_with_the_focus(
    search: Search, qtbot: QtBot, window_of_result: MainWindow
):
    assert search.results.isVisible()
    assert search.results.rows.isHidden()
    canvas(window_of_result).surface.setFocus()
    assert search.results.isHidden()


def test_the_other_stage_is_searched_where_its_pane_is_used(search: Search, qtbot: QtBot, window_of_result: MainWindow):
    type_(qtbot, search, "conv")
    assert search._count.text() == "30 of 63"
    assert window_of_result.desk is not None
    window_of_result.desk.selection.choose("captured", "x")
    assert search._count.text() == "1 of 2"
    assert canvas(window_of_result, Side.LEFT).emphasis.highlighted == {"conv"}
    assert canvas(window_of_result).emphasis.highlighted is None


@pytest.fixture
def chip(window_of_result: MainWindow) -> KindChip:
    assert window_of_result.desk is not None
    chips = window_of_result.desk.work.legend.findChildren(KindChip)
    return next(each for each in chips if each.kind == "quantized_op")


def test_a_chip_steps_through_its_nodes_and_wraps(chip: KindChip, qtbot: QtBot, window_of_result: MainWindow):
    here = canvas(window_of_result)
    visited = []
    for _ in range(31):
        qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
        visited.append(here.selection.node)
    assert visited == [f"conv_{place % 30}" for place in range(31)]
    assert not chip.isChecked()
    qtbot.waitUntil(lambda: here.view.box_of["conv_0"] == "conv_0")


def test_a_chip_steps_in_the_stage_that_it_counts(chip: KindChip, qtbot: QtBot, window_of_result: MainWindow):
    assert window_of_result.desk is not None
    window_of_result.desk.selection.choose("captured", "x")
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    assert canvas(window_of_result).selection.node == "conv_0"


def test_shift_on_a_chip_dims_the_others_until_again(chip: KindChip, qtbot: QtBot, window_of_result: MainWindow):
    here, shift = canvas(window_of_result), Qt.KeyboardModifier.ShiftModifier
    before = here.selection.node
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton, shift)
    assert here.emphasis.highlighted == {f"conv_{place}" for place in range(30)}
    assert here.selection.node == before
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    assert chip.isChecked()
    assert here.emphasis.highlighted is not None
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton, shift)
    assert here.emphasis.highlighted is None
    chip.setFocus()
    qtbot.keyClick(chip, Qt.Key.Key_Return, shift)
    assert here.emphasis.highlighted is not None
    qtbot.keyClick(here.surface, Qt.Key.Key_Escape)
    assert here.emphasis.highlighted is None
    assert not chip.isChecked()

"""What is selected and highlighted while the stages in view change."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from qviz.analysis.inspecting.columns import NumberColumn
from qviz.analysis.linking.links import link_stages
from qviz.session.focus import Focus
from qviz.session.sides import Side
from qviz.ui.canvas.metrics import BoxForm
from qviz.ui.shell.desk import Desk
from qviz.ui.shell.main_window import MainWindow
from qviz.ui.theme import theme as theme_of
from tests.factories import node, stage
from tests.ui.window.conftest import Asked
from tests.ui.window.test_window import CAPTURED, FACTS, PREPARED, finished, hear, reached

PATIENCE_MS = 30_000
CONVERTED = stage(
    "converted",
    node("x", kind="input"),
    node("conv", "x", path="conv", kind="quantized_op", type="Conv2d"),
    node("output", "conv", kind="output"),
)


@pytest.fixture
def desk(window: MainWindow, asked: Asked, qtbot: QtBot) -> Desk:
    window.opener.open_model("sample:conv-bn-relu")
    hear(window, reached(CAPTURED), reached(PREPARED, CAPTURED, FACTS), reached(CONVERTED, PREPARED), finished())
    made = window.desk
    assert made is not None
    qtbot.waitUntil(lambda: all(pane.canvas.view is not None for pane in made.work.panes.panes.values()))
    return made


def selected(desk: Desk) -> dict[str, str | None]:
    return {side: pane.canvas.selection.node for side, pane in desk.work.panes.panes.items()}


def inspected(desk: Desk) -> tuple[str, str] | None:
    shown = desk.work.inspector._shown
    return shown[1:] if shown else None


def test_the_links_these_tests_stand_on():
    assert ("conv",) in [link.to_ids for link in link_stages(PREPARED, CONVERTED) if link.from_ids == ("conv",)]


def test_a_selection_follows_through_the_stages(desk: Desk):
    desk.selection.choose("converted", "conv")
    desk.selection.step_stage(-1)
    assert desk.project is not None
    assert desk.project.shown.right == "prepared"
    assert inspected(desk) == ("prepared", "conv")
    assert selected(desk) == {"left": "conv", "right": "conv"}


def test_a_selection_without_a_partner_ends(desk: Desk):
    desk.selection.show_stage(Side.LEFT, "prepared")
    desk.selection.choose("prepared", "obs")
    desk.selection.show_stage(Side.LEFT, "captured")
    assert inspected(desk) is None
    assert selected(desk) == {"left": None, "right": None}


def test_the_other_side_shows_the_partner_of_its_new_stage(desk: Desk):
    desk.selection.choose("captured", "conv")
    desk.selection.show_stage(Side.RIGHT, "prepared")
    assert inspected(desk) == ("captured", "conv")
    assert selected(desk) == {"left": "conv", "right": "conv"}


def test_swapping_takes_the_selection_along(desk: Desk):
    desk.selection.choose("captured", "conv")
    desk.selection.swap()
    assert inspected(desk) == ("captured", "conv")
    assert desk.project is not None
    assert desk.project.selected == ("right", "conv")
    assert selected(desk) == {"left": "conv", "right": "conv"}


def test_a_highlight_ends_with_its_chip(desk: Desk, qtbot: QtBot):
    chips = [b for b in desk.work.legend.findChildren(QPushButton) if b.property("kind") == "quantized_op"]
    left = desk.work.panes.panes[Side.LEFT].canvas
    qtbot.mouseClick(chips[0], Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier)
    assert left.emphasis.highlighted is not None
    desk.selection.show_stage(Side.RIGHT, "prepared")
    assert left.emphasis.highlighted is None


def test_a_copied_picture_is_said(desk: Desk):
    desk.exports.copy_picture(desk.theme)
    assert desk.work.notice.message.text() == "A picture of Captured and Converted is on the clipboard."
    assert not QGuiApplication.clipboard().image().isNull()


def test_only_what_changed_is_bright_and_can_be_stepped_through(qtbot: QtBot, desk: Desk):
    desk.selection.show_stage(Side.LEFT, "captured")
    desk.selection.show_stage(Side.RIGHT, "prepared")
    canvases = {side: pane.canvas for side, pane in desk.work.panes.panes.items()}
    qtbot.waitUntil(lambda: not any(each.is_busy for each in canvases.values()))
    desk.dimming.toggle_changes()
    assert all(each.emphasis.is_highlighting for each in canvases.values())
    desk.dimming.toggle_changes()
    assert not any(each.emphasis.is_highlighting for each in canvases.values())
    desk.work.panes.active = Side.RIGHT
    desk.navigation.step_change(1)
    assert canvases[Side.RIGHT].selection.node == "obs"


def test_changes_are_counted_by_what_happened_and_seen_whole(qtbot: QtBot, desk: Desk):
    desk.selection.show_stage(Side.LEFT, "captured")
    desk.selection.show_stage(Side.RIGHT, "prepared")
    canvases = [pane.canvas for pane in desk.work.panes.panes.values()]
    qtbot.waitUntil(lambda: not any(each.is_busy for each in canvases), timeout=PATIENCE_MS)
    desk.work.panes.fit()
    desk.dimming.toggle_changes()
    qtbot.waitUntil(lambda: not any(each.is_busy for each in canvases), timeout=PATIENCE_MS)
    assert desk.work.notice.message.text() == "1 added"
    assert {each.viewport.pose for each in canvases} == {"fit"}


def test_the_stages_of_a_run_at_work_share_their_rows_and_go_on_to_do_so(
    window: MainWindow, asked: Asked, qtbot: QtBot
):
    window.opener.open_model("sample:conv-bn-relu")
    hear(window, reached(CAPTURED))
    made = window.desk
    assert made is not None
    panes = made.work.panes
    assert not panes.axis.is_shared
    canvases = [pane.canvas for pane in panes.panes.values()]

    def rows() -> list[float]:
        qtbot.waitUntil(lambda: not any(each.is_busy for each in canvases), timeout=PATIENCE_MS)
        assert panes.axis.is_shared
        left, right = (each.scene for each in canvases)
        assert left is not None
        assert right is not None
        assert left.rect("conv").top() == right.rect("conv").top()
        return [left.rect("conv").top(), right.rect("output").top()]

    hear(window, reached(PREPARED, CAPTURED, FACTS))
    rows()
    hear(window, reached(CONVERTED, PREPARED))
    at_work = rows()
    hear(window, finished())
    assert rows() == at_work


def test_heads_of_columns_stand_over_their_numbers(qtbot: QtBot, desk: Desk):
    desk.selection.show_stage(Side.LEFT, "captured")
    panes = desk.work.panes.panes
    heads, canvas = panes[Side.LEFT].columns, panes[Side.LEFT].canvas
    columns = [NumberColumn(title, {"conv": 5000.0}, "amount") for title in ("parameters", "MACs")]

    def wait() -> None:
        qtbot.waitUntil(lambda: not any(each.canvas.is_busy for each in panes.values()), timeout=PATIENCE_MS)

    wait()
    for each in panes.values():  # boxes of one axis are written alike
        each.canvas.show_overlays((), (), columns)
        each.show_columns(columns)
    wait()

    def are_over() -> bool:  # the other pane may still come to where this one looks
        assert canvas.scene is not None
        box = next(each for each in canvas.scene.view.boxes if any(canvas.scene.cells(each)))
        end = canvas.viewport.camera.to_screen(canvas.scene.rect(box.id).topRight()).x() - 12
        return abs(heads.end() - end) <= 1

    qtbot.waitUntil(are_over, timeout=PATIENCE_MS)
    desk.set_theme(theme_of("dark"))
    picture = heads.grab().toImage()
    inks = {picture.pixelColor(x, y).lightness() for x in range(picture.width()) for y in range(picture.height())}
    assert max(inks) >= theme_of("dark").color("text.muted").lightness() - 20, "they are read in dark, too"


def test_panes_that_were_written_otherwise_agree(qtbot: QtBot, desk: Desk):
    left, right = (pane.canvas for pane in desk.work.panes.panes.values())
    qtbot.waitUntil(lambda: not left.is_busy and not right.is_busy, timeout=PATIENCE_MS)
    assert desk.work.panes.axis.is_shared
    for narrow in (right, left):
        folds = narrow.folding.folds
        assert folds is not None
        narrow.follow(folds, BoxForm(1, is_narrow=True))
        qtbot.waitUntil(lambda: not left.is_busy and not right.is_busy, timeout=PATIENCE_MS)
        assert left.scene is not None
        assert right.scene is not None
        assert (left.scene.rows, left.scene.is_narrow) == (right.scene.rows, right.scene.is_narrow) == (1, True)
        narrow.follow(folds, BoxForm(2))
        qtbot.waitUntil(lambda: not left.is_busy and not right.is_busy, timeout=PATIENCE_MS)
        assert left.scene.rows == right.scene.rows


def test_focus_dims_all_but_what_lies_around_the_selection(desk: Desk):
    desk.dimming.focus_on(Focus.UPSTREAM)
    assert not any(pane.canvas.emphasis.is_highlighting for pane in desk.work.panes.panes.values())
    desk.selection.choose("converted", "conv")
    desk.dimming.focus_on(Focus.UPSTREAM)
    assert desk.work.panes.canvas.emphasis.highlighted == frozenset(("x", "conv"))


def test_what_shares_an_observer_is_brought_out(window: MainWindow, asked: Asked, qtbot: QtBot):
    shared = stage(
        "prepared",
        node("x", kind="input"),
        node("one", "x", kind="observer", object_id=7),
        node("two", "one", kind="observer", object_id=7),
        node("other", "two", kind="observer", object_id=8),
    )
    window.opener.open_model("sample:conv-bn-relu")
    hear(window, reached(shared), finished())
    assert window.desk is not None
    canvas = window.desk.work.panes.canvas
    qtbot.waitUntil(lambda: canvas.view is not None)
    window.desk.selection.choose("prepared", "one")
    window.actions_of["select_sharing"].trigger()
    assert canvas.emphasis.highlighted == frozenset({"one", "two"})
    assert "2 nodes share one observer." in window.desk.work.notice.message.text()
    window.desk.selection.choose("prepared", "other")
    window.actions_of["select_sharing"].trigger()
    assert "No other node" in window.desk.work.notice.message.text()


def test_the_next_run_keeps_the_selection_where_its_node_is_still_there(desk: Desk, window: MainWindow):
    desk.selection.choose("converted", "conv")
    desk.run()
    hear(window, reached(CAPTURED), reached(PREPARED, CAPTURED, FACTS), reached(CONVERTED, PREPARED), finished())
    assert inspected(desk) == ("converted", "conv")
    assert desk.project is not None
    assert desk.project.selected is not None
    desk.run()
    hear(window, reached(CAPTURED), finished())
    assert inspected(desk) is None

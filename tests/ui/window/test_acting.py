"""Acting on what is selected: by key and button, with what it would give, taken back, without touching the result."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from qviz.analysis.acting.observers import ACTIVATION_OBSERVERS, WEIGHT_OBSERVERS
from qviz.analysis.views.folding import group_path
from qviz.analysis.views.view import Folds
from qviz.document import codec
from qviz.document.configuration import Rule
from qviz.document.snapshot import Run
from qviz.session.sides import Side
from qviz.ui.canvas.metrics import BoxForm
from qviz.ui.panels.inspecting.elided_link import ElidedLink
from qviz.ui.panels.inspecting.tensor_grid import TensorCells
from qviz.ui.panels.observer_dialogs import ObserverDialog, RangeDialog
from qviz.ui.panels.overview_rail import COLUMNS
from qviz.ui.shell.desk import Desk
from qviz.ui.shell.export_sheet import ExportSheet
from qviz.ui.shell.main_window import MainWindow
from qviz.ui.shell.on_screen import on_screen
from qviz.words.language import using
from tests.analysis.test_inspecting import FACTS, FINDING, LINKS, QUANTIZERS, SUMMARY, captured, converted, prepared
from tests.factories import snapshot
from tests.measured import ledger, measured
from tests.ui.widgets import found
from tests.ui.window.test_pseudo_locale import PSEUDO
from tests.ui.window.visible_texts import offences

PATCH = "[quantizer_options]\nskip_integers = true\n"


@pytest.fixture
def desk(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> Desk:
    finding = msgspec.structs.replace(FINDING, args={**FINDING.args, "patch": PATCH})
    made = snapshot(captured(), prepared(), converted(), links=LINKS, facts=FACTS, findings=(finding,))
    run: Run = msgspec.structs.replace(made.run, source="net.py:Net", flow="fx-static")
    made = msgspec.structs.replace(
        made, run=run, summary=SUMMARY, measurements=measured(ledger=ledger(*QUANTIZERS, additivity=0.9))
    )
    path = tmp_path / "net.qviz"
    codec.save(made, path)
    window.opener.open_source(str(path), is_consented=False)
    qtbot.waitUntil(lambda: window.desk is not None and window.desk.project is not None)
    assert window.desk is not None
    return window.desk


def shown(desk: Desk) -> QWidget:
    sheet = desk.work.inspector.widget()
    assert sheet is not None
    return sheet


def rules(desk: Desk) -> list[Rule]:
    return [*desk.project.plan.rules] if desk.project is not None else []


def texts(desk: Desk) -> list[str]:
    return [each.text() for each in shown(desk).findChildren(QLabel)]


def press(desk: Desk, text: str) -> None:
    found = [each for each in shown(desk).findChildren(QPushButton) if each.text() == text]
    found[0].click()


def test_a_key_leaves_the_selection_in_float_and_undo_takes_it_back(window: MainWindow, desk: Desk):
    desk.selection.choose("converted", "conv")
    window.actions_of["leave_in_float"].trigger()
    assert desk.project is not None
    assert rules(desk) == [Rule("module_name", "block.conv")]
    assert "Not run yet" in texts(desk)
    assert any(each.startswith("Predicted output SQNR") for each in texts(desk))
    window.actions_of["undo"].trigger()
    assert rules(desk) == []
    assert "Not run yet" not in texts(desk)


def test_a_button_does_the_same_and_the_result_stays(window: MainWindow, desk: Desk):
    desk.selection.choose("converted", "conv")
    before = desk.project.snapshot if desk.project is not None else None
    press(desk, "Leave in float")
    assert desk.project is not None
    assert rules(desk) == [Rule("module_name", "block.conv")]
    assert desk.project.snapshot is before
    press(desk, "Undo")
    assert rules(desk) == []


def test_the_remedy_of_a_finding_goes_into_the_plan(desk: Desk):
    desk.selection.choose("prepared", "obs_conv")
    press(desk, "Apply")
    assert desk.project is not None
    assert desk.project.plan.quantizer_options.skip_integers


def test_without_a_selection_the_reason_is_told_and_nothing_changes(window: MainWindow, desk: Desk):
    window.actions_of["leave_in_float"].trigger()
    assert desk.project is not None
    assert rules(desk) == []
    assert any("Select a node first." in each.text() for each in window.findChildren(QLabel))


def test_nothing_selected_shows_the_run_and_its_worst_places(desk: Desk):
    assert "Most noise" in texts(desk)
    press(desk, "block.conv")
    assert "conv" in texts(desk)
    assert desk.project is not None
    assert desk.project.selected is not None
    assert desk.project.selected.node_id == "conv"


def test_steps_lead_from_operator_to_operator(desk: Desk):
    desk.selection.choose("converted", "conv")
    press(desk, "›")
    assert desk.project is not None
    assert desk.project.selected is not None
    assert desk.project.selected.node_id == "add"


def test_a_module_of_the_outline_shows_its_group(desk: Desk):
    desk.selection.choose("converted", "pool")
    desk.work.outline.module_chosen.emit("block")
    assert "Inside" in texts(desk)
    assert [each.text(0) for each in desk.work.outline.selectedItems()] == ["block"]
    assert not desk.work.outline.selectedItems()[0].isExpanded(), "nothing inside is selected"
    desk.work.outline.module_chosen.emit("pool")
    assert "Inside" not in texts(desk)


def test_the_outline_marks_nothing_for_a_node_without_a_module(desk: Desk):
    desk.selection.choose("converted", "conv")
    assert desk.work.outline.selectedItems() != []
    desk.selection.choose("converted", "x")
    assert desk.work.outline.selectedItems() == []


def test_a_click_on_a_child_of_a_group_selects_and_shows_its_box(desk: Desk, qtbot: QtBot):
    canvas = desk.work.panes.panes[Side.RIGHT].canvas
    qtbot.waitUntil(lambda: canvas.view is not None)
    canvas.folding.fold_all()
    qtbot.waitUntil(lambda: canvas.view is not None and "conv" not in {box.id for box in canvas.view.boxes})
    desk.selection.choose("converted", "conv")
    desk.selection.inspect_group("block")
    child = next(each for each in shown(desk).findChildren(ElidedLink) if each.toolTip() == "conv")
    child.click()
    qtbot.waitUntil(lambda: (box := canvas.selection.box) is not None and box.id == "conv")
    assert "Why" in texts(desk)


def test_a_group_is_marked_in_both_panes_and_on_the_rail(desk: Desk, qtbot: QtBot):
    canvases = [pane.canvas for pane in desk.work.panes.panes.values()]
    qtbot.waitUntil(lambda: all(each.view is not None and not each.is_busy for each in canvases))
    desk.selection.choose("converted", "conv")
    alone = height_on_rail(desk)
    desk.selection.inspect_group("block")
    assert [each.emphasis.selected_box for each in canvases] == ["group:block"] * 2
    assert not any(each.emphasis.partners for each in canvases)
    assert 0 < alone < height_on_rail(desk)
    desk.selection.choose("converted", "conv")
    assert "group:block" not in [each.emphasis.selected_box for each in canvases]
    assert height_on_rail(desk) == alone


def buttons(desk: Desk) -> dict[str, QPushButton]:
    """Return the buttons of the page by what they say."""
    return {each.text(): each for each in shown(desk).findChildren(QPushButton)}


def test_the_page_of_a_group_collapses_and_expands_it(desk: Desk, qtbot: QtBot):
    canvases = [pane.canvas for pane in desk.work.panes.panes.values()]
    qtbot.waitUntil(lambda: all(each.view is not None and not each.is_busy for each in canvases))
    desk.selection.inspect_group("block")
    assert "Expand all" not in buttons(desk), "it is expanded"
    buttons(desk)["Collapse"].click()
    qtbot.waitUntil(lambda: all("conv" not in each.scene.box for each in canvases if each.scene is not None))
    assert "Collapse" not in buttons(desk)
    buttons(desk)["Expand all"].click()
    qtbot.waitUntil(lambda: all("group:block" in each.scene.box for each in canvases if each.scene is not None))
    qtbot.waitUntil(lambda: "Collapse" in buttons(desk))
    assert [each.emphasis.selected_box for each in canvases] == ["group:block"] * 2


def test_the_page_of_a_group_exports_all_of_it(desk: Desk, qtbot: QtBot):
    qtbot.waitUntil(lambda: desk.work.panes.canvas.view is not None)
    desk.selection.choose("converted", "conv")
    assert desk.project is not None
    assert on_screen(desk.project, desk.work).selected[0] == "conv"
    desk.selection.inspect_group("block")
    assert on_screen(desk.project, desk.work).selected == ("block",)
    buttons(desk)["Export group…"].click()
    sheet = desk.work.window().findChild(ExportSheet)
    assert sheet is not None
    assert [area for each, area in sheet.form.areas.items() if each.isChecked()] == ["around"]
    sheet.close()


def test_a_hidden_pane_has_no_say_in_what_is_expanded(qtbot: QtBot, desk: Desk):
    left, right = (pane.canvas for pane in desk.work.panes.panes.values())
    qtbot.waitUntil(lambda: not left.is_busy and not right.is_busy)
    assert right.folding.folds is not None
    opened = right.folding.folds.groups
    assert opened
    desk.work.panes.panes[Side.LEFT].hide()
    left.follow(Folds(), BoxForm(1))
    qtbot.waitUntil(lambda: not left.is_busy and not right.is_busy)
    assert (left.folding.folds or Folds()).groups == (right.folding.folds or Folds()).groups == opened
    desk.work.panes.panes[Side.LEFT].show()
    left.follow(Folds(), BoxForm(1))
    qtbot.waitUntil(lambda: not left.is_busy and not right.is_busy)
    assert (right.folding.folds or Folds()).groups == frozenset(), "what both show fits both"


def test_the_whole_model_has_no_box_to_expand(desk: Desk):
    assert desk.project is not None
    desk.work.inspector.show_group(desk.project, "converted", "")
    assert not {"Expand all", "Collapse", "Export group…"} & buttons(desk).keys()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    desk.work.inspector.follow_folds()  # as whatever is placed next has it do
    assert not {"Expand all", "Collapse"} & buttons(desk).keys()


def height_on_rail(desk: Desk) -> int:
    """Return the height of the frame of the selection on the rail, in pixels."""
    overview = desk.work.panes.overview
    overview.refresh()
    image, ink = overview.rail.grab().toImage(), desk.theme.color("selection").rgb()
    left = COLUMNS[Side.LEFT] - 3
    rows = [y for y in range(image.height()) if ink in (image.pixel(left - 1, y), image.pixel(left, y))]
    return max(rows) - min(rows)


def test_the_page_of_a_group_follows_the_stages_in_view(desk: Desk):
    desk.selection.inspect_group("block")
    before = shown(desk)
    assert desk.project is not None
    desk.work.show_project(desk.project, desk.theme)
    assert shown(desk) is before, "nothing that it tells has changed"
    desk.selection.show_stage(Side.LEFT, "prepared")
    assert shown(desk) is not before
    assert "Inside" in texts(desk)


def test_a_click_on_an_inner_group_selects_its_box(desk: Desk, qtbot: QtBot):
    canvas = desk.work.panes.panes[Side.RIGHT].canvas
    qtbot.waitUntil(lambda: canvas.view is not None)
    canvas.folding.fold_all()
    assert desk.project is not None
    desk.work.inspector.show_group(desk.project, "converted", "")
    child = next(each for each in shown(desk).findChildren(ElidedLink) if each.toolTip() == "block")
    child.click()
    qtbot.waitUntil(lambda: (box := canvas.selection.box) is not None and group_path(box.id) == "block")
    assert "Inside" in texts(desk)


def test_the_noise_can_be_measured_where_it_is_not(window: MainWindow, desk: Desk, monkeypatch: pytest.MonkeyPatch):
    asked: list[bool] = []
    monkeypatch.setattr("qviz.ui.shell.runs.Runs.start", lambda _self: asked.append(True))
    window.actions_of["measure"].trigger()
    assert desk.project is not None
    assert desk.project.plan.measure is True
    assert asked == [True]


def test_a_range_is_asked_for_and_becomes_a_rule(window: MainWindow, desk: Desk, monkeypatch: pytest.MonkeyPatch):
    asked: list[tuple[float, float] | None] = []

    def answer(dialog: RangeDialog) -> QDialog.DialogCode:
        asked.append(dialog.range())
        dialog.low.setText("-0.5")
        dialog.high.setText("0.5")
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(RangeDialog, "exec", answer)
    desk.selection.choose("converted", "conv")
    window.actions_of["fix_range"].trigger()
    assert asked[0] is not None
    assert asked[0] == pytest.approx((-0.03, 2.52))
    made = rules(desk)[0].qconfig
    assert made is not None
    assert made.activation is not None
    assert made.activation.name == "FixedQParamsObserver"


def test_cells_tell_what_they_hold_where_they_are_squeezed(desk: Desk):
    desk.selection.choose("converted", "conv")
    cells = found(shown(desk), TensorCells)
    cells.resize(300, cells.sizeHint().height())
    told = {cells.cell_at(x, y) for x in (110.0, 180.0, 260.0) for y in range(2, cells.height(), 8)}
    assert {"0.025", "0.001 … 0.004", "44.0 dB"} <= told
    assert cells.cell_at(5.0, 5.0) == ""
    assert "44.0 dB" in cells.accessibleDescription()


def test_the_dialogs_speak_the_language_in_use(window: MainWindow):
    known = frozenset({*ACTIVATION_OBSERVERS, *WEIGHT_OBSERVERS, "block.conv"})
    with using(PSEUDO):
        assert offences(ObserverDialog(window, "block.conv", has_weight=True), known) == []
        dialog = RangeDialog(window, "block.conv", -1.0, 1.0)
        assert offences(dialog, known) == []
        dialog.low.setText("2")
        assert offences(dialog, known) == []
    assert dialog.range() is None

"""Try it: one choice, the same in slider, table, curve and on the canvas; it becomes a plan, and runs measure it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel, QWidget
from pytestqt.qtbot import QtBot

from qviz.document import codec, plan_file
from qviz.document.configuration import Rule
from qviz.document.measurements import Measurements
from qviz.document.plan import Plan
from qviz.document.snapshot import Run, RunError, Snapshot
from qviz.session.kept_runs import ShelvedRun
from qviz.session.project import Project
from qviz.session.sides import Side
from qviz.ui.panels.trying.panel import TryPanel
from qviz.ui.panels.trying.quantizer_model import NAME, SHARE, TICK
from qviz.ui.shell.desk import Desk
from qviz.ui.shell.main_window import MainWindow
from qviz.ui.theme import theme
from qviz.words.language import using
from tests.analysis.test_inspecting import FACTS, LINKS, QUANTIZERS, SUMMARY, captured, converted, prepared
from tests.factories import snapshot
from tests.measured import ledger, measured
from tests.ui.window.test_pseudo_locale import PSEUDO
from tests.ui.window.visible_texts import offences

CONV = Rule("module_name", "block.conv")
MEASURED = measured(simulated=13.0, total=13.0, ledger=ledger(*QUANTIZERS, additivity=0.9), size=(400, 100))


def result(measurements: Measurements | None = MEASURED, flow: str = "fx-static") -> Snapshot:
    made = snapshot(captured(), prepared(), converted(), links=LINKS, facts=FACTS, findings=())
    run: Run = msgspec.structs.replace(made.run, source="net.py:Net", flow=flow, python="import torch\n")
    return msgspec.structs.replace(made, run=run, summary=SUMMARY, measurements=measurements)


def opened(window: MainWindow, qtbot: QtBot, path: Path, made: Snapshot) -> Desk:
    codec.save(made, path)
    window.opener.open_source(str(path), is_consented=False)
    qtbot.waitUntil(lambda: window.desk is not None and window.desk.project is not None)
    desk = window.desk
    assert desk is not None
    qtbot.waitUntil(lambda: all(pane.canvas.scene is not None for pane in desk.work.panes.panes.values()))
    return desk


@pytest.fixture
def desk(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> Desk:
    window.resize(1600, 1000)
    made = opened(window, qtbot, tmp_path / "net.qviz", result())
    window.actions_of["try_it"].trigger()
    return made


def panel(desk: Desk) -> TryPanel:
    return desk.work.trying


def ticked(desk: Desk) -> list[str]:
    model = panel(desk).table.quantizers
    rows = [model.row_at(place) for place in range(model.rowCount())]
    states = [model.index(place, TICK).data(Qt.ItemDataRole.CheckStateRole) for place in range(model.rowCount())]
    return [row.quantizer.id for row, state in zip(rows, states, strict=True) if row and state == Qt.CheckState.Checked]


def chips(desk: Desk) -> dict[str, float]:
    canvas = desk.work.panes.panes[Side.RIGHT].canvas
    shown = canvas.scene.overlays.shown if canvas.scene is not None else ()
    overlay = next(each.overlay for each in shown if each.overlay.mark == "chip")
    return {node: float(count) for node, count in overlay.nodes.items()}


def rules(desk: Desk) -> tuple[Rule, ...]:
    assert desk.project is not None
    return desk.project.plan.rules


def texts(widget: QWidget) -> list[str]:
    return [each.text() for each in widget.findChildren(QLabel) if each.isVisibleTo(widget)]


def keep(desk: Desk, plan: Plan, level: float) -> ShelvedRun:
    """Let a run of a plan end that came to this level."""
    made = Project.of_snapshot(result(measured(simulated=level, total=level, size=(400, 130))))
    desk.shelf.keep(replace(made, plan=plan, received=replace(made.received, plan=plan), seconds=4.2))
    return desk.shelf.kept.runs[0]


def test_it_takes_the_place_of_the_inspector_and_one_pane_and_gives_both_back(window: MainWindow, desk: Desk):
    work = desk.work
    assert work.trying.isVisible()
    assert work.trying.width() == 928
    assert not work.inspector.isVisible()
    assert [pane.isVisible() for pane in work.panes.panes.values()] == [False, True]
    assert work.panes.choice.value == "numbers"
    QTest.keyClick(work.trying.table, Qt.Key.Key_Escape)
    assert not work.trying.isVisible()
    assert work.inspector.isVisible()
    assert [pane.isVisible() for pane in work.panes.panes.values()] == [True, True]
    assert work.panes.choice.value == "roles"


def test_changes_of_two_panes_give_way_to_numbers_beside_it(window: MainWindow, desk: Desk):
    window.actions_of["try_it"].trigger()
    window.actions_of["changes"].trigger()
    assert desk.work.panes.choice.value == "changes"
    window.actions_of["try_it"].trigger()
    assert desk.work.panes.choice.value == "numbers"


def test_the_worst_are_chosen_by_the_slider_and_marked_in_list_and_graph(desk: Desk):
    slider = panel(desk).head.slider
    assert slider.maximum() == 2  # these two take the others along
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_Home)
    assert ticked(desk) == []
    QTest.keyClick(slider, Qt.Key.Key_Right)
    assert ticked(desk) == ["conv weight"]
    assert chips(desk) == {"conv": 1.0}
    assert "Leave the 1 worst of 4 quantizers in float" in texts(panel(desk))
    QTest.keyClick(slider, Qt.Key.Key_Right)
    assert ticked(desk) == [each.id for each in QUANTIZERS]
    assert chips(desk) == {"conv": 2.0, "add": 1.0, "x": 1.0}


def test_any_other_set_is_chosen_by_ticks(qtbot: QtBot, desk: Desk):
    table = panel(desk).table
    panel(desk).head.slider.setValue(0)
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=tick_of(desk, "add output"))
    assert ticked(desk) == ["add output"]
    assert "Leave 1 of 4 quantizers in float, as ticked below" in texts(panel(desk))
    table.setCurrentIndex(table.quantizers.index(0, NAME))
    QTest.keyClick(table, Qt.Key.Key_Space)
    assert ticked(desk) == [each.id for each in QUANTIZERS]  # nobody is left for whose sake the others are there


def tick_of(desk: Desk, name: str) -> QPoint:
    table = panel(desk).table
    row = table.quantizers.place_of(name)
    assert row is not None
    return table.visualRect(table.quantizers.index(row, TICK)).center()


def test_what_falls_away_with_another_cannot_be_kept(desk: Desk):
    panel(desk).head.slider.setValue(2)
    QTest.mouseClick(panel(desk).table.viewport(), Qt.MouseButton.LeftButton, pos=tick_of(desk, "x"))
    assert "x" in ticked(desk)
    row = panel(desk).table.quantizers.place_of("x")
    assert row is not None
    tip = panel(desk).table.quantizers.index(row, TICK).data(Qt.ItemDataRole.ToolTipRole)
    assert "in float removes it" in tip


def test_figures_are_those_of_the_ledger(desk: Desk):
    panel(desk).head.slider.setValue(1)
    shown = texts(panel(desk).head)
    choice = panel(desk).choice
    assert choice is not None
    assert choice.prediction is not None
    assert f"{choice.prediction.sqnr_db:.1f} dB" in shown
    assert "100 bytes" in shown  # the weights of this sample have no number of elements
    assert desk.work.trying.curve.chart is not None
    assert desk.work.trying.curve.chart.chosen is not None


def test_the_rest_row_says_what_is_not_explained(desk: Desk):
    model = panel(desk).table.quantizers
    last = model.rowCount() - 1
    assert model.index(last, NAME).data() == "10.0 % not explained"
    assert model.index(last, SHARE).data() == "10.0 %"


def test_the_choice_goes_into_the_configuration_and_undo_takes_it_back(window: MainWindow, desk: Desk):
    panel(desk).head.slider.setValue(1)
    panel(desk).preview.use.click()
    assert rules(desk) == (CONV,)
    assert not panel(desk).preview.use.isEnabled()
    window.actions_of["undo"].trigger()
    assert rules(desk) == ()
    assert ticked(desk) == []


def test_an_edit_made_elsewhere_is_a_choice_here(window: MainWindow, desk: Desk):
    panel(desk).head.slider.setValue(0)
    desk.selection.choose("converted", "conv")
    window.actions_of["leave_in_float"].trigger()
    assert ticked(desk) == ["conv weight"]


def test_the_selection_goes_both_ways(desk: Desk):
    table = panel(desk).table
    desk.selection.choose("converted", "add")
    assert [table.quantizers.row_at(row).quantizer.id for row in table.chosen_rows()] == ["add output"]  # type: ignore[union-attr]
    table.setCurrentIndex(table.quantizers.index(1, NAME))
    QTest.keyClick(table, Qt.Key.Key_Up)
    assert desk.project is not None
    assert desk.project.selected is not None
    assert desk.project.selected.node_id == "conv"
    assert table.chosen_rows() == [0]


def test_the_curve_is_walked_by_keys_and_clicked(qtbot: QtBot, desk: Desk):
    curve = panel(desk).curve
    QTest.keyClick(curve, Qt.Key.Key_Home)
    QTest.keyClick(curve, Qt.Key.Key_Right)
    assert ticked(desk) == ["conv weight"]
    assert curve.chart is not None
    start = curve.place_of(curve.chart.curve[0])
    QTest.mouseClick(curve, Qt.MouseButton.LeftButton, pos=start.toPoint())
    assert ticked(desk) == []
    assert "k = 0" in curve.accessibleDescription()


def test_rows_are_sorted_by_their_heads_and_the_rest_stays_last(desk: Desk):
    table = panel(desk).table
    table.on_head_clicked(NAME)
    rows = [table.quantizers.index(row, NAME).data() for row in range(table.quantizers.rowCount())]
    assert rows == ["add", "conv", "conv", "x", "10.0 % not explained"]
    table.on_head_clicked(NAME)
    table.on_head_clicked(NAME)
    assert table.quantizers.row_at(0).quantizer.id == "conv weight"  # type: ignore[union-attr]


def test_a_run_of_the_choice_stands_beside_its_prediction(desk: Desk):
    panel(desk).head.slider.setValue(1)
    assert panel(desk).measured.measure.isVisible()
    panel(desk).preview.use.click()
    assert desk.project is not None
    run = keep(desk, desk.project.plan, 16.0)
    QGuiApplication.processEvents()  # rows are shown then
    assert panel(desk).head.measured.text() == f"✓ measured as Run {run.number}"
    assert not panel(desk).measured.measure.isVisible()
    shown = texts(panel(desk).measured)
    assert {"Before and after", "13.0 dB", "16.0 dB", "+3.0 dB", "Run 1", "Run 2"} <= set(shown)
    chart = panel(desk).curve.chart
    assert chart is not None
    assert [each.number for each in chart.measured] == [1, 2]
    assert "±" in " ".join(texts(panel(desk).head))
    assert "one earlier prediction was off" in " ".join(shown)


def test_the_base_stays_while_the_run_of_a_choice_is_viewed(desk: Desk):
    panel(desk).head.slider.setValue(1)
    panel(desk).preview.use.click()
    assert desk.project is not None
    run = keep(desk, desk.project.plan, 16.0)
    panel(desk).head.measured.click()
    assert desk.shelf.kept.shown(desk.project) == run
    choice = panel(desk).choice
    assert choice is not None
    assert choice.base.number == 1
    assert ticked(desk) == ["conv weight"]


def test_measuring_a_choice_runs_its_plan(desk: Desk):
    panel(desk).head.slider.setValue(1)
    asked_for: list[bool] = []
    desk.acting.run_requested.disconnect()
    desk.acting.run_requested.connect(lambda: asked_for.append(True))
    panel(desk).measured.measure.click()
    assert rules(desk) == (CONV,)
    assert asked_for == [True]


def test_without_a_ledger_it_offers_to_measure(window: MainWindow, qtbot: QtBot, tmp_path: Path):
    desk = opened(window, qtbot, tmp_path / "bare.qviz", result(None))
    window.actions_of["try_it"].trigger()
    assert any(each.startswith("The noise of each quantizer was not measured") for each in texts(panel(desk)))
    asked_for: list[bool] = []
    desk.acting.run_requested.disconnect()
    desk.acting.run_requested.connect(lambda: asked_for.append(True))
    panel(desk).begin.click()
    assert desk.project is not None
    assert desk.project.plan.measure is True
    assert asked_for == [True]


def test_a_flow_that_cannot_leave_anything_in_float_says_so(window: MainWindow, qtbot: QtBot, tmp_path: Path):
    desk = opened(window, qtbot, tmp_path / "eager.qviz", result(flow="eager-static"))
    window.actions_of["try_it"].trigger()
    assert "A plan of this flow cannot leave a single operator in float." in texts(panel(desk))
    assert not panel(desk).head.slider.isEnabled()


def test_python_is_copied_and_toml_saved(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "plan.toml"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(path), ""))
    panel(desk).head.slider.setValue(1)
    panel(desk).preview.save.click()
    assert plan_file.load(path).rules == (CONV,)
    panel(desk).preview.copy.click()
    assert "Rule(kind='module_name', target='block.conv')" in QGuiApplication.clipboard().text()
    panel(desk).head.slider.setValue(0)
    panel(desk).preview.copy.click()
    copied = QGuiApplication.clipboard().text()
    assert copied.startswith("# This result was opened from a file")
    assert copied.endswith("\n# import torch\n")  # what the file says is its script is for reading


@pytest.mark.parametrize(("wide", "high"), [(1024, 640), (1366, 768), (1600, 1000), (2560, 1440)])
def test_it_leaves_room_for_a_pane_at_every_size(window: MainWindow, qtbot: QtBot, desk: Desk, wide: int, high: int):
    window.resize(wide, high)

    def right() -> int:
        return panel(desk).mapTo(window, QPoint(panel(desk).width(), 0)).x()

    qtbot.waitUntil(lambda: window.width() == wide and wide - 2 <= right() <= wide)
    assert desk.work.panes.width() >= 350


def test_the_hidden_pane_does_not_say_how_large_the_other_is(desk: Desk, qtbot: QtBot):
    panes = desk.work.panes.panes
    hidden, shown = (panes[side].canvas for side in (Side.LEFT, Side.RIGHT))
    qtbot.waitUntil(lambda: not any(each.is_busy or each.readable.is_waiting for each in (hidden, shown)))
    hidden.viewport.pose = shown.viewport.pose = "fit"
    shown.viewport.look_again()
    before = shown.viewport.camera.scale
    hidden.surface.resize(120, 90)
    desk.work.panes.axis.on_canvas_resized()
    assert shown.viewport.camera.scale == pytest.approx(before)


def test_the_panel_speaks_the_language_in_use(desk: Desk, qtbot: QtBot):
    panel(desk).head.slider.setValue(1)
    panel(desk).preview.use.click()
    assert desk.project is not None
    keep(desk, desk.project.plan, 16.0)
    choice = panel(desk).choice
    assert choice is not None
    known = {"weight", "output", "conv", "add", "x", "k", "dB", "bytes", "q", "dq", *(each.id for each in QUANTIZERS)}
    with using(PSEUDO):
        other = TryPanel(theme("light"))
        qtbot.addWidget(other)
        other.show_choice(choice, theme("light"), "", is_running=False)
        assert offences(other, frozenset(known)) == []
        other.show_choice(choice.choosing_worst(0), theme("light"), "", is_running=False)
        assert offences(other, frozenset(known)) == []
        other.show_nothing("", "", False, theme("light"))
        assert offences(other, frozenset(known)) == []


def test_the_base_stays_while_its_result_is_put_away(desk: Desk):
    panel(desk).head.slider.setValue(1)
    panel(desk).preview.use.click()
    assert desk.project is not None
    run = keep(desk, desk.project.plan, 16.0)
    panel(desk).head.measured.click()
    desk.shelf.kept = desk.shelf.kept.put_away([1])
    desk.trying.refresh()
    choice = panel(desk).choice
    assert choice is not None
    assert choice.base.number == 1
    assert [each.number for each in choice.points] == [1, run.number]


def test_rows_are_copied_with_their_figures(desk: Desk):
    panel(desk).head.slider.setValue(1)
    desk.trying.row_actions.copy.trigger()
    heads, first, *others = QGuiApplication.clipboard().text().splitlines()
    assert heads.split("\t") == ["In float", "k", "Quantizer", "Share of noise", "Gain", "Size"]
    assert first.split("\t")[:4] == ["yes", "1", "conv weight", "0.5"]
    assert len(others) == 3


def test_names_can_be_read_in_large_text_where_bars_have_no_room(desk: Desk):
    table, orientation = panel(desk).table, Qt.Orientation.Horizontal
    table.resize(520, 300)
    assert table.quantizers.headerData(SHARE, orientation) == "Share of noise"
    table.resize(674, 300)
    table.fit(1.6)
    assert table.quantizers.headerData(SHARE, orientation) == "Noise"
    assert table.columnWidth(NAME) >= 220
    table.fit(1.0)
    assert table.quantizers.headerData(SHARE, orientation) == "Share of noise"


def test_a_choice_whose_run_failed_says_so_and_offers_to_run_again(desk: Desk):
    made, choice = panel(desk).measured, panel(desk).choice
    assert choice is not None
    assert "This choice has not run." in made.words.text()
    plan, snapshot = choice.plan_after, result(None)
    error = RunError("preparing", "RuntimeError", "stopped.unknown")
    run = msgspec.structs.replace(snapshot.run, status="failed", error=error)
    stopped = Project.of_snapshot(msgspec.structs.replace(snapshot, run=run))
    desk.shelf.keep(replace(stopped, plan=plan, received=replace(stopped.received, plan=plan)))
    assert f"Run {desk.shelf.kept.runs[0].number} of this choice failed." in made.words.text()
    assert made.measure.text() == "Run again"
    keep(desk, plan, 15.0)
    assert "failed" not in made.words.text()
    assert not made.measure.isVisible()

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from qviz.analysis.linking.links import link_stages
from qviz.document import codec
from qviz.document.graph import Quant, SourceLine
from qviz.document.kept import kept_error, kept_finding
from qviz.document.snapshot import Facts, Histogram, Level, ObserverFact, Run, RunError, Stage
from qviz.session.sides import Shown, Side
from qviz.ui.panels.inspecting.tensor_grid import TensorCells
from qviz.ui.panels.welcome import SampleCard
from qviz.ui.shell.main_window import MainWindow
from qviz.wire.client import outcome
from qviz.wire.messages import (
    EngineReady,
    ModelLoaded,
    Report,
    RunFinished,
    RunRejected,
    StageReached,
    StepStarted,
)
from tests.factories import node, qparams, snapshot, stage
from tests.ui.widgets import found, open_folds
from tests.ui.window.conftest import Asked

CODE = """class GraphModule(torch.nn.Module):
    def forward(self, x):
        obs = self.obs(x);  x = None
        conv = self.conv(obs);  obs = None
        return conv
"""
CAPTURED = stage(
    "captured",
    node("x", kind="input"),
    node("conv", "x", path="conv", type="Conv2d", source=SourceLine("model.py", 7, "return self.conv(x)")),
    node("output", "conv", kind="output"),
)
PREPARED = stage(
    "prepared",
    node("x", kind="input"),
    node("obs", "x", kind="observer", type="HistogramObserver"),
    node("conv", "obs", path="conv", type="Conv2d"),
    node("output", "conv", kind="output"),
    code=CODE,
)
FACTS = {"obs": Facts(observer=ObserverFact(-1.0, 2.0, calibrated=True, histogram=Histogram(-1.0, 2.0, (1.0, 4.0))))}


def reached(new: Stage, before: Stage | None = None, facts: dict[str, Facts] | None = None) -> StageReached:
    return StageReached(1, new, facts or {}, link_stages(before, new) if before else ())


def finished(error: RunError | None = None) -> RunFinished:
    run = Run("sample:conv-bn-relu", "fx-static", "failed" if error else "done", {}, {}, "import torch\n", error)
    return RunFinished(1, run, (), {}, ())


def hear(window: MainWindow, *reports: Report) -> None:
    for report in reports:
        if isinstance(report, RunFinished | RunRejected):
            window.engines.is_running = False
        window.engines.report_received.emit(report)


def words(window: MainWindow) -> str:
    assert window.desk is not None
    return "\n".join(each.text() for each in window.desk.work.findChildren(QLabel) if each.isVisible())


@pytest.fixture
def running(window: MainWindow, qtbot: QtBot) -> MainWindow:
    card = window.findChildren(SampleCard)[1]
    qtbot.mouseClick(card, Qt.MouseButton.LeftButton)
    return window


@pytest.fixture
def shown(running: MainWindow, qtbot: QtBot) -> MainWindow:
    hear(running, reached(CAPTURED), reached(PREPARED, CAPTURED, FACTS), finished())
    assert running.desk is not None
    panes = running.desk.work.panes.panes
    qtbot.waitUntil(lambda: all(pane.canvas.view is not None for pane in panes.values()))
    return running


def test_a_click_on_a_sample_runs_it(running: MainWindow, asked: Asked):
    assert [(plan.source, plan.flow) for plan in asked.plans] == [("sample:conv-bn-relu", "fx-static")]
    assert "Starting the engine…" in words(running)


def test_a_step_that_takes_long_says_how_long_so_far(running: MainWindow):
    assert running.desk is not None
    progress = running.desk.work.progress
    progress.tell(12)
    assert "Starting the engine… 12\u202fs" in words(running)
    hear(running, StepStarted(1, "calibrating", 12, 128))
    assert not any("\u202fs" in each for each in words(running) if "…" in each), "of this step"
    progress.tell(2)
    assert "\u202fs" not in progress.words.text()


def test_steps_are_named_and_stages_appear_as_they_arrive(running: MainWindow):
    hear(running, StepStarted(1, "calibrating", 12, 128))
    assert "Calibrating 12 of 128…" in words(running)
    hear(running, reached(CAPTURED))
    assert running.desk is not None
    assert running.desk.work.panes.panes[Side.LEFT].canvas.stage is CAPTURED
    hear(running, reached(PREPARED, CAPTURED))
    assert running.desk.work.panes.panes[Side.RIGHT].canvas.stage is PREPARED


def test_a_selection_shows_its_facts_and_its_partner(shown: MainWindow, qtbot: QtBot):
    desk = shown.desk
    assert desk is not None
    desk.selection.choose("prepared", "conv")
    assert desk.work.panes.panes[Side.LEFT].canvas.selection.node == "conv"
    desk.selection.choose("prepared", "obs")
    assert desk.work.panes.panes[Side.LEFT].canvas.selection.node is None
    qtbot.waitUntil(lambda: "HistogramObserver" in words(shown))
    assert "−1 … 2" in found(desk.work.inspector, TensorCells).accessibleDescription()
    assert "Inserted in this stage" in words(shown)
    desk.selection.choose("captured", "conv")
    qtbot.waitUntil(lambda: "return self.conv(x)" in words(shown))


def test_a_line_of_the_graph_code_and_its_node_select_each_other(shown: MainWindow):
    desk = shown.desk
    assert desk is not None
    desk.work.tabs.show_page(desk.work.code_page)
    desk.selection.choose("prepared", "conv")
    assert desk.work.code.textCursor().block().text().strip().startswith("conv = ")
    desk.work.code.line_chosen.emit("obs")
    assert desk.work.panes.canvas.selection.node == "obs"


def test_search_lists_matches_and_enter_goes_to_one(shown: MainWindow, qtbot: QtBot):
    shown.bar.search.setFocus()
    qtbot.keyClicks(shown.bar.search, "observer")
    qtbot.keyClick(shown.bar.search, Qt.Key.Key_Return)
    assert shown.desk is not None
    assert shown.desk.work.panes.canvas.selection.node == "obs"


def test_chips_count_the_nodes_of_a_role(shown: MainWindow, qtbot: QtBot):
    assert shown.desk is not None
    chips = [b for b in shown.desk.work.legend.findChildren(QPushButton) if b.property("kind") == "observer"]
    assert [chip.text() for chip in chips] == ["1 observer"]
    with qtbot.waitSignal(shown.desk.work.legend.kind_stepped) as told:
        qtbot.mouseClick(chips[0], Qt.MouseButton.LeftButton)
    assert told.args == ["observer"]


def test_stages_step_and_swap(shown: MainWindow):
    desk = shown.desk
    assert desk is not None
    assert desk.project is not None
    desk.selection.swap()
    assert desk.project.shown == Shown("prepared", "captured")
    desk.selection.step_stage(1)
    assert desk.project.shown.right == "prepared"


def test_a_failed_step_is_red_and_the_notice_names_the_line(running: MainWindow):
    error = kept_error(
        "converting", "ValueError", "no kernel", "Try another.", SourceLine("/a/model.py", 31, "x = y"), "T!"
    )
    hear(running, reached(CAPTURED), finished(error))
    assert running.desk is not None
    said = words(running)
    assert "Conversion failed at model.py:31: no kernel" in said
    assert "Try another." in said
    assert "T!" in running.desk.work.log.toPlainText()
    failing = [b.text() for b in running.desk.work.strip.findChildren(QPushButton) if b.property("failed") == "true"]
    assert failing == ["Fused"]
    assert running.desk.work.panes.panes[Side.LEFT].canvas.stage is CAPTURED


def test_a_failure_is_told_once_and_leaves_no_empty_strips(running: MainWindow):
    error = kept_error("capturing", "TraceError", "a branch", "Choose another flow.", None, "T!")
    stop = kept_finding("stopped", Level.ERROR, "captured", (), "Capture failed: a branch", "r", "h")
    mode = kept_finding("mode_changed", Level.INFO, "captured", (), "the mode changed", "r", "h")
    hear(running, msgspec.structs.replace(finished(error), findings=(stop, mode)))
    assert running.desk is not None
    work = running.desk.work
    assert words(running).count("a branch") == 1
    assert not work.notice.isVisible()
    assert [each.rule for each in work.findings.shown()] == ["mode_changed"]
    assert not work.legend.isVisible(), "there is no graph to explain"
    assert not work.panes.panes[Side.LEFT].head.isVisible(), "nor to name"
    running.desk.runs.start()
    hear(running, reached(CAPTURED), finished())
    assert work.legend.isVisible()
    assert work.panes.panes[Side.LEFT].head.isVisible()


def test_a_failure_below_closed_tabs_is_told_above_them(running: MainWindow):
    assert running.desk is not None
    work = running.desk.work
    work.tabs.set_open(True)
    work.tabs.toggle()
    hear(running, finished(kept_error("capturing", "TraceError", "a branch", "Choose another flow.", None, "T!")))
    assert work.notice.isVisible()
    assert "a branch" in work.notice.message.text()


def test_what_gets_past_a_stop_is_taken_into_the_plan_and_run(running: MainWindow, asked: Asked, qtbot: QtBot):
    error = kept_error("capturing", "TraceError", "a branch", "Choose another flow.", None, "T!")
    error = msgspec.structs.replace(error, args={**error.args, "patch": 'flow = "eager-dynamic"\n'})
    hear(running, finished(error))
    assert running.desk is not None
    failure = running.desk.work.failure
    assert failure.isVisible()
    qtbot.mouseClick(failure.apply, Qt.MouseButton.LeftButton)
    assert running.desk.project is not None
    assert running.desk.project.plan.flow == "eager-dynamic"
    run = [b for b in running.desk.work.notice.findChildren(QPushButton) if b.text() == "Run"]
    qtbot.mouseClick(run[-1], Qt.MouseButton.LeftButton)
    assert asked.plans[-1].flow == "eager-dynamic"


def test_bad_input_is_told_and_can_be_mended(running: MainWindow):
    hear(running, RunRejected(1, "there is no model", "Check it.", 2, "trace"))
    said = words(running)
    assert "there is no model" in said
    assert "Check it." in said
    assert running.actions_of["run"].isEnabled()


def test_cancel_keeps_the_stages(running: MainWindow, asked: Asked):
    hear(running, reached(CAPTURED))
    running.actions_of["cancel"].trigger()
    assert asked.cancelled == 1
    assert running.desk is not None
    assert running.desk.project is not None
    assert running.desk.project.snapshot is not None
    assert running.desk.project.snapshot.run.status == "cancelled"
    assert [each.name for each in running.desk.project.stages] == ["captured"]
    assert "These stages are kept: Captured." in words(running)


def test_an_engines_death_is_told_with_a_way_on(running: MainWindow, asked: Asked, qtbot: QtBot):
    hear(running, reached(CAPTURED), StepStarted(1, "converting"))
    running.engines.is_running = False
    running.engines.run_died.emit(outcome(-9))
    assert "The engine was ended by SIGKILL during conversion." in words(running)
    assert running.desk is not None
    again = [b for b in running.desk.work.notice.findChildren(QPushButton) if b.text() == "Run again"]
    qtbot.mouseClick(again[0], Qt.MouseButton.LeftButton)
    assert len(asked.plans) == 2


def test_a_result_opens_without_an_engine(window: MainWindow, asked: Asked, tmp_path: Path):
    codec.save(snapshot(CAPTURED, PREPARED), tmp_path / "saved.qviz")
    window.opener.open_source(str(tmp_path / "saved.qviz"), is_consented=False)
    assert window.desk is not None
    assert window.desk.project is not None
    assert window.desk.project.shown == Shown("captured", "prepared")
    assert asked.plans == []


def test_a_damaged_result_is_told(window: MainWindow, tmp_path: Path):
    (tmp_path / "broken.qviz").write_bytes(b"\x1f\x8bnot really")
    window.opener.open_source(str(tmp_path / "broken.qviz"), is_consented=False)
    assert "broken.qviz is damaged" in window.pages.notice.message.text()


def test_a_model_saved_again_offers_to_run_again(running: MainWindow, tmp_path: Path, qtbot: QtBot):
    file = tmp_path / "net.py"
    file.write_text("1")
    hear(running, ModelLoaded(1, "Net", 3, 10, 40, ("1×3 float32",), str(file)), reached(CAPTURED), finished())
    file.write_text("2")
    qtbot.waitUntil(lambda: "net.py has changed." in words(running))


def test_only_the_engines_of_this_machine_can_be_chosen(running: MainWindow):
    running.engines.ready.emit(EngineReady({"torch": "2.8.0"}, ("x86",)))
    assert running.desk is not None
    backends = running.desk.work.setup.flow.backend
    enabled = [backends.model().flags(backends.model().index(i, 0)) for i in range(backends.count())]
    assert [bool(flags & Qt.ItemFlag.ItemIsEnabled) for flags in enabled] == [True, False, False, False]
    assert "not on this machine" in backends.itemText(1)


def test_both_themes_and_focus(shown: MainWindow):
    shown.appearance.switch()
    first = shown.appearance.theme.name
    shown.appearance.switch()
    assert {first, shown.appearance.theme.name} == {"light", "dark"}
    assert shown.desk is not None
    shown.desk.selection.choose("prepared", "conv")
    work = shown.desk.work
    around = (work.rail, work.inspector, work.strip, work.tabs, work.legend)
    assert [each.isVisible() for each in around] == [True] * 5
    shown.actions_of["focus"].trigger()
    assert [each.isVisible() for each in around] == [False] * 5
    shown.actions_of["focus"].trigger()
    assert [each.isVisible() for each in around] == [True] * 5


def test_quantization_is_written_out(running: MainWindow, qtbot: QtBot):
    converted = stage("converted", node("q", kind="quantize", quant=Quant(output=qparams(0.5, 3))))
    hear(running, reached(converted), finished())
    assert running.desk is not None
    running.desk.selection.choose("converted", "q")
    open_folds(running.desk.work.inspector)
    told = {each.text() for each in running.desk.work.inspector.findChildren(QLabel)}
    assert {"per tensor affine", "0.5"} <= told


def test_the_results_of_a_search_are_seen_below_its_field(shown: MainWindow, qtbot: QtBot):
    qtbot.keyClicks(shown.bar.search, "conv")
    results = shown.bar.search.results
    assert results.parent() is shown
    assert results.visibleRegion().boundingRect().size() == results.size()


def test_the_window_fits_a_small_screen(shown: MainWindow):
    assert shown.minimumSizeHint().width() <= 1280
    assert shown.minimumSizeHint().height() <= 720

"""The flows compared in the window, with engines that the test speaks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QObject, Qt, Signal
from pytestqt.qtbot import QtBot

from qviz.document.comparison import FlowRow, ModelSize, compared
from qviz.document.kept import kept_error
from qviz.ui.panels.comparison import ComparisonSheet
from qviz.ui.process import comparison as comparing
from qviz.ui.shell.main_window import MainWindow
from qviz.wire.client import outcome
from qviz.wire.messages import (
    Compare,
    ComparisonFinished,
    EngineReady,
    FlowCompared,
    ModelLoaded,
    Report,
    Request,
    RunRejected,
    StepStarted,
)
from tests.ui.window.conftest import Asked
from tests.ui.window.test_window import CAPTURED, finished, hear, reached

READY = EngineReady({"torch": "2.8.0"}, ("x86",))

COMPARED = compared("m.py:Net")


class Engine(QObject):
    """What the sheet asked for; the test says what it answers."""

    report_received = Signal(object)
    printed = Signal(str)
    died = Signal(object)
    made: list[Engine]

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.ready: EngineReady | None = None
        self.asked: list[Request] = []
        self.is_killed = False
        Engine.made.append(self)

    def send(self, request: Request) -> None:
        self.asked.append(request)

    def kill(self) -> None:
        self.is_killed = True

    def say(self, *reports: Report) -> None:
        for report in reports:
            self.ready = report if isinstance(report, EngineReady) else self.ready
            self.report_received.emit(report)

    @property
    def flows(self) -> tuple[str, ...]:
        (request,) = self.asked
        assert isinstance(request, Compare)
        return request.flows


@pytest.fixture
def sheet(window: MainWindow, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> Iterator[ComparisonSheet]:
    Engine.made = []
    monkeypatch.setattr(comparing, "EngineProcess", Engine)
    window.opener.open_model("sample:conv-bn-relu")
    hear(window, reached(CAPTURED), finished())
    window.actions_of["compare"].trigger()
    found = window.findChild(ComparisonSheet)
    assert found is not None
    yield found
    if Engine.made and not Engine.made[-1].is_killed:
        found.close()


def done(flow: str, **fields: object) -> FlowCompared:
    row = FlowRow(flow, "done", low=("conv",), sqnr_db=40.0, size=ModelSize(400, 100), **fields)  # type: ignore[arg-type]
    return FlowCompared(1, row)


def words(sheet: ComparisonSheet, place: int) -> list[str]:
    item = sheet.rows.topLevelItem(place)
    assert item is not None
    return [item.text(column) for column in range(sheet.rows.columnCount())]


def test_rows_arrive_with_progress_and_the_advice_stands_on_top_at_the_end(sheet: ComparisonSheet):
    (engine,) = Engine.made
    assert engine.flows == COMPARED
    assert words(sheet, 0)[:2] == ["Eager dynamic", "Running"]
    assert words(sheet, 1)[:2] == ["Eager weight only", "Waiting"]
    engine.say(READY, ModelLoaded(1, "Net", 1, 1, 1, (), tree=(("", "Net"), ("conv", "Conv2d"))))
    engine.say(StepStarted(1, "calibrating", 3, 8, "eager-dynamic"))
    assert sheet.words.text() == "eager-dynamic: Calibrating 3 of 8…"
    engine.say(done(COMPARED[0]))
    assert words(sheet, 0) == ["Eager dynamic", "Converted", "1 of 1", "400 bytes → 100 bytes", "40.0 dB", "", ""]
    assert (sheet.bar.value(), sheet.bar.maximum()) == (1, len(COMPARED))
    assert sheet.cancel.isVisible()
    engine.say(*map(done, COMPARED[1:]), ComparisonFinished(1))
    assert engine.is_killed
    assert "captures the whole model" in sheet.advice.text()
    assert not sheet.cancel.isVisible()
    assert not sheet.again.isVisible()
    marked = {
        operator.text()
        for place in range(sheet.operators.rowCount())
        if (here := sheet.operators.item(place, 0)) is not None
        and here.text()
        and (operator := sheet.operators.item(place, 1)) is not None
    }
    assert marked == {"Conv2d"}
    said = sheet.said.item(0, 1)
    assert said is not None
    assert said.text().startswith("4 times")


def test_an_engine_that_dies_takes_one_flow_and_a_new_one_goes_on(sheet: ComparisonSheet):
    Engine.made[0].say(READY, done(COMPARED[0]), StepStarted(1, "converting", flow=COMPARED[1]))
    Engine.made[0].died.emit(outcome(-11))
    assert len(Engine.made) == 2
    assert Engine.made[1].flows == COMPARED[2:]
    assert words(sheet, 1)[1] == "Engine died during conversion"
    Engine.made[1].say(READY, *map(done, COMPARED[2:]), ComparisonFinished(1))
    assert "ended the engine" in sheet.advice.text()


def test_an_engine_that_does_not_start_ends_it(sheet: ComparisonSheet):
    Engine.made[0].died.emit(outcome(1))
    assert len(Engine.made) == 1
    assert "The engine ended with code 1" in sheet.fault.text()
    assert not sheet.comparing.is_running


def test_cancel_keeps_the_rows_and_it_can_go_on(sheet: ComparisonSheet):
    Engine.made[0].say(READY, done(COMPARED[0]))
    sheet.cancel.click()
    assert Engine.made[0].is_killed
    assert words(sheet, 0)[1] == "Converted"
    assert words(sheet, 1)[1] == "Waiting"
    assert sheet.again.isVisible()
    sheet.again.click()
    assert Engine.made[1].flows == COMPARED[1:]


def test_a_rejected_model_is_told(sheet: ComparisonSheet):
    Engine.made[0].say(READY, RunRejected(1, "the model does not run", "Give inputs that fit.", 2))
    assert sheet.fault.isVisible()
    assert sheet.fault.text() == "the model does not run\nGive inputs that fit."
    assert Engine.made[0].is_killed


def test_a_failed_flow_says_what_to_do(sheet: ComparisonSheet):
    error = kept_error("capturing", "TraceError", "it branches", "Try pt2e-static.")
    Engine.made[0].say(READY, FlowCompared(1, FlowRow(COMPARED[0], "failed", error)))
    item = sheet.rows.topLevelItem(0)
    assert item is not None
    assert item.toolTip(1) == "it branches. Try pt2e-static."
    why = sheet.why.item(0, 1)
    assert why is not None
    assert why.text() == "it branches. Try pt2e-static."


def test_a_click_on_a_row_runs_that_flow(sheet: ComparisonSheet, asked: Asked, window: MainWindow, qtbot: QtBot):
    place = COMPARED.index("pt2e-static")
    item = sheet.rows.topLevelItem(place)
    assert item is not None
    before = len(asked.plans)
    at = sheet.rows.visualItemRect(item).center()
    qtbot.mouseClick(sheet.rows.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert [plan.flow for plan in asked.plans[before:]] == ["pt2e-static"]
    assert Engine.made[0].is_killed
    assert window.desk is not None
    window.desk.cancel()
    window.desk.undo()
    assert window.desk.project is not None
    assert window.desk.project.plan.flow == "fx-static"


def test_closing_ends_the_engine(sheet: ComparisonSheet, qtbot: QtBot):
    qtbot.keyClick(sheet, Qt.Key.Key_Escape)
    assert Engine.made[0].is_killed
    assert len(Engine.made) == 1


def test_a_source_that_only_a_result_names_is_asked_about(
    window: MainWindow, asked: Asked, monkeypatch: pytest.MonkeyPatch
):
    Engine.made = []
    monkeypatch.setattr(comparing, "EngineProcess", Engine)
    window.opener.open_model("sample:conv-bn-relu")
    hear(window, reached(CAPTURED), finished())
    assert window.desk is not None
    assert window.desk.project is not None
    theirs = msgspec.structs.replace(window.desk.project.plan, source="somewhere.of:Theirs")
    window.desk._open.value = replace(window.desk.project, plan=theirs, foreign_source=theirs.source)
    monkeypatch.setattr("qviz.ui.shell.files._says_yes", lambda parent, what: False)
    window.desk.compare()
    assert window.findChild(ComparisonSheet) is None
    assert Engine.made == []


def test_a_row_of_another_project_is_no_consent_to_what_its_plan_names(
    sheet: ComparisonSheet, asked: Asked, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "theirs.py").write_text("class Net: ...\ndef make(): ...\n", encoding="utf-8")
    sheet._plan = msgspec.structs.replace(sheet._plan, calibrate=f"{tmp_path}/theirs.py:make()")
    questions: list[object] = []
    monkeypatch.setattr("qviz.ui.shell.files._says_yes", lambda parent, what: questions.append(what))
    item = sheet.rows.topLevelItem(COMPARED.index("pt2e-static"))
    assert item is not None
    before = len(asked.plans)
    sheet.on_row_chosen(item)
    assert len(questions) == 1
    assert asked.plans[before:] == []
    assert window.desk is not None
    assert window.desk.project is not None
    assert window.desk.project.plan.flow == "pt2e-static"

"""The inputs page: which model of a file, and what it is called with, chosen before anything runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QLabel, QMessageBox
from pytestqt.qtbot import QtBot

from qviz.document import plan_file
from qviz.document.model_call import ArgumentGuess, ModelCall, TriedCall
from qviz.document.plan import Plan
from qviz.document.said import Said
from qviz.session.input_rows import DTYPES
from qviz.sources.candidates import Candidate, Parameter
from qviz.sources.model_list import ListedModel, ModelList
from qviz.ui.panels.inputs_page import InputsPage
from qviz.ui.shell.desk import Desk
from qviz.ui.shell.main_window import MainWindow
from qviz.wire.messages import CallGuessed, CallTried, RunRejected
from qviz.words.language import ENGLISH, Language, using
from tests.ui.window.conftest import Asked
from tests.ui.window.visible_texts import offences

PSEUDO = Language("pseudo", ENGLISH.modules, finish=lambda text: f"[{text}]")
TOKEN = re.compile(r"[^\W\d][\w.]*")
ZOO = """
from torch import nn

raise SystemExit("nothing of this file runs")

class Head(nn.Module):
    def __init__(self, dim): ...
    def forward(self, tokens): ...

class Net(nn.Module):
    def __init__(self): self.head = Head(3)
    def forward(self, image, ids, mask=None): ...

def make(depth: int, act: str = "relu"): return nn.Sequential()
"""
IMAGE = ArgumentGuess(
    "image",
    text="1x3x224x224",
    layer_path="features.0",
    layer="Conv2d 3 → 32, 3×3",
    reasons=(Said("guess.channels", args={"size": 3, "path": "features.0"}),),
)
IDS = ArgumentGuess("ids", text="1x32:int64:0..999", layer_path="text.embed", layer="Embedding 1,000 × 16")
MASK = ArgumentGuess("mask", text="1x32:bool:zeros", default="None", is_left_out=True)
CALL = ModelCall("Net", 41, 4_820_000, (IMAGE, IDS, MASK), runs=True)


@pytest.fixture
def zoo(tmp_path: Path) -> str:
    (tmp_path / "zoo.py").write_text(ZOO)
    return str(tmp_path / "zoo.py")


def desk_of(window: MainWindow) -> Desk:
    assert window.desk is not None
    return window.desk


def plan_of(window: MainWindow) -> Plan:
    project = desk_of(window).project
    assert project is not None
    return project.plan


def page_of(window: MainWindow) -> InputsPage:
    assert desk_of(window).inputs.is_shown
    return desk_of(window).inputs.page


def click(qtbot: QtBot, button) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def guessed(window: MainWindow, call: ModelCall = CALL) -> None:
    window.engines.answered.emit(CallGuessed(1, call))


def test_a_file_opens_with_the_best_guess_and_runs_it(window: MainWindow, asked: Asked, zoo: str, qtbot: QtBot):
    window.opener.open_source(zoo, is_consented=True)
    page = page_of(window)
    assert [row.model.candidate.name for row in page.choice.models] == ["Head", "Net", "make"]
    assert [row.radio.isChecked() for row in page.choice.models] == [False, True, False]
    assert asked.plans == []
    shown = [each.text() for each in page.coming.findChildren(QLabel) if not each.isHidden()]
    assert shown == ["Captured", "→", "Fused", "→", "Prepared", "→", "Converted", "4 stages, once it has inputs"]
    click(qtbot, page.run)
    assert [plan.source for plan in asked.plans] == [f"{zoo}:Net"]
    assert not desk_of(window).inputs.is_shown


def test_a_row_says_what_a_model_takes(window: MainWindow, zoo: str):
    window.opener.open_source(zoo, is_consented=True)
    said = [[each.text() for each in row.findChildren(QLabel)] for row in page_of(window).choice.models]
    assert said == [
        ["Head", "nn.Module · line 6", "forward(tokens)", "Part of Net; needs dim"],
        ["Net", "nn.Module · line 10", "forward(image, ids, mask=None)", "Builds without arguments"],
        ["make", "function · line 14", "make(depth, act='relu')", "Needs depth"],
    ]


def test_without_consent_nothing_is_built_before_the_yes(
    window: MainWindow, asked: Asked, zoo: str, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
):
    questions: list[str] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: questions.append(box.text()))
    monkeypatch.setattr(QMessageBox, "clickedButton", lambda box: None)
    window.opener.open_source(zoo, is_consented=False)
    page = page_of(window)
    assert (questions, asked.guesses) == ([], [])
    assert [line.row.name for line in page.lines] == ["image", "ids", "mask"]
    click(qtbot, page.allow)
    click(qtbot, page.run)
    assert len(questions) == 2
    assert (asked.guesses, asked.plans) == ([], [])
    monkeypatch.setattr(QMessageBox, "clickedButton", lambda box: box.buttons()[0])
    click(qtbot, page.allow)
    assert [plan.source for plan in asked.guesses] == [f"{zoo}:Net"]


def test_guesses_fill_the_rows_and_become_the_plan(window: MainWindow, asked: Asked, zoo: str, qtbot: QtBot):
    window.opener.open_source(zoo, is_consented=True)
    page = page_of(window)
    assert len(asked.guesses) == 1
    guessed(window)
    image, ids, mask = page.lines
    assert (image.shape.text(), image.shape.property("guess")) == ("1 × 3 × 224 × 224", True)
    assert "3 comes from features.0." in image._reasons.text().replace("\u200b", "")
    assert (ids.dtype.currentText(), ids.values.value) == ("int64", "uniform")
    assert ids.values.buttons["normal"].isHidden()
    assert not mask.switch.isChecked()
    assert [plan.inputs for plan in asked.tries] == [("image=1x3x224x224", "ids=1x32:int64:0..999")]
    click(qtbot, page.run)
    assert asked.plans[0].inputs == ("image=1x3x224x224", "ids=1x32:int64:0..999")


def test_what_is_edited_is_no_guess_any_more(window: MainWindow, zoo: str, qtbot: QtBot):
    window.opener.open_source(zoo, is_consented=True)
    page = page_of(window)
    guessed(window)
    image, ids, mask = page.lines
    image.shape.selectAll()
    qtbot.keyClicks(image.shape, "2x3x64x64")
    assert image.shape.property("guess") is False
    assert ids.shape.property("guess") is True
    click(qtbot, image.values.buttons["uniform"])
    image.ends[1].selectAll()
    qtbot.keyClicks(image.ends[1], "5")
    mask.switch.click()
    assert plan_of(window).inputs == (
        "image=2x3x64x64:float32:0..5",
        "ids=1x32:int64:0..999",
        "mask=1x32:bool:zeros",
    )
    assert desk_of(window).work.setup.inputs.text() == " ".join(plan_of(window).inputs)
    desk_of(window).undo()
    assert plan_of(window).inputs[2:] == ()
    assert not page.lines[2].switch.isChecked()


def test_a_file_of_tensors_takes_the_place_of_random_values(window: MainWindow, zoo: str, qtbot: QtBot):
    window.opener.open_source(zoo, is_consented=True)
    page = page_of(window)
    guessed(window)
    click(qtbot, page.lines[0].values.buttons["file"])
    qtbot.keyClicks(page.lines[0].source, "images.npz")
    assert plan_of(window).inputs[0] == "image=images.npz"
    click(qtbot, page.lines[0].values.buttons["normal"])
    assert plan_of(window).inputs[0] == "image=1x3x224x224"


def test_a_wrong_shape_is_told_in_its_row(window: MainWindow, zoo: str, qtbot: QtBot):
    window.opener.open_source(zoo, is_consented=True)
    page = page_of(window)
    guessed(window)
    page.lines[0].shape.selectAll()
    qtbot.keyClicks(page.lines[0].shape, "1xy")
    assert page.lines[0]._fault.text() == '"1xy" is not an input'


def test_arguments_of_the_model_are_asked_for(window: MainWindow, asked: Asked, zoo: str, qtbot: QtBot):
    window.opener.open_source(f"{zoo}:make", is_consented=True)
    page = page_of(window)
    depth, act = page.choice.arguments
    assert (depth.field.placeholderText(), act.field.placeholderText()) == ("required", "'relu'")
    assert asked.guesses == []
    click(qtbot, page.run)
    assert depth.fault.text() == "depth has no default. Enter a value such as 18."
    assert asked.plans == []
    qtbot.keyClicks(depth.field, "18")
    assert not depth.fault.isVisible()
    click(qtbot, page.run)
    assert [plan.source for plan in asked.plans] == [f"{zoo}:make(depth=18)"]


def test_another_model_is_one_click(window: MainWindow, asked: Asked, zoo: str, qtbot: QtBot):
    window.opener.open_source(zoo, is_consented=True)
    page = page_of(window)
    guessed(window)
    click(qtbot, page.choice.models[0])
    assert plan_of(window).inputs == ()
    assert [line.row.name for line in page.lines] == ["tokens"]
    qtbot.keyClicks(page.choice.arguments[0].field, "3")
    assert plan_of(window).source == f"{zoo}:Head(dim=3)"
    assert "Head(dim=3)" in page.calls.code.text()


def test_an_answer_about_another_model_is_not_shown(window: MainWindow, zoo: str, qtbot: QtBot):
    window.opener.open_source(zoo, is_consented=True)
    page = page_of(window)
    click(qtbot, page.choice.models[0])
    guessed(window)
    assert [line.row.name for line in page.lines] == ["tokens"]
    assert plan_of(window).inputs == ()


def test_leaving_the_page_ends_a_question_that_nobody_waits_for(
    window: MainWindow, asked: Asked, zoo: str, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
):
    window.opener.open_source(zoo, is_consented=True)
    monkeypatch.setattr(type(window.engines), "is_asked", property(lambda engines: True))
    qtbot.keyClick(page_of(window), Qt.Key.Key_Escape)
    assert asked.cancelled == 1


def test_weights_come_from_a_file(window: MainWindow, zoo: str, qtbot: QtBot):
    window.opener.open_source(zoo, is_consented=True)
    page = page_of(window)
    assert page.weights.origin.value == "built"
    click(qtbot, page.weights.origin.buttons["file"])
    qtbot.keyClicks(page.weights.path, "trained.pt")
    assert plan_of(window).weights == "trained.pt"
    assert "model.load_state_dict(torch.load('trained.pt', weights_only=True))" in page.calls.code.text()
    click(qtbot, page.weights.origin.buttons["built"])
    assert plan_of(window).weights is None


def test_what_came_of_the_call_is_told(window: MainWindow, zoo: str):
    window.opener.open_source(zoo, is_consented=True)
    page = page_of(window)
    guessed(window)
    tried = TriedCall(("1×3×224×224 float32",), ("1×1 float32",), 83, 41, ("aux.0", "aux.1"))
    window.engines.answered.emit(CallTried(2, tried))
    assert page.calls.verdict.text() == "✓ The call works"
    assert page.calls.about.text().replace("\u200b", "") == "Returns 1×1 float32"
    assert "2 modules were not reached: aux.0, aux.1." in page.calls.more.text().replace("\u200b", "")
    page.lines[0].shape.textEdited.emit("1x3x8x8")
    assert page.calls.verdict.text() == ""
    window.engines.answered.emit(RunRejected(3, "The model does not run at zoo.py:12", "Give inputs that fit.", 2))
    assert page.calls.about.text().replace("\u200b", "") == "The model does not run at zoo.py:12"


def test_the_death_of_the_engine_is_told_on_the_page(window: MainWindow, zoo: str):
    window.opener.open_source(zoo, is_consented=True)
    window.engines.answer_died.emit(Said("stop.engine.signal", {}, {"signal": "SIGSEGV"}))
    assert "SIGSEGV" in page_of(window).calls.about.text()


def test_a_run_without_inputs_opens_the_page_with_guesses(window: MainWindow, asked: Asked, tmp_path: Path):
    (tmp_path / "one.py").write_text("from torch.nn import Module\nclass Net(Module): ...\n")
    window.opener.open_source(str(tmp_path / "one.py"), is_consented=True)
    assert len(asked.plans) == 1
    assert not desk_of(window).inputs.is_shown
    window.engines.is_running = False
    window.engines.report_received.emit(RunRejected(1, "no inputs", "Give one.", 2, option="--input 1x3x224x224"))
    page_of(window)
    assert [plan.source for plan in asked.guesses] == [f"{tmp_path / 'one.py'}:Net"]


def test_inputs_of_the_models_file_are_used_until_others_are_set(window: MainWindow, zoo: str, qtbot: QtBot):
    window.opener.open_source(zoo, is_consented=True)
    page = page_of(window)
    guessed(window, ModelCall("Net", 1, 1, (IMAGE,), runs=True, own=("1×3×224×224 float32",)))
    assert (page.origin.value, plan_of(window).inputs) == ("file", ())
    click(qtbot, page.origin.buttons["here"])
    assert plan_of(window).inputs == ("image=1x3x224x224",)


def test_escape_goes_back_and_loses_nothing(window: MainWindow, asked: Asked, zoo: str, qtbot: QtBot):
    window.opener.open_source(f"{zoo}:Net", is_consented=True)
    before = desk_of(window).project
    window.engines.is_running = False
    window.opener.open_source(zoo, is_consented=False)
    qtbot.keyClick(page_of(window), Qt.Key.Key_Escape)
    assert desk_of(window).project is before
    assert not desk_of(window).inputs.is_shown
    assert len(asked.plans) == 1


def test_escape_without_anything_open_goes_to_the_first_page(window: MainWindow, zoo: str, qtbot: QtBot):
    window.opener.open_source(zoo, is_consented=False)
    qtbot.keyClick(page_of(window), Qt.Key.Key_Escape)
    assert window.pages.shown_desk is None


def test_the_command_lines_plan_is_kept(window: MainWindow, asked: Asked, zoo: str, qtbot: QtBot):
    window.opener.open_plan(Plan(source=f"{zoo}:make", flow="fx-qat", inputs=("1x2",)))
    page = page_of(window)
    page.choice.arguments[0].field.setText("2")
    click(qtbot, page.run)
    assert [(plan.source, plan.flow) for plan in asked.plans] == [(f"{zoo}:make(depth=2)", "fx-qat")]


@pytest.mark.parametrize("rest", [":Net", ":make(1)", ":missing"])
def test_a_line_that_says_all_runs_at_once(window: MainWindow, asked: Asked, zoo: str, rest: str):
    window.opener.open_source(f"{zoo}{rest}", is_consented=True)
    assert [plan.source for plan in asked.plans] == [f"{zoo}{rest}"]


def test_inputs_are_saved_beside_the_model_and_open_again(
    window: MainWindow, asked: Asked, zoo: str, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
):
    suggested: list[str] = []

    def answer(parent, title, path, kinds):
        suggested.append(path)
        return path, kinds

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    window.opener.open_source(zoo, is_consented=True)
    guessed(window)
    click(qtbot, page_of(window).save)
    assert suggested == [zoo.replace(".py", ".toml")]
    assert plan_file.load(suggested[0]).inputs == ("image=1x3x224x224", "ids=1x32:int64:0..999")
    consent = window.settings.consent
    consent.allow(consent.listing(plan_file.load(suggested[0])))
    window.opener.open_source(suggested[0], is_consented=False)
    assert asked.plans[-1].inputs == ("image=1x3x224x224", "ids=1x32:int64:0..999")


def test_the_page_is_in_the_menu_of_an_open_model(window: MainWindow, asked: Asked, zoo: str):
    window.opener.open_plan(Plan(source=f"{zoo}:Net", inputs=("1x3x8x8", "1x4:int64:0..9")))
    window.engines.is_running = False
    desk_of(window).refresh()
    window.actions_of["inputs"].trigger()
    page = page_of(window)
    assert [(line.row.name, line.row.text) for line in page.lines][:2] == [
        ("image", "1x3x8x8"),
        ("ids", "1x4:int64:0..9"),
    ]
    page.calls.on_copy_clicked()
    assert "image = torch.randn(1, 3, 8, 8)" in QGuiApplication.clipboard().text()


def test_a_recent_source_opens_with_its_plan(window: MainWindow, asked: Asked, zoo: str):
    plan = Plan(source=f"{zoo}:make(2)", flow="fx-qat", inputs=("1x2",))
    window.settings.remember(plan.source, "fx-qat", plan_file.write(plan))
    window.settings.consent.opened(plan.source)
    window.settings.consent.allow(window.settings.consent.listing(plan))
    window.opener.open_lately(plan.source)
    assert asked.plans == [plan]


def test_all_texts_of_the_page_go_through_words(window: MainWindow):
    with using(PSEUDO):
        assert offences_of(window) == []


def offences_of(window: MainWindow) -> list[str]:
    found: list[str] = []
    parameters = (Parameter("depth", "int"), Parameter("act", default="'relu'"), Parameter("args", kind="star"))
    models = (
        ListedModel(Candidate("Net", "class", 3, parameters), (Parameter("x"), Parameter("y", default="None"))),
        ListedModel(Candidate("make", "function", 9, is_likely=False), makes="Net"),
        ListedModel(Candidate("net", "instance", 12), part_of="Net"),
    )
    page = InputsPage()
    page.setParent(window)
    page.show_model(Plan("zoo.py", flow="fx-static"), ModelList("zoo.py", "zoo.py", models, 0))
    known = frozenset(
        {"Net", "make", "net", "zoo", "py", "depth", "int", "act", "relu", "args", "x", "y", "None", "conv"}
    )
    known |= {"None", "conv", "forward", "data.npz", "data.py", "weights.pt", "batches", *DTYPES}
    known |= frozenset(TOKEN.findall(page.calls.code.text()))
    for row in range(3):
        page.choice.choose(row)
        page.choice.complain()
        found += offences(page, known)
    guesses = (
        ArgumentGuess("x", text="1x3", layer_path="conv", layer="Conv2d 3", reasons=(Said("guess.any"),)),
        ArgumentGuess("y", text="1x3:bool", default="None", is_left_out=True),
    )
    for call in (ModelCall("Net", 2, 9, guesses, True), ModelCall("Net", 2, 9, guesses, False, (), "x")):
        page.show_call(call)
        found += offences(page, known | {"Conv2d", "M"})
    page.calls.show_tried(TriedCall(("1×3 float32",), ("1×3 float32",), 3, 2, ("conv",)))
    found += offences(page, known | {"Conv2d", "M"})
    return found

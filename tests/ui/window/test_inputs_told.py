"""What the inputs page and the status bar say while a model is looked into, and of what is known without a guess."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel

from qviz.document.model_call import ArgumentGuess, ModelCall
from qviz.document.plan import Plan
from qviz.document.said import Said
from qviz.ui.panels.input_line import InputLine
from qviz.ui.panels.inputs_page import InputsPage
from qviz.ui.process.engines import Engines
from qviz.ui.shell.main_window import MainWindow
from qviz.wire.messages import CallGuessed, EngineReady
from tests.ui.window.conftest import Asked

TWO = """
from torch import nn
class Head(nn.Module):
    def __init__(self, dim): ...
class Net(nn.Module):
    def __init__(self): self.head = Head(3)
    def forward(self, x): ...
"""
CHANNELS = Said("guess.channels", args={"size": 3, "path": "features.0"})


@pytest.fixture
def page(window: MainWindow, tmp_path: Path) -> InputsPage:
    (tmp_path / "two.py").write_text(TWO)
    window.opener.open_source(str(tmp_path / "two.py"), is_consented=False)
    assert window.desk is not None
    return window.desk.inputs.page


def line(page: InputsPage, reason: Said) -> InputLine:
    guess = ArgumentGuess("x", text="1x3x8x8", reasons=(reason,))
    page.show_call(ModelCall("Net", 1, 1, (guess,), runs=True, own=("1×3×8×8 float32",)))  # the plan needs none
    return page.lines[0]


def test_what_the_models_own_inputs_say_is_no_guess(page: InputsPage):
    known = line(page, Said("guess.own"))
    assert (known.shape.property("guess"), known._reasons.property("role")) == (False, "small")
    assert known._reasons.text().replace("\u200b", "") == "From the inputs beside the model."
    guessed = line(page, CHANNELS)
    assert (guessed.shape.property("guess"), guessed._reasons.property("role")) == (True, "guess")


def test_once_allowed_no_more_leave_is_asked_for(page: InputsPage):
    def told() -> list[str]:
        return [each.text() for each in page.findChildren(QLabel) if "forward takes" in each.text()]

    assert [text.partition(". ")[2] for text in told()] == [
        "Shapes are guessed from the layers once you allow the model to be built."
    ]
    page.show_allowed(True)
    assert told() == ["forward takes 1 argument."]


def test_the_status_bar_says_that_a_model_is_tried(window: MainWindow, asked: Asked, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.undo()  # the engines themselves, whose requests go nowhere
    monkeypatch.setattr(Engines, "_send", lambda engines, request: None)
    monkeypatch.setattr(Engines, "warm_up", lambda engines: None)
    engines = window.engines

    def told() -> list[str]:
        return [each.text() for each in window.statusBar().findChildren(QLabel) if each.text()]

    engines.ready.emit(EngineReady({"torch": "9"}, ()))
    assert told()[:1] == ["Ready"]
    assert "Engine: torch 9, idle" in told()
    engines.guess_call(Plan("sample:residual"))
    assert told()[:1] == ["Trying the model"]
    assert "Engine: torch 9, running" in told()
    window._describe()
    assert told()[:1] == ["Trying the model"]
    engines.cancel()
    assert told()[:1] == ["Ready"]
    assert "Engine: torch 9, idle" in told()


def test_an_answer_ends_the_asking(window: MainWindow, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.undo()
    monkeypatch.setattr(Engines, "_send", lambda engines, request: None)
    monkeypatch.setattr(Engines, "warm_up", lambda engines: None)
    engines, heard = window.engines, list[bool]()
    engines.asking.connect(heard.append)
    engines.try_call(Plan("sample:residual"))
    engines.try_call(Plan("sample:residual"))
    engines.on_engine_report_received(None, CallGuessed(engines._run_id, ModelCall("Net", 1, 1, (), runs=True)))  # type: ignore[arg-type]
    assert heard == [True, False]

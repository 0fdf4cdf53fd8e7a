"""A file with several models asks which, and with which arguments, before any of it runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QMessageBox
from pytestqt.qtbot import QtBot

from qviz.document.plan import Plan
from qviz.ui.panels.source_form import SourceForm
from qviz.ui.shell.main_window import MainWindow
from tests.ui.window.conftest import Asked

ZOO = """
from torch import nn

raise SystemExit("nothing of this file runs")

class Net(nn.Module): ...

def make(depth: int, act: str = "relu"): return nn.Sequential()
"""


@pytest.fixture
def zoo(tmp_path: Path) -> str:
    (tmp_path / "zoo.py").write_text(ZOO)
    return str(tmp_path / "zoo.py")


def form_of(window: MainWindow) -> SourceForm:
    forms = [each for each in window.findChildren(SourceForm) if each.isVisible()]
    assert len(forms) == 1
    return forms[0]


def sources(asked: Asked) -> list[str]:
    return [plan.source for plan in asked.plans]


def test_a_file_offers_its_models_and_the_chosen_one_runs(window: MainWindow, asked: Asked, zoo: str, qtbot: QtBot):
    window.opener.open_source(zoo, is_consented=True)
    form = form_of(window)
    assert [form.names.item(row).text() for row in range(form.names.count())] == ["Net", "make"]
    assert asked.plans == []
    qtbot.mouseClick(form.run, Qt.MouseButton.LeftButton)
    assert sources(asked) == [f"{zoo}:Net"]
    assert not [each for each in window.findChildren(SourceForm) if each.isVisible()]


def test_a_factory_is_called_with_what_was_typed(window: MainWindow, asked: Asked, zoo: str, qtbot: QtBot):
    window.opener.open_source(zoo, is_consented=True)
    form = form_of(window)
    form.names.setCurrentRow(1)
    depth, act = form.rows
    assert (depth.field.placeholderText(), act.field.placeholderText()) == ("required", "'relu'")
    said = [each.text() for each in depth.findChildren(QLabel)]
    assert "int, required" in said
    qtbot.keyClicks(depth.field, "18")
    assert form.preview.text().replace("\u200b", "") == f"{zoo}:make(depth=18)"
    qtbot.keyClick(depth.field, Qt.Key.Key_Return)
    assert sources(asked) == [f"{zoo}:make(depth=18)"]


def test_a_wrong_value_is_told_in_its_row_and_nothing_runs(window: MainWindow, asked: Asked, zoo: str, qtbot: QtBot):
    window.opener.open_source(f"{zoo}:make", is_consented=True)
    form = form_of(window)
    assert not form.names.isVisible()
    depth, act = form.rows
    qtbot.keyClicks(act.field, "gelu")
    qtbot.mouseClick(form.run, Qt.MouseButton.LeftButton)
    assert depth.fault.isVisible()
    assert depth.fault.text() == "depth has no default. Enter a value such as 18."
    assert not act.fault.isVisible()
    qtbot.waitUntil(depth.field.hasFocus)
    qtbot.keyClicks(depth.field, "deep")
    assert not depth.fault.isVisible()
    qtbot.keyClick(depth.field, Qt.Key.Key_Return)
    assert depth.fault.text() == "depth: deep is not a literal. Write a Python literal such as 18."
    assert asked.plans == []
    depth.field.setText("3")
    qtbot.mouseClick(form.run, Qt.MouseButton.LeftButton)
    assert sources(asked) == [f"{zoo}:make(depth=3, act='gelu')"]


def test_cancel_runs_nothing(window: MainWindow, asked: Asked, zoo: str, qtbot: QtBot):
    window.opener.open_source(zoo, is_consented=True)
    qtbot.keyClick(form_of(window), Qt.Key.Key_Escape)
    assert asked.plans == []


def test_consent_is_asked_for_behind_the_form(
    window: MainWindow, asked: Asked, zoo: str, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
):
    questions: list[str] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: questions.append(box.text()))
    monkeypatch.setattr(QMessageBox, "clickedButton", lambda box: None)
    window.opener.open_source(zoo, is_consented=False)
    assert questions == []
    qtbot.mouseClick(form_of(window).run, Qt.MouseButton.LeftButton)
    assert len(questions) == 1
    assert asked.plans == []


def test_the_command_lines_plan_is_kept(window: MainWindow, asked: Asked, zoo: str, qtbot: QtBot):
    window.opener.open_plan(Plan(source=f"{zoo}:make", flow="fx-qat", inputs=("1x2",)))
    form = form_of(window)
    form.rows[0].field.setText("2")
    qtbot.mouseClick(form.run, Qt.MouseButton.LeftButton)
    assert asked.plans == [Plan(source=f"{zoo}:make(depth=2)", flow="fx-qat", inputs=("1x2",))]


@pytest.mark.parametrize("rest", [":Net", ":make(1)", ":missing"])
def test_a_line_that_says_all_opens_at_once(window: MainWindow, asked: Asked, zoo: str, rest: str):
    window.opener.open_source(f"{zoo}{rest}", is_consented=True)
    assert sources(asked) == [f"{zoo}{rest}"]


def test_one_model_without_arguments_needs_no_form(window: MainWindow, asked: Asked, tmp_path: Path):
    (tmp_path / "one.py").write_text("from torch.nn import Module\nclass Net(Module): ...\n")
    window.opener.open_source(str(tmp_path / "one.py"), is_consented=True)
    assert sources(asked) == [f"{tmp_path / 'one.py'}:Net"]

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from PySide6.QtWidgets import QMessageBox

from qviz.document import codec
from qviz.document.plan import Plan
from qviz.trust.consent import Consent
from qviz.ui.shell.files import may_run
from qviz.ui.shell.main_window import MainWindow
from tests.factories import snapshot
from tests.ui.window.conftest import Asked


class Answer:
    """Stands for the user before the question."""

    def __init__(self) -> None:
        self.is_yes = False
        self.questions: list[str] = []


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Answer:
    given = Answer()

    def ask(box: QMessageBox) -> int:
        given.questions.append(box.text())
        return 0

    def clicked(box: QMessageBox) -> object:
        return (
            box.buttons()[0 if box.buttonRole(box.buttons()[0]) == QMessageBox.ButtonRole.AcceptRole else 1]
            if (given.is_yes)
            else None
        )

    monkeypatch.setattr(QMessageBox, "exec", ask)
    monkeypatch.setattr(QMessageBox, "clickedButton", clicked)
    return given


@pytest.fixture
def net(tmp_path: Path) -> str:
    """A file of a model, with one that it imports."""
    (tmp_path / "layers.py").write_text("WIDTH = 3\n", encoding="utf-8")
    (tmp_path / "net.py").write_text("import layers\nclass Net: ...\ndef make(a): ...\n", encoding="utf-8")
    return f"{tmp_path}/net.py"


def open_result(window: MainWindow, source: str, folder: Path) -> None:
    made = snapshot()
    named = msgspec.structs.replace(made, run=msgspec.structs.replace(made.run, source=source))
    codec.save(named, folder / "review.qviz")
    window.opener.open_source(str(folder / "review.qviz"), is_consented=False)


@pytest.mark.parametrize("source", ["{net}:Net", "{net}:make(a='x:y')", "package.module:name"])
def test_what_a_result_names_runs_only_after_a_yes(window, asked: Asked, answer: Answer, tmp_path, net: str, source):
    named = source.replace("{net}", net)
    open_result(window, named, tmp_path)
    assert answer.questions == []
    window.actions_of["run"].trigger()
    assert len(answer.questions) == 1
    assert "a result names it" in answer.questions[0]
    assert asked.plans == []
    answer.is_yes = True
    window.actions_of["run"].trigger()
    assert [plan.source for plan in asked.plans] == [named]


def test_a_sample_that_a_result_names_needs_no_question(window, asked: Asked, answer: Answer, tmp_path):
    open_result(window, "sample:residual", tmp_path)
    window.actions_of["run"].trigger()
    assert answer.questions == []
    assert len(asked.plans) == 1


def test_a_file_is_asked_for_once_until_it_changes(window, answer: Answer, net: str, tmp_path: Path):
    answer.is_yes = True
    consent = window.settings.consent
    consent.opened(f"{net}:Net")
    consent.opened(f"{net}:Other")
    assert may_run(window, Plan(f"{net}:Net"), consent)
    assert may_run(window, Plan(f"{net}:Other"), consent)
    (question,) = answer.questions
    assert f"{net}, 46 bytes, SHA-256 " in question
    assert f"{tmp_path}/layers.py, 10 bytes, SHA-256 " in question
    (tmp_path / "layers.py").write_text("WIDTH = 4\n", encoding="utf-8")
    assert may_run(window, Plan(f"{net}:Net"), consent), "it is watched while the window is open"
    assert len(answer.questions) == 1
    later = Consent()
    later.opened(f"{net}:Net")
    assert may_run(window, Plan(f"{net}:Net"), later)
    assert len(answer.questions) == 2


def test_a_yes_to_a_file_is_none_to_the_calls_of_a_plan(window, answer: Answer, net: str):
    answer.is_yes = True
    consent = window.settings.consent
    consent.opened(f"{net}:Net")
    assert may_run(window, Plan(f"{net}:Net"), consent)
    assert may_run(window, Plan(f"{net}:Net", calibrate=f"{net}:make(a='/home')"), consent)
    assert "make(a='/home')" in answer.questions[1]


def test_the_rules_of_the_project_are_named_and_asked_for_when_they_change(window, answer: Answer, net, tmp_path: Path):
    answer.is_yes = True
    consent = window.settings.consent
    consent.opened(f"{net}:Net")
    for rules in (["layers:large"], ["layers:large", "layers:small"]):
        (tmp_path / "pyproject.toml").write_text(f"[tool.qviz]\nrules = {rules!r}\n", encoding="utf-8")
        assert may_run(window, Plan(f"{net}:Net"), consent)
        assert f"{rules[-1]}: finding rules of the project" in answer.questions[-1]
    assert len(answer.questions) == 2
    answer.is_yes = False
    (tmp_path / "pyproject.toml").write_text("[tool.qviz]\nrules = ['layers:other']\n", encoding="utf-8")
    assert not may_run(window, Plan(f"{net}:Net"), consent)


def test_a_no_is_not_remembered(window, answer: Answer, net: str):
    for _ in range(2):
        assert not may_run(window, Plan(f"{net}:make(a='x:y')"), window.settings.consent)
    assert len(answer.questions) == 2


def test_what_is_typed_into_a_field_is_its_own_consent_and_what_a_file_says_is_none(
    window, asked: Asked, answer: Answer, net: str
):
    window.opener.open_plan(Plan(f"{net}:Net", "fx-static"))
    setup = window.desk.work.setup
    setup.calibrate.setText(f"{net}:make(1)")
    setup.calibrate.editingFinished.emit()
    window.desk.run()
    assert answer.questions == []
    assert asked.plans[-1].calibrate == f"{net}:make(1)"
    loaded = msgspec.structs.replace(asked.plans[-1], metric=f"{net}:make(2)")
    setup.plan_loaded.emit(loaded)
    setup.plan_changed.emit(loaded)
    window.desk.run()
    assert "make(2): metric; a plan or a project's file names it" in answer.questions[0]
    assert asked.plans[-1].metric is None

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from PySide6.QtWidgets import QMessageBox

from qviz.document import codec
from qviz.ui.shell.files import is_allowed
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


def open_result(window: MainWindow, source: str, folder: Path) -> None:
    made = snapshot()
    named = msgspec.structs.replace(made, run=msgspec.structs.replace(made.run, source=source))
    codec.save(named, folder / "review.qviz")
    window.opener.open_source(str(folder / "review.qviz"), is_consented=False)


@pytest.mark.parametrize("source", ["/somewhere/net.py:Net", "/somewhere/net.py:make(a='x:y')", "package.module:name"])
def test_what_a_result_names_runs_only_after_a_yes(window, asked: Asked, answer: Answer, tmp_path, source):
    open_result(window, source, tmp_path)
    assert answer.questions == []
    window.actions_of["run"].trigger()
    assert len(answer.questions) == 1
    assert asked.plans == []
    answer.is_yes = True
    window.actions_of["run"].trigger()
    assert [plan.source for plan in asked.plans] == [source]


def test_a_sample_that_a_result_names_needs_no_question(window, asked: Asked, answer: Answer, tmp_path):
    open_result(window, "sample:residual", tmp_path)
    window.actions_of["run"].trigger()
    assert answer.questions == []
    assert len(asked.plans) == 1


def test_a_file_is_asked_for_once(window, answer: Answer):
    answer.is_yes = True
    assert is_allowed(window, "/somewhere/net.py:Net", window.settings)
    assert is_allowed(window, "/somewhere/net.py:Other", window.settings)
    assert len(answer.questions) == 1


def test_the_rules_of_the_project_are_named_and_asked_for_when_they_change(window, answer: Answer, tmp_path: Path):
    answer.is_yes = True
    source = f"{tmp_path}/net.py:Net"
    for rules, asked in (("checks:large",), 1), (("checks:large",), 1), (("checks:large", "checks:small"), 2):
        (tmp_path / "pyproject.toml").write_text(f"[tool.qviz]\nrules = {list(rules)!r}\n", encoding="utf-8")
        assert is_allowed(window, source, window.settings)
        assert len(answer.questions) == asked
        assert f"{tmp_path}/net.py and the finding rules of" in answer.questions[-1]
        assert ", ".join(rules) in answer.questions[-1]
    answer.is_yes = False
    (tmp_path / "pyproject.toml").write_text("[tool.qviz]\nrules = ['others:rule']\n", encoding="utf-8")
    assert not is_allowed(window, source, window.settings)


def test_a_no_is_not_remembered(window, answer: Answer):
    assert not is_allowed(window, 'net.py:make(a="x:y")', window.settings)
    assert not is_allowed(window, 'net.py:make(a="x:y")', window.settings)
    assert len(answer.questions) == 2

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from PySide6.QtWidgets import QLabel, QMessageBox
from pytestqt.qtbot import QtBot

from qviz.document.plan import Plan
from qviz.document.snapshot import RunError
from qviz.ui.shell.desk import Desk
from qviz.ui.shell.main_window import MainWindow
from qviz.wire.messages import ModelLoaded
from tests.ui.window.conftest import Asked
from tests.ui.window.test_window import CAPTURED, finished, hear, reached, words


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "models" / "net.py"
    made.parent.mkdir()
    made.write_text("1")
    return made


@pytest.fixture
def ran(window: MainWindow, asked: Asked, file: Path) -> MainWindow:
    window.opener.open_plan(Plan(source=f"{file}:Net", flow="fx-static"))
    loaded = ModelLoaded(1, "Net", 3, 10, 40, ("1×3 float32",), str(file))
    hear(window, loaded, reached(CAPTURED), finished())
    return window


def desk_of(window: MainWindow) -> Desk:
    assert window.desk is not None
    return window.desk


def bar_texts(window: MainWindow) -> list[str]:
    return [each.text() for each in window.statusBar().findChildren(QLabel) if each.isVisible()]


def say_yes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    questions: list[str] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: questions.append(box.text() + box.informativeText()))
    monkeypatch.setattr(QMessageBox, "clickedButton", lambda box: box.buttons()[0])
    return questions


def test_a_file_that_an_editor_moves_away_first_is_noticed_too(ran: MainWindow, qtbot: QtBot, file: Path):
    file.rename(file.with_suffix(".py~"))
    file.write_text("22")
    qtbot.waitUntil(lambda: "net.py has changed." in words(ran))


def test_other_files_of_the_folder_are_nobodys_business(ran: MainWindow, qtbot: QtBot, file: Path):
    watch = desk_of(ran).runs._watch
    with qtbot.waitSignal(watch._pause.timeout):
        (file.parent / "other.py").write_text("1")
    assert "has changed" not in words(ran)


def test_a_watched_file_runs_at_every_save_after_one_question(
    ran: MainWindow, asked: Asked, qtbot: QtBot, file: Path, monkeypatch: pytest.MonkeyPatch
):
    questions = say_yes(monkeypatch)
    ran.actions_of["watch"].trigger()
    assert len(questions) == 1
    assert str(file) in questions[0]
    assert "without asking again" in questions[0]
    assert "Watches net.py" in bar_texts(ran), "as long as it is"
    for count in (2, 3):
        new = file.with_name("net.py.new")
        new.write_text("x" * (count + 5))
        new.replace(file)
        qtbot.waitUntil(lambda count=count: len(asked.plans) == count)  # type: ignore[misc]
        hear(ran, ModelLoaded(1, "Net", 3, 10, 40, ("1×3 float32",), str(file)), reached(CAPTURED), finished())
        ran.engines.is_running = False
    assert len(questions) == 1
    ran.actions_of["watch"].trigger()
    assert "Watches net.py" not in bar_texts(ran)
    file.write_text("once more, longer")
    qtbot.waitUntil(lambda: "net.py has changed." in words(ran))
    assert len(asked.plans) == 3


def test_a_watched_file_that_an_earlier_yes_allowed_runs_without_another_question(
    window: MainWindow, asked: Asked, qtbot: QtBot, file: Path, monkeypatch: pytest.MonkeyPatch
):
    questions = say_yes(monkeypatch)
    consent = window.settings.consent
    consent.opened(f"{file}:Net")
    listing = consent.listing(Plan(source=f"{file}:Net"))
    consent.kept.keep(tuple(each.grant for each in listing.asked))  # in another window, some day
    window.opener.open_source(f"{file}:Net", is_consented=False)
    hear(window, ModelLoaded(1, "Net", 3, 10, 40, ("1×3 float32",), str(file)), reached(CAPTURED), finished())
    window.engines.is_running = False
    assert questions == []
    window.actions_of["watch"].trigger()
    assert len(questions) == 1
    file.write_text("other contents")
    qtbot.waitUntil(lambda: len(asked.plans) == 2)
    assert len(questions) == 1


def test_a_no_watches_nothing(ran: MainWindow, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(QMessageBox, "exec", lambda box: None)
    monkeypatch.setattr(QMessageBox, "clickedButton", lambda box: None)
    ran.actions_of["watch"].trigger()
    assert desk_of(ran).runs.reruns is None


def test_a_rerun_that_fails_keeps_the_last_result(
    ran: MainWindow, asked: Asked, qtbot: QtBot, file: Path, monkeypatch: pytest.MonkeyPatch
):
    say_yes(monkeypatch)
    project = desk_of(ran).project
    assert project is not None
    last = project.snapshot
    ran.actions_of["watch"].trigger()
    file.write_text("broken")
    qtbot.waitUntil(lambda: len(asked.plans) == 2)
    error = RunError("preparing", "TypeError", "stop.own_code", args={"text": "no"})
    broken = msgspec.structs.replace(finished(), run=msgspec.structs.replace(finished().run, error=error))
    hear(ran, reached(CAPTURED), broken)
    ran.engines.is_running = False
    project = desk_of(ran).project
    assert project is not None
    assert project.snapshot is last
    assert "The last result stays." in words(ran)
    assert [run.project.error for run in desk_of(ran).shelf.kept.runs] == [error, None]
    file.write_text("mended, longer")
    qtbot.waitUntil(lambda: len(asked.plans) == 3)


def test_another_model_is_not_watched(ran: MainWindow, asked: Asked, monkeypatch: pytest.MonkeyPatch):
    say_yes(monkeypatch)
    ran.actions_of["watch"].trigger()
    ran.opener.open_plan(Plan(source="elsewhere:Net", flow="fx-static"))
    assert desk_of(ran).runs.reruns is None


def test_a_relative_source_is_found_again_from_elsewhere(window, asked: Asked, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    window.opener.open_plan(Plan(source="net.py:Net", flow="fx-static"))
    run = msgspec.structs.replace(finished().run, source="net.py:Net")
    hear(window, reached(CAPTURED), msgspec.structs.replace(finished(), run=run))
    assert window.settings.recent[0][0] == f"{tmp_path}/net.py:Net"

"""A finding is accepted in the baseline that `qviz check` reads, and that can be undone."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from qviz.analysis.verdicts.verdict import judge
from qviz.document.baseline import read_baseline
from qviz.document.kept import kept_finding
from qviz.document.snapshot import Level
from qviz.ui.panels.widgets import button
from qviz.ui.shell.desk import Desk
from qviz.ui.shell.main_window import MainWindow
from tests.ui.window.conftest import Asked
from tests.ui.window.test_window import CAPTURED, finished, hear, reached

FOUND = (
    kept_finding("float_island", Level.WARNING, "captured", ("conv",), "One", "reason", "hint"),
    kept_finding("dead_rule", Level.INFO, "captured", ("x",), "Other", "reason", "hint"),
)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "accepted.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(made), ""))
    return made


@pytest.fixture
def desk(window: MainWindow, asked: Asked, qtbot: QtBot) -> Desk:
    window.opener.open_model("sample:conv-bn-relu")
    run(window)
    assert window.desk is not None
    return window.desk


def run(window: MainWindow) -> None:
    hear(window, reached(CAPTURED), msgspec.structs.replace(finished(), findings=FOUND))


def titles(desk: Desk) -> list[str]:
    rows = desk.work.findings.model()
    return [str(rows.index(row, 0).data()) for row in range(rows.rowCount())]


def select(desk: Desk, row: int) -> None:
    desk.work.findings.setCurrentIndex(desk.work.findings.model().index(row, 0))


def undo(desk: Desk) -> None:
    notice = desk.work.notice
    made = next(each for each in notice.findChildren(type(button(""))) if each.text() == "Undo" and each.isVisible())
    made.click()


def test_a_finding_is_accepted_shown_as_such_and_passes_the_check(desk: Desk, window: MainWindow, path: Path):
    select(desk, 0)
    window.actions_of["accept"].trigger()
    assert titles(desk) == ["Float island (accepted)", "Dead rule"]
    assert desk.work.notice.message.text() == "Accepted in accepted.json"
    assert desk.project is not None
    assert desk.project.snapshot is not None
    verdict = judge(desk.project.snapshot, "info", read_baseline(path))
    assert [each.finding.rule for each in verdict.open] == ["dead_rule"]


def test_undo_brings_back_the_file_as_it_was(desk: Desk, window: MainWindow, path: Path):
    select(desk, 0)
    window.actions_of["accept"].trigger()
    undo(desk)
    assert not path.exists()
    assert titles(desk)[0] == "Float island"
    window.actions_of["accept"].trigger()
    before = path.read_bytes()
    select(desk, 1)
    window.actions_of["accept"].trigger()
    assert len(read_baseline(path).findings) == 2
    undo(desk)
    assert path.read_bytes() == before


def test_once_more_accepts_it_no_longer(desk: Desk, window: MainWindow, path: Path):
    for row in (0, 1, 0):
        select(desk, row)
        window.actions_of["accept"].trigger()
    assert [each.rule for each in read_baseline(path).findings] == ["dead_rule"]
    assert titles(desk) == ["Float island", "Dead rule (accepted)"]


def test_the_next_run_knows_what_is_accepted(desk: Desk, window: MainWindow, path: Path):
    select(desk, 0)
    window.actions_of["accept"].trigger()
    window.actions_of["run"].trigger()
    run(window)
    assert titles(desk)[0] == "Float island (accepted)"


def test_a_file_that_is_no_baseline_is_told_and_stays(desk: Desk, window: MainWindow, path: Path):
    path.write_text("{}", encoding="utf-8")
    select(desk, 0)
    window.actions_of["accept"].trigger()
    assert "is not a baseline" in desk.work.notice.message.text()
    assert path.read_text(encoding="utf-8") == "{}"


def test_without_a_finding_it_says_what_to_do(desk: Desk, window: MainWindow, path: Path):
    desk.work.findings.clearSelection()
    window.actions_of["accept"].trigger()
    assert desk.work.notice.message.text() == "Select a finding first."
    assert not path.exists()

"""Walking the findings, taking choices back, and failures on the first page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from qviz.document.causes import reference
from qviz.document.kept import kept_finding
from qviz.document.snapshot import Level
from qviz.ui.shell.main_window import MainWindow
from tests.factories import node, stage
from tests.ui.window.conftest import Asked
from tests.ui.window.test_window import CAPTURED, PREPARED, finished, hear, reached

CONVERTED = stage("converted", node("x", kind="input"), node("output", "x", kind="output"))


def open_sample(window: MainWindow) -> None:
    window.opener.open_model("sample:conv-bn-relu")


def test_the_next_finding_is_reached_whatever_stage_it_is_in(window: MainWindow, asked: Asked):
    findings = tuple(
        kept_finding(each, Level.INFO, each, ("x",), "m", "r", "h") for each in ("captured", "prepared", "converted")
    )
    open_sample(window)
    end = msgspec.structs.replace(finished(), findings=findings)
    hear(window, reached(CAPTURED), reached(PREPARED, CAPTURED), reached(CONVERTED, PREPARED), end)
    assert window.desk is not None
    seen: list[str] = []
    window.desk.work.findings.finding_chosen.connect(lambda finding: seen.append(finding.rule))
    for command in ("next_finding",) * 4 + ("previous_finding",):
        window.actions_of[command].trigger()
    assert seen == ["captured", "prepared", "converted", "captured", "converted"]


def test_what_follows_from_a_finding_stands_under_it(window: MainWindow, asked: Asked):
    cause, other = (kept_finding(each, Level.ERROR, "captured", ("x",), "m", "r", "h") for each in ("cause", "other"))
    follows = kept_finding("follows", Level.ERROR, "prepared", ("x",), "m", "r", "h")
    follows = msgspec.structs.replace(follows, because_of=reference(cause))
    open_sample(window)
    end = msgspec.structs.replace(finished(), findings=(cause, other, follows))
    hear(window, reached(CAPTURED), reached(PREPARED, CAPTURED), end)
    assert window.desk is not None
    rows = window.desk.work.findings
    tree = [rows.topLevelItem(place) for place in range(rows.topLevelItemCount())]
    assert [row.childCount() for row in tree if row is not None] == [1, 0]
    assert window.desk.work.tabs.tabText(0) == "Findings 2"
    seen: list[str] = []
    rows.finding_chosen.connect(lambda finding: seen.append(finding.rule))
    for command in ("next_finding",) * 3:
        window.actions_of[command].trigger()
    assert seen == ["cause", "follows", "other"]


def test_a_choice_is_taken_back_and_brought_back(window: MainWindow, asked: Asked, qtbot: QtBot):
    open_sample(window)
    hear(window, reached(CAPTURED), finished())
    assert window.desk is not None
    assert window.desk.project is not None
    setup = window.desk.work.setup
    qtbot.mouseClick(
        next(b for b in setup.flow.modes.buttons() if b.text() == "PT2E"),
        Qt.MouseButton.LeftButton,
    )
    assert window.desk.project.plan.flow == "pt2e-static"
    window.actions_of["undo"].trigger()
    assert window.desk.project.plan.flow == "fx-static"
    button: Any = setup.flow.modes.checkedButton()
    assert button.text() == "FX graph"
    window.actions_of["redo"].trigger()
    assert window.desk.project.plan.flow == "pt2e-static"


def test_a_damaged_result_leaves_the_first_page_where_it_is(window: MainWindow, asked: Asked, tmp_path: Path):
    (tmp_path / "broken.qviz").write_bytes(b"\x1f\x8bnot really")
    window.opener.open_source(str(tmp_path / "broken.qviz"), is_consented=False)
    assert window.pages.shown_desk is None
    assert window.pages.notice.isVisible()
    assert "broken.qviz is damaged" in window.pages.notice.message.text()
    open_sample(window)
    assert not window.pages.notice.isVisible()

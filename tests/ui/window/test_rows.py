"""Findings with a stepper over their places, and the rows of tables as text for other programs."""

from __future__ import annotations

import csv
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from qviz.document import codec
from qviz.document.snapshot import Finding, Level
from qviz.session.sides import Side
from qviz.ui.panels.findings import PlaceStepper
from qviz.ui.shell.desk import Desk
from qviz.ui.shell.main_window import MainWindow
from tests.factories import small_links, small_stages, snapshot
from tests.ui.widgets import found
from tests.ui.window.conftest import Asked

MANY = Finding.of("odd", Level.WARNING, "converted", ["fc", "view", "conv"], message="fc is odd")
ONE = Finding.of("one", Level.INFO, "converted", ["dequantize"], message="it is one")
MENDED = msgspec.structs.replace(ONE, rule="mended", args={**ONE.args, "patch": "seed = 7\n"})


@pytest.fixture
def desk(window: MainWindow, asked: Asked, qtbot: QtBot, tmp_path: Path) -> Desk:
    run = snapshot(*small_stages(), links=small_links(), findings=[MANY, ONE, MENDED])
    codec.save(run, tmp_path / "a.qviz")
    window.opener.open_source(str(tmp_path / "a.qviz"), is_consented=False)
    qtbot.waitUntil(lambda: window.desk is not None and window.desk.project is not None)
    assert window.desk is not None
    return window.desk


def selected(desk: Desk) -> str | None:
    return desk.work.panes.panes[Side.RIGHT].canvas.selection.node


def stepped(desk: Desk) -> str:
    return found(desk.work.findings, PlaceStepper).findChildren(QLabel)[0].text()


def press(parent: QWidget, start: str, qtbot: QtBot) -> None:
    button = next(each for each in parent.findChildren(QPushButton) if each.accessibleName().startswith(start))
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_places_of_a_finding_are_stepped_through_by_keys_and_by_its_stepper(
    window: MainWindow, desk: Desk, qtbot: QtBot
):
    window.actions_of["next_finding"].trigger()
    assert (selected(desk), stepped(desk)) == ("fc", "1 of 3")
    assert desk.work.notice.message.text() == "fc is odd.", "a name keeps its letters"
    window.actions_of["next_place"].trigger()
    assert (selected(desk), stepped(desk)) == ("view", "2 of 3")
    press(desk.work.findings, "Next place", qtbot)
    assert (selected(desk), stepped(desk)) == ("conv", "3 of 3")
    assert desk.work.panes.panes[Side.LEFT].canvas.selection.node == "conv"
    press(desk.work.findings, "Next place", qtbot)
    assert (selected(desk), stepped(desk)) == ("fc", "1 of 3")
    window.actions_of["previous_place"].trigger()
    assert (selected(desk), stepped(desk)) == ("conv", "3 of 3")


def test_a_finding_is_found_again_at_the_place_that_was_looked_at(window: MainWindow, desk: Desk):
    for command in ("next_finding", "next_place", "next_finding", "previous_finding"):
        window.actions_of[command].trigger()
    assert (selected(desk), stepped(desk)) == ("view", "2 of 3")


def test_one_place_needs_no_stepper(desk: Desk):
    assert len(desk.work.findings.findChildren(PlaceStepper)) == 1


def test_the_remedy_of_a_finding_is_a_button(desk: Desk, qtbot: QtBot):
    made = next(each for each in desk.work.findings.findChildren(QPushButton) if each.text() == "Apply")
    assert made.height() >= 16, "with less its corners would not be round"
    press(desk.work.findings, "Apply", qtbot)
    assert desk.project is not None
    assert desk.project.plan.seed == 7


def test_selected_rows_are_copied_with_tabs(desk: Desk, qtbot: QtBot):
    table = desk.work.nodes
    desk.work.tabs.show_page(table)
    table.selectRow(4)
    desk.tables.row_actions["nodes"].copy.trigger()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert [line.split("\t")[:2] for line in lines] == [["node", "module"], ["fc", "fc"]]
    assert desk.work.notice.message.text() == "1 row is on the clipboard."


def test_all_findings_are_copied_where_none_is_selected(desk: Desk):
    desk.tables.row_actions["findings"].copy.trigger()
    assert len(QGuiApplication.clipboard().text().splitlines()) == 4


@pytest.mark.parametrize(
    ("table", "first", "count"),
    [("nodes", "node", 9), ("findings", "level", 3), ("changes", "change", None)],
)
def test_a_table_is_saved_as_csv(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str, first: str, count: int | None
):
    desk.work.tabs.show_page(desk.work.changes)
    desk.work.tabs.show_page(desk.work.nodes)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "rows"), ""))
    desk.tables.row_actions[table].save.trigger()
    rows = [*csv.reader((tmp_path / "rows.csv").read_text(encoding="utf-8").splitlines())]
    assert rows[0][0] == first
    assert len(rows) > 1
    assert count is None or len(rows) == count + 1


def test_a_file_that_cannot_be_written_is_told(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "no" / "rows.csv"), ""))
    desk.tables.row_actions["nodes"].save.trigger()
    assert "rows.csv" in desk.work.notice.message.text()

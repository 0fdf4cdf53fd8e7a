"""A run that reached no stage: the middle of the window says where it stopped, and what can be done."""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from qviz.document.graph import SourceLine
from qviz.document.kept import kept_error
from qviz.session.sides import Side
from qviz.ui.panels.failure import remedy_title
from qviz.ui.panels.stopped import StoppedCard
from qviz.ui.shell.main_window import MainWindow
from tests.ui.window.conftest import Asked
from tests.ui.window.test_window import CAPTURED, finished, hear, reached

BRANCH = kept_error("capturing", "TraceError", "a branch", "Choose.", SourceLine("/a/net.py", 31, "if x > 0:"), "T!")


@pytest.fixture
def running(window: MainWindow, asked: Asked) -> MainWindow:
    window.opener.open_model("sample:conv-bn-relu")
    return window


def card(window: MainWindow) -> StoppedCard:
    assert window.desk is not None
    return window.desk.work.panes.stopped


def offered(window: MainWindow) -> dict[str, QPushButton]:
    return {each.text(): each for each in card(window).findChildren(QPushButton) if each.isVisible()}


def said(window: MainWindow) -> list[str]:
    return [each.text() for each in card(window).findChildren(QLabel) if each.isVisible()]


def test_the_middle_says_where_a_run_stopped_and_offers_the_way_on(running: MainWindow, asked: Asked, qtbot: QtBot):
    hear(running, finished(msgspec.structs.replace(BRANCH, args={**BRANCH.args, "patch": 'flow = "eager-dynamic"\n'})))
    QApplication.processEvents()
    assert said(running) == ["Capture failed at net.py:31", "if x > 0:", "The Findings tab says why."]
    assert list(offered(running)) == ["Open in editor", "Run again", "Use Eager dynamic"]
    assert running.desk is not None
    panes, around = running.desk.work.panes, card(running).geometry()
    assert abs(around.center().x() - panes.rect().center().x()) <= 1
    assert panes.rect().contains(around)
    qtbot.mouseClick(offered(running)["Use Eager dynamic"], Qt.MouseButton.LeftButton)
    assert running.desk is not None
    assert running.desk.project is not None
    assert running.desk.project.plan.flow == "eager-dynamic"
    qtbot.mouseClick(offered(running)["Run again"], Qt.MouseButton.LeftButton)
    assert len(asked.plans) == 2
    assert not card(running).isVisible(), "a run is at work"


def inspector(window: MainWindow) -> tuple[list[str], list[str]]:
    """Return what the inspector says and offers."""
    assert window.desk is not None
    sheet = window.desk.work.inspector
    return [each.text() for each in sheet.findChildren(QLabel)], [e.text() for e in sheet.findChildren(QPushButton)]


def test_the_inspector_says_where_and_why_a_run_stopped_and_what_to_do(running: MainWindow):
    hear(running, finished(msgspec.structs.replace(BRANCH, args={**BRANCH.args, "patch": 'flow = "eager-dynamic"\n'})))
    told, buttons = inspector(running)
    for each in ("Capture failed at net.py:31", "a branch.", "Choose.", "31  if x > 0:"):
        assert each in told
    assert not any("Run the flow" in each for each in told)
    assert {"Use Eager dynamic", "Run again", "Open in editor"} <= {*buttons}


def test_the_inspector_tells_of_a_stop_above_what_was_reached(running: MainWindow):
    hear(running, reached(CAPTURED), finished(BRANCH))
    told, _ = inspector(running)
    assert told.index("Capture failed at net.py:31") < told.index("Findings")


def test_a_run_that_was_canceled_at_once_says_that_nothing_was_reached(running: MainWindow):
    running.actions_of["cancel"].trigger()
    assert not card(running).isVisible()
    assert running.desk is not None
    assert running.desk.work.panes.panes[Side.LEFT].canvas.surface.words == "No stage was reached."


def test_where_stages_were_reached_they_are_what_is_shown(running: MainWindow):
    hear(running, reached(CAPTURED), finished(BRANCH))
    assert not card(running).isVisible()


@pytest.mark.parametrize(
    ("patch", "title"),
    [
        ('flow = "pt2e-static"\n', "Use PT2E static"),
        ('flow = "no-such"\n', "Apply the remedy"),
        ('flow = "pt2e-static"\nquantizer = "xnnpack"\n', "Apply the remedy"),
        ("not = = toml", "Apply the remedy"),
        ("", "Apply the remedy"),
    ],
)
def test_a_remedy_that_is_another_flow_names_it(qapp: QApplication, patch: str, title: str):
    assert remedy_title(patch) == title

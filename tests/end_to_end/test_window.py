"""The real window with the real engine."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from qviz.document.plan import Plan
from qviz.session.sides import Side
from qviz.ui.settings import Settings
from qviz.ui.shell.main_window import MainWindow

PATIENCE_MS = 120_000

SLEEPY = """
import time
import torch

class Sleepy(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(4, 4)

    def forward(self, x):
        return self.fc(x)

example_inputs = torch.ones(1, 4)

def calibration_data():
    yield example_inputs
    time.sleep(600)
"""


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, str(tmp_path))
    made = MainWindow(Settings())
    qtbot.addWidget(made)
    made.show()
    made.engines.warm_up()
    yield made
    made.close()
    assert made.engines.process_id() == 0


def is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


def start_sleepy(window: MainWindow, qtbot: QtBot, folder: Path) -> int:
    (folder / "sleepy.py").write_text(SLEEPY)
    window.opener.open_plan(Plan(source=f"{folder / 'sleepy.py'}:Sleepy", flow="fx-static"))
    qtbot.waitUntil(lambda: len(stages(window)) == 2, timeout=PATIENCE_MS)
    return window.engines.process_id()


def stages(window: MainWindow) -> list[str]:
    assert window.desk is not None
    assert window.desk.project is not None
    return [stage.name for stage in window.desk.project.stages]


def test_a_sample_is_shown_before_and_after(window: MainWindow, qtbot: QtBot):
    window.opener.open_model("sample:conv-bn-relu")
    desk = window.desk
    assert desk is not None
    qtbot.waitUntil(lambda: not desk.is_running, timeout=PATIENCE_MS)
    assert stages(window) == ["captured", "fused", "prepared", "converted"]
    panes = desk.work.panes.panes
    qtbot.waitUntil(lambda: all(pane.canvas.view is not None for pane in panes.values()))
    desk.selection.choose("converted", "conv")
    assert panes[Side.LEFT].canvas.selection.node == "conv"


def test_cancel_ends_the_engine_within_a_second_and_the_next_run_works(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
):
    process_id = start_sleepy(window, qtbot, tmp_path)
    before = time.monotonic()
    window.actions_of["cancel"].trigger()
    assert not is_alive(process_id)
    assert time.monotonic() - before < 1
    assert stages(window) == ["captured", "fused"]
    window.opener.open_model("sample:conv-bn-relu")
    qtbot.waitUntil(lambda: len(stages(window)) == 4, timeout=PATIENCE_MS)


@pytest.mark.logs
def test_an_engine_that_is_killed_takes_nothing_along(window: MainWindow, qtbot: QtBot, tmp_path: Path):
    process_id = start_sleepy(window, qtbot, tmp_path)
    with qtbot.waitSignal(window.engines.run_died, timeout=PATIENCE_MS) as told:
        os.kill(process_id, signal.SIGKILL)
    assert "SIGKILL" in told.args[0].message
    assert stages(window) == ["captured", "fused"]
    assert window.desk is not None
    assert window.desk.work.notice.isVisible()


FACTORY = """
import torch

def make(width: int, act="relu"):
    return torch.nn.Sequential(torch.nn.Linear(4, width)), (torch.ones(1, 4),)
"""


def test_a_factory_runs_with_the_arguments_of_the_page(window: MainWindow, qtbot: QtBot, tmp_path: Path):
    (tmp_path / "factory.py").write_text(FACTORY)
    window.opener.open_source(str(tmp_path / "factory.py"), is_consented=True)
    desk = window.desk
    assert desk is not None
    desk.inputs.page.choice.arguments[0].field.setText("7")
    desk.inputs.page.run.click()
    qtbot.waitUntil(lambda: not desk.is_running, timeout=PATIENCE_MS)
    assert stages(window)[-1] == "converted"
    assert desk.project is not None
    assert desk.project.plan.source.endswith("factory.py:make(width=7)")
    shapes = {value.shape for node in desk.project.stages[0].graph.nodes for value in node.values}
    assert (1, 7) in shapes


BARE = """
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(5, 2, 3)
        self.table = torch.nn.Embedding(9, 2)

    def forward(self, image, ids):
        return self.conv(image).mean((2, 3)) + self.table(ids).mean(1)
"""


def test_a_model_without_inputs_is_guessed_tried_and_run(window: MainWindow, qtbot: QtBot, tmp_path: Path):
    (tmp_path / "bare.py").write_text(BARE)
    window.opener.open_source(str(tmp_path / "bare.py"), is_consented=True)
    desk = window.desk
    assert desk is not None
    qtbot.waitUntil(lambda: desk.inputs.is_shown, timeout=PATIENCE_MS)
    page = desk.inputs.page
    qtbot.waitUntil(lambda: "works" in page.calls.verdict.text(), timeout=PATIENCE_MS)
    assert [line.shape.text() for line in page.lines] == ["1 × 5 × 224 × 224", "1 × 32"]
    page.run.click()
    qtbot.waitUntil(lambda: not desk.is_running and not desk.inputs.is_shown, timeout=PATIENCE_MS)
    assert stages(window)[-1] == "converted"
    assert desk.project is not None
    assert desk.project.plan.inputs == ("image=1x5x224x224", "ids=1x32:int64:0..8")

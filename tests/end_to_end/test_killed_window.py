"""A window that is killed loses no run: the next one shows it again, and nothing runs for that."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from qviz.session import run_store
from qviz.ui.settings import Settings
from qviz.ui.shell.main_window import MainWindow
from tests.ui.window.conftest import Asked, asked  # noqa: F401 - a fixture

MODEL = """
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(4, 4)

    def forward(self, x):
        return self.fc(x)

example_inputs = (torch.ones(1, 4),)
"""
SECONDS = 120
AT_WORK = '"is_at_work":true'


def kept(folder: Path) -> list[Path]:
    return sorted(folder.glob("qviz/runs/*-*.json"))


def ended_runs(folder: Path) -> list[Path]:
    return [each for each in kept(folder) if AT_WORK not in each.read_text()]


@pytest.mark.skipif(sys.platform != "linux", reason="where runs are kept is asked for by XDG_STATE_HOME")
def test_runs_are_back_after_a_kill(
    qtbot: QtBot,
    asked: Asked,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    model = tmp_path / "net.py"
    model.write_text(MODEL)
    state = tmp_path / "state"
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path)}
    environment |= {"XDG_STATE_HOME": str(state), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    command = [sys.executable, "-m", "qviz", f"{model}:Net", "--flow", "fx-static"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
    try:
        until = time.monotonic() + SECONDS
        while not ended_runs(state) and process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        ended = process.poll()
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        _, told = process.communicate()
    assert ended is None, told.decode()
    assert len(kept(state)) == 1
    (state / "qviz" / "runs" / f".qviz-{'0' * 8}-1-half.part").write_bytes(b"half")

    QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, str(tmp_path / "config"))
    monkeypatch.setattr(run_store, "state_folder", lambda: state / "qviz" / "runs")
    window = MainWindow(Settings())
    qtbot.addWidget(window)
    window.show()
    window.keep_runs(restores=True)
    restoring = window.restoring
    assert restoring is not None
    restoring.restore()
    qtbot.waitUntil(lambda: window.desk is not None and window.desk.project is not None)
    qtbot.waitUntil(lambda: not restoring.is_busy)
    desk = window.desk
    assert desk is not None
    assert desk.project is not None
    assert [stage.name for stage in desk.project.stages] == ["captured", "fused", "prepared", "converted"]
    assert desk.project.plan.flow == "fx-static"
    (row,) = desk.work.runs.rows
    assert row.number.text() == "Run 1"
    assert "dB" in row.about.text()
    assert asked.plans == []
    window.close()

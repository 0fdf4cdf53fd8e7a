"""What the window says of a run that was measured."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from qviz.document import codec
from qviz.document.run_steps import progress_text
from qviz.document.snapshot import Snapshot
from qviz.ui.shell.main_window import MainWindow
from tests.factories import small_stages, snapshot
from tests.measured import measured, measured_run


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (measured_run(), ["Output SQNR 14.3 dB, 87.5 % of the samples in the same class"]),
        (measured_run(measured(total=None)), []),
        (snapshot(*small_stages()), []),
    ],
)
def test_the_bar_at_the_bottom_tells_the_output(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, result: Snapshot, told: list[str]
):
    path = tmp_path / "a.qviz"
    codec.save(result, path)
    window.opener.open_source(str(path), is_consented=False)
    qtbot.waitUntil(lambda: window.desk is not None and window.desk.project is not None)
    labels = [each for each in window.statusBar().findChildren(QLabel) if each.isVisible()]
    shown = [each for each in labels if "SQNR" in each.text()]
    assert [each.text() for each in shown] == told
    assert all("\nlayer1.0.conv1 weight owns 61 %" in each.toolTip() for each in shown)


def test_what_is_measured_now_is_named():
    assert progress_text("measuring", 1, 4) == "Measuring the models 1 of 4"
    assert progress_text("estimating", 3, 8) == "Estimating what each quantizer costs 3 of 8"

"""Everyday tasks that open, find and export, in the real window with mouse and keys; none takes more than eight."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QDialog, QPushButton

from qviz.session.sides import Side
from qviz.ui.panels.column_heads import ColumnHeads
from qviz.ui.panels.welcome import DropTarget, SampleCard
from tests.end_to_end.test_tasks_reading import MOST
from tests.end_to_end.user import User

WITHOUT_INPUTS = """
from torch import nn

class Net(nn.Module):
    def __init__(self, classes: int = 10):
        super().__init__()
        self.conv, self.relu, self.fc = nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Linear(8, classes)

    def forward(self, x, scale=None):
        return self.fc(self.relu(self.conv(x)).mean((2, 3)))
"""


def test_open_a_file_that_names_no_inputs(user: User, tmp_path: Path):
    (tmp_path / "net.py").write_text(WITHOUT_INPUTS)
    user.click(user.found(DropTarget).typed)
    user.write(str(tmp_path / "net.py"))
    user.press("Return")
    user.wait_to_see("The call works", "Returns 1×10 float32")
    assert user.sees("Which inputs does it take?", "1 × 3 × 224 × 224", "Dashed fields are guesses: check them.")
    user.click_text("Run FX static")
    user.wait_for_result()
    assert {"x", "conv", "fc", "output"} <= {*user.boxes()}
    assert user.count <= MOST


def test_export_the_changes_for_a_review(user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    def name_file(_dialog: QDialog) -> None:
        user.write("changes.svg")
        user.press("Return")

    user.click(user.found(SampleCard, "Residual block"))
    user.wait_for_result()
    user.press("3")
    user.press("E")
    user.wait(lambda: user.found(QPushButton, "Save…").isEnabled(), "the picture")
    user.meets(name_file)
    user.click_text("Save…")
    user.wait_to_see("Exported ")
    drawn = (tmp_path / "changes.svg").read_text(encoding="utf-8")
    assert drawn.startswith("<?xml"), "the name asks for SVG, whatever the dialog began with"
    assert all(text in drawn for text in ("Captured", "Converted", "quantize", "added", "replaced"))
    assert user.count <= MOST


def test_find_everything_by_keyboard_alone(user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    user.write("sample:transformer")
    user.press("Return")
    user.wait_for_result()
    user.press("N")
    assert user.sees("matmul stays in float between quantized operators at 2 places", "1 of ")
    assert user.sees("Why", "Findings here"), "the inspector opens with the selection"
    first = user.canvas(Side.RIGHT).selection.node
    user.press("Shift+N")
    assert user.sees("2 of ")
    assert user.canvas(Side.RIGHT).selection.node not in (None, first)
    user.press("2")
    heads = [each.titles() for each in user.window.findChildren(ColumnHeads) if each.isVisible()]
    assert sorted(heads) == [("SQNR", "noise"), ("parameters", "MACs")]
    user.press("E")
    user.wait(lambda: user.found(QPushButton, "Save…").isEnabled(), "the picture")
    user.meets(lambda _dialog: user.press("Return"))
    user.press("Return")
    user.wait_to_see("Exported ")
    assert [each.suffix for each in tmp_path.glob("*.png")] == [".png"]
    assert all(not step.startswith("click") for step in user.steps)
    assert user.count <= MOST

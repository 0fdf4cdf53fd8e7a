"""Everyday tasks that change what is quantized, or go on after a fault, in the real window with mouse and keys."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from qviz.ui.panels.run_row import RunRow
from qviz.ui.panels.summary_strip import TileButton
from qviz.ui.panels.welcome import DropTarget, SampleCard
from tests.end_to_end.test_tasks_reading import MOST
from tests.end_to_end.user import User

SLEEPY_ONCE = """
import os, time, torch

class Sleepy(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(4, 4)

    def forward(self, x):
        return self.fc(x)

example_inputs = torch.ones(1, 4)

def calibration_data():
    yield example_inputs
    if not os.path.exists(__file__ + ".slept"):
        open(__file__ + ".slept", "w").close()
        time.sleep(600)
"""


def test_leave_a_layer_in_float_and_compare_with_the_run_before(user: User):
    user.click(user.found(SampleCard, "Residual block"))
    user.wait_for_result()
    user.click_node("block_conv1")
    user.click_text("Leave in float")
    assert user.sees("Not run yet", "block.conv1 in float")
    user.click_text("Run")
    user.wait_for_result()
    assert user.sees("Stays in float: its qconfig is None, as QConfigMapping.set_module_name('block.conv1') says.")
    user.press("Shift+B")
    assert user.sees("Run 2 against Run 1: block.conv1 in float. Output SQNR", "Run 2")
    assert user.sees("Converted · Run 1"), "the pane of the run before"
    macs, output = user.found(TileButton, "MACs in int8"), user.found(TileButton, "Output SQNR")
    assert "73.6 %" in macs.accessibleName(), "of the run on screen, not of the one beside it"
    assert "against Run 1" in output.accessibleName()
    assert user.sees("replaced →", "ConvReLU2d")
    assert user.count <= MOST


def test_find_the_quantizer_that_costs_most_and_mend_it(user: User):
    user.click(user.found(DropTarget).typed)
    user.write("sample:uneven")
    user.press("Return")
    user.wait_for_result()
    user.press("2")
    assert user.sees("The noise of each quantizer was not measured.")
    user.click_text("Measure")
    user.wait_for_result()
    user.click_node("filters")
    assert user.sees("1 of 4 places", "of the output noise.", "weight 7")
    assert user.sees("Its own noise falls by"), "which is not what the output gains"
    user.click_text("Apply")
    assert user.sees("Not run yet")
    user.click_text("Run")
    user.wait_for_result()
    output = user.found(TileButton, "Output SQNR").accessibleName()
    assert " +3" in output
    assert "against Run 2" in output
    assert user.sees("Adds 0."), user.texts()
    assert user.count <= MOST


@pytest.mark.logs
def test_go_on_after_the_death_of_the_engine(lone_user: User, tmp_path: Path):
    user, path = lone_user, tmp_path / "sleepy.py"
    path.write_text(SLEEPY_ONCE)
    user.click(user.found(DropTarget).typed)
    user.write(f"{path}:Sleepy")
    user.press("Return")
    user.wait(lambda: Path(f"{path}.slept").exists() and user.sees("Fused", "3 nodes"), "the calibration")
    os.kill(user.window.engines.process_id(), signal.SIGKILL)
    user.wait_to_see("The engine was ended by SIGKILL during calibration.", "Run again")
    user.wait(lambda: "fc" in user.boxes(), "what was reached before")
    user.click_text("Run again")
    user.wait_for_result()
    assert "100 %" in user.found(TileButton, "Parameters in int8").accessibleName()
    assert not user.sees("The engine was ended")
    user.press("Ctrl+B")
    told = [each.accessibleName() for each in user.window.findChildren(RunRow) if each.isVisible()]
    assert len(told) == 2, "the run that stopped is kept"
    assert any("Calibration failed" in each for each in told), told
    assert user.count <= MOST

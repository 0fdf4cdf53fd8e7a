"""`qviz inputs` guesses what a model is called with, tries the call, and writes a plan."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qviz.cli.app import dispatch
from qviz.document import plan_file

NET = """
import torch

class Head(torch.nn.Module):
    def __init__(self, width):
        super().__init__()

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.head = Head(3)
        self.conv = torch.nn.Conv2d(5, 2, 3)
        self.spare = torch.nn.Linear(2, 2)

    def forward(self, image, mask=None):
        return self.conv(image)
"""


@pytest.fixture
def net(tmp_path: Path) -> str:
    (tmp_path / "net.py").write_text(NET)
    return str(tmp_path / "net.py")


def test_a_file_alone_is_enough(net: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "net.toml"
    assert dispatch(["inputs", net, "--flow", "fx-static", "-o", str(out)]) == 0
    told = capsys.readouterr().out
    assert told.splitlines()[0] == f"{net}:Net"
    assert "image  conv: Conv2d 5 → 2, 3×3  5 comes from conv." in told
    assert "--input image=1x5x224x224" in told
    assert "The call works. It returns 1×2×222×222 float32." in told
    assert "Not reached: spare" in told
    plan = plan_file.load(out)
    assert (plan.source, plan.flow, plan.inputs) == (f"{net}:Net", "fx-static", ("image=1x5x224x224",))


def test_inputs_that_do_not_fit_end_with_1(net: str, capsys: pytest.CaptureFixture[str]):
    assert dispatch(["inputs", f"{net}:Net", "--input", "1x4x8x8", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["inputs"], told["model"], told["call"]) == (["1x4x8x8"], None, None)
    assert "net.py:16" in told["fault"]

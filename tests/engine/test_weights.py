"""Weights of a file are loaded into the model before anything else, and the script does it too."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from qviz.document.plan import Plan
from qviz.engine.loading.source import load
from qviz.errors import QvizError

NET = """
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(3, 2)

    def forward(self, x):
        return self.fc(x)
"""
TRAINED = {"fc.weight": torch.full((2, 3), 7.0), "fc.bias": torch.zeros(2)}


@pytest.fixture
def source(tmp_path: Path) -> str:
    (tmp_path / "weighed.py").write_text(NET)
    return f"{tmp_path / 'weighed.py'}:Net"


def test_the_weights_of_a_file_are_those_of_the_run(source: str, tmp_path: Path):
    torch.save(TRAINED, tmp_path / "trained.pt")
    loaded = load(Plan(source=source, inputs=("1x3",), weights=str(tmp_path / "trained.pt")))
    assert torch.equal(loaded.module.get_parameter("fc.weight"), TRAINED["fc.weight"])
    assert loaded.python is not None
    made: dict[str, torch.nn.Module] = {}
    exec(f"import torch\n{loaded.python}", made)
    assert torch.equal(made["model"].get_parameter("fc.weight"), TRAINED["fc.weight"])


@pytest.mark.parametrize(
    ("held", "message"),
    [
        ({"fc.weight": torch.zeros(5, 5)}, "do not fit the model: .*size mismatch for fc.weight"),
        ([torch.zeros(2)], "holds tensors without names"),
        ({"lr": 3}, "holds something other than tensors"),
    ],
)
def test_other_files_are_refused(source: str, tmp_path: Path, held: object, message: str):
    torch.save(held, tmp_path / "other.pt")
    with pytest.raises(QvizError, match=message):
        load(Plan(source=source, inputs=("1x3",), weights=str(tmp_path / "other.pt")))


def test_a_name_is_no_file_of_weights(source: str):
    with pytest.raises(QvizError, match="is not a file of weights"):
        load(Plan(source=source, inputs=("1x3",), weights="os:getcwd"))

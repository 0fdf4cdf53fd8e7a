from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from qviz.engine.loading.calibration import Batches, calibration_batches
from qviz.engine.loading.forward import Arguments
from qviz.errors import QvizError

EXAMPLE = Arguments((torch.ones(2, 3),))


class Two(torch.nn.Module):
    def forward(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        return left + right


def place(**names: Any) -> ModuleType:
    made = ModuleType("place")
    vars(made).update(names)
    return made


def shapes(path: Path, inputs: Arguments = EXAMPLE) -> list[list[tuple[int, ...]]]:
    batches = calibration_batches(str(path), place(), inputs)
    return [[tuple(each.shape) for each in batch.values] for batch in batches or ()]


def test_samples_of_a_file_are_cut_like_the_example_inputs(tmp_path: Path):
    np.save(tmp_path / "samples.npy", np.zeros((7, 3), np.float32))
    assert shapes(tmp_path / "samples.npy") == [[(2, 3)]] * 3


def test_one_dimension_more_is_the_number_of_batches(tmp_path: Path):
    np.savez(tmp_path / "batches.npz", x=np.zeros((5, 4, 3), np.float32))
    assert shapes(tmp_path / "batches.npz") == [[(4, 3)]] * 5


def test_every_input_has_its_tensor(tmp_path: Path):
    torch.save({"left": torch.zeros(4, 3), "right": torch.zeros(4, 1)}, tmp_path / "two.pt")
    assert shapes(tmp_path / "two.pt", Arguments((torch.ones(2, 3), torch.ones(2, 1)))) == [[(2, 3), (2, 1)]] * 2


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": (4, 3), "y": (4, 3)}, "holds 2 tensors, but the model takes 1"),
        ({"x": (1, 3)}, "does not make whole batches: it holds 1×3"),
    ],
)
def test_a_file_that_does_not_fit_says_why(tmp_path: Path, arrays: dict[str, tuple[int, ...]], message: str):
    zeros: dict[str, Any] = {name: np.zeros(shape, np.float32) for name, shape in arrays.items()}
    np.savez(tmp_path / "data.npz", **zeros)
    with pytest.raises(QvizError, match=message) as caught:
        shapes(tmp_path / "data.npz")
    assert caught.value.hint


def test_labels_are_dropped_and_names_put_in_order():
    left, right, label = torch.zeros(1), torch.ones(1), torch.tensor(3)
    data = [(left, right, label), {"right": right, "left": left}]
    batches = Batches(data, Arguments((left, right)), Two())
    assert [[each.item() for each in batch.args] for batch in batches] == [[0, 1], [0, 1]]


def test_data_of_unknown_length_counts_nothing():
    assert len(Batches((batch for batch in [torch.ones(1)]), EXAMPLE)) == 0
    assert len(Batches([torch.ones(1)] * 3, EXAMPLE)) == 3


def test_data_beside_the_model_may_be_a_function():
    beside = place(calibration_data=lambda: [torch.ones(2, 3)])
    assert len(list(calibration_batches(None, beside, EXAMPLE) or ())) == 1
    assert calibration_batches(None, place(), EXAMPLE) is None


def gone():
    raise OSError("no disk")


@pytest.mark.parametrize(
    ("data", "message"), [(torch.ones(3), "is a Tensor, not batches"), (gone, r"OSError: no disk at .*:\d+")]
)
def test_data_that_is_none_is_said(data: Any, message: str):
    with pytest.raises(QvizError, match=message):
        calibration_batches(None, place(calibration_data=data), EXAMPLE)

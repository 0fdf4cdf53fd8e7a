"""Converted models that stop: at an argument that the quantized module lacks, or behind a weight that is another."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from qviz.document.plan import Plan
from qviz.document.snapshot import Finding, Level
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.run import run_loaded

IMAGES = torch.linspace(-1, 1, 1536).reshape(2, 3, 16, 16)
INDICES = torch.arange(48).reshape(8, 6)


class Upwards(nn.Module):
    def __init__(self, by_size: bool) -> None:
        super().__init__()
        self.by_size = by_size
        self.down = nn.Conv2d(3, 8, 3, 2, 1)
        self.up = nn.ConvTranspose2d(8, 3, 3, 2, 1, output_padding=0 if by_size else 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = F.relu(self.down(x))
        return self.up(y, output_size=[16, 16]) if self.by_size else self.up(y)


class Bag(nn.Module):
    def __init__(self, columns: int) -> None:
        super().__init__()
        self.bag, self.fc = nn.EmbeddingBag(50, columns, mode="sum"), nn.Linear(columns, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.bag(x))


def loud(model: nn.Module, inputs: torch.Tensor, flow: str, **fields: Any) -> list[Finding]:
    snapshot = run_loaded(Loaded(model.eval(), (inputs,)), Plan(source="m", flow=flow, **fields), lambda _: None)
    return [each for each in snapshot.findings if each.level is not Level.INFO]


def test_an_argument_that_the_quantized_module_does_not_take():
    (found,) = loud(Upwards(by_size=True), IMAGES, "fx-static")
    assert (found.code, found.nodes, found.args["argument"]) == (
        "converted_does_not_run.argument",
        ("up",),
        "output_size",
    )
    assert loud(Upwards(by_size=False), IMAGES, "fx-static") == []


@pytest.mark.parametrize("columns", [15, 16])
def test_embeddings_of_4_bits_with_an_odd_number_of_columns(columns: int):
    found = loud(Bag(columns), INDICES, "fx-weight-only", weight_dtype="quint4x2")
    told = [(each.code, each.nodes) for each in found]
    assert told == ([("converted_does_not_run.odd_columns", ("fc", "bag"))] if columns % 2 else [])
    assert loud(Bag(columns), INDICES, "fx-weight-only") == []


class ReadsDtype(nn.Module):
    """Casts to the dtype of a weight, as the text tower of open_clip does."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.fc2 = nn.Linear(8, 8), nn.Linear(8, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc2(self.fc(x).to(self.fc.weight.dtype))


def test_code_that_reads_a_weight_as_a_tensor_is_told_of_it_and_not_of_transformers():
    (stop,) = [each for each in loud(ReadsDtype(), torch.ones(2, 8), "eager-dynamic") if each.because_of is None]
    assert stop.code == "converted_does_not_run.weight_is_method"
    assert "Transformer" not in stop.hint

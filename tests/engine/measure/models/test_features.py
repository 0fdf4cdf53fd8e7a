"""Outputs that are features, by the graph that gives them."""

from __future__ import annotations

from typing import NamedTuple

import pytest
import torch
from torch import nn

import qviz


class Both(NamedTuple):
    """Scores and what they are made of."""

    scores: torch.Tensor
    hidden: torch.Tensor


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 8, 3), nn.Linear(8, 4)

    def forward(self, x: torch.Tensor) -> Both:
        hidden = torch.relu(self.conv(x)).mean((2, 3))
        return Both(self.fc(hidden), hidden)


@pytest.mark.parametrize("flow", ["fx-static", "pt2e-static"])
def test_what_the_model_reads_on_has_no_classes(flow: str):
    found = qviz.inspect(Net().eval(), (torch.randn(2, 3, 8, 8),), flow=flow).document.measurements
    assert found is not None
    assert {each.name: each.agreement is not None for each in found.outputs} == {"scores": True, "hidden": False}

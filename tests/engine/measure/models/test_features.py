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


class Nodes(nn.Module):
    """Scores of a graph: one row for all of its nodes, or one for each."""

    def __init__(self, is_pooled: bool) -> None:
        super().__init__()
        self.fc, self.is_pooled = nn.Linear(3, 4), is_pooled

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x.mean(0, keepdim=True) if self.is_pooled else x)


@pytest.mark.parametrize("is_pooled", [False, True])
def test_rows_that_are_fewer_than_the_samples_are_no_classes_of_samples(is_pooled: bool):
    found = qviz.inspect(Nodes(is_pooled).eval(), (torch.randn(6, 3),), flow="fx-static").document.measurements
    assert found is not None
    assert (found.outputs[0].agreement is None) == is_pooled

"""A convolution in float in a dynamic flow: a fault where it does the work, a note beside larger layers."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from qviz.document.snapshot import Level
from tests.faults.test_field_cases import run

IMAGES = (torch.linspace(-1, 1, 3072).reshape(1, 3, 32, 32),)


class Patches(nn.Module):
    """A vision transformer without its attention: patches by a convolution, then Linear."""

    def __init__(self, patch: int, width: int) -> None:
        super().__init__()
        self.embed = nn.Conv2d(3, 16, patch, stride=patch)
        self.wide, self.narrow = nn.Linear(16, width), nn.Linear(width, 16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.embed(x).flatten(2).transpose(1, 2)
        return (x + self.narrow(torch.relu(self.wide(x)))).mean(1)


@pytest.mark.parametrize("flow", ["eager-dynamic", "fx-dynamic", "pt2e-dynamic"])
@pytest.mark.parametrize(("patch", "width", "level"), [(4, 64, Level.WARNING), (2, 64, Level.INFO)])
def test_the_level_is_that_of_its_share_of_the_work(flow: str, patch: int, width: int, level: Level):
    found = run(Patches(patch, width), flow, IMAGES).findings
    (told,) = [each for each in found if each.code == "dynamic_on_convolutions.left_in_float"]
    assert told.level is level

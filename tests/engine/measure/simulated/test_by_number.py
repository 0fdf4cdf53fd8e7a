"""A kernel that computes with a number makes a scale of its own: the measuring copy clips nothing there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from qviz.engine.loading.forward import Arguments
from qviz.engine.measure.models import four_models
from qviz.engine.measure.simulated.by_number import behind_numbers
from tests.engine.measure.simulated.test_simulation import IMAGES, simulated


class Scaled(nn.Module):
    """What a depth network or a policy gives: a bounded function, scaled to its range."""

    def __init__(self, scale: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.conv, self.scale = nn.Conv2d(3, 4, 1), scale

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.scale(torch.sigmoid(self.conv(x)))


SCALES = [
    (lambda x: x * 10, 1e-5),
    (lambda x: 10 * x, 1e-5),
    (lambda x: torch.relu(torch.mul(x, 10)), 1e-5),
    (lambda x: 0.1 + x * 10, 10 / 255),  # the kernel widens the steps and rounds the number to them
]


@pytest.mark.parametrize(("scale", "most"), SCALES)
def test_what_is_scaled_is_not_clipped(scale: Callable[[torch.Tensor], torch.Tensor], most: float):
    torch.manual_seed(0)
    simulation, _, converted = simulated("fx", Scaled(scale), IMAGES)
    (on,) = four_models.simulated(simulation, [Arguments(IMAGES)])
    wanted = converted(*IMAGES)
    assert float(wanted.max()) > 5
    assert float((on["output"] - wanted).abs().max()) <= most


@pytest.mark.parametrize(
    ("scale", "places"),
    [(lambda x: x * 10, 1), (lambda x: 0.1 + x * 10, 2), (lambda x: x * x, 0), (lambda x: x + x.mean(), 0)],
)
def test_only_observers_behind_numbers_round_nothing(scale: Callable[[torch.Tensor], torch.Tensor], places: int):
    torch.manual_seed(0)
    _, prepared, converted = simulated("fx", Scaled(scale), IMAGES)
    assert len(behind_numbers(prepared, converted)) == places  # type: ignore[arg-type]
    assert not behind_numbers(prepared, nn.Identity())  # type: ignore[arg-type]

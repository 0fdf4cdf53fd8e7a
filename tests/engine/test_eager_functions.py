"""Functions that eager quantization passes by."""

from __future__ import annotations

import torch
from torch import nn
from torch.ao.nn.quantized import FloatFunctional
from torch.nn import functional

from qviz.engine.eager_functions import unseen
from qviz.engine.forward import Arguments
from qviz.engine.module_graph import draw


class Functions(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.adding, self.weight = FloatFunctional(), nn.Parameter(torch.randn(4, 4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        count = x.shape[0] * 2 + x.size(1)
        x = functional.relu(x)
        x = functional.linear(x, self.weight)
        x = x + x
        x = x * 3
        x = self.adding.add(x, x)
        return torch.cat([x, x], dim=1).reshape(count - 4, -1)


def test_each_function_is_named_with_the_module_that_eager_mode_sees() -> None:
    found = list(unseen(draw(Functions(), Arguments((torch.randn(2, 4),))).graph))
    assert [(each.better, each.stops) for each in found] == [
        ("torch.nn.ReLU", False),
        ("torch.nn.Linear", True),
        ("FloatFunctional.add", True),
        ("FloatFunctional.mul_scalar", True),
        ("FloatFunctional.cat", False),
    ]

"""Functions that eager quantization passes by."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.ao.nn.quantized import FloatFunctional
from torch.ao.quantization import DeQuantStub, QuantStub
from torch.nn import functional

from qviz.engine.checks.eager_functions import unseen
from qviz.engine.loading.forward import Arguments
from qviz.engine.recording.module_graph import draw


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


class Inside(nn.Module):
    """Whatever a FloatFunctional does is seen, unless the model does not hold it."""

    def __init__(self, branches: bool, is_held: bool) -> None:
        super().__init__()
        self.branches = branches
        self.held = [FloatFunctional() for _ in range(3)]
        if is_held:
            self.functionals = nn.ModuleList(self.held)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.branches and x.sum() < -1e9:
            return x
        one, two, three = self.held
        return three.mul_scalar(two.add_scalar(one.add_relu(x, x), 3.0), 2.0)


@pytest.mark.parametrize("branches", [False, True])
def test_functions_inside_of_a_float_functional_are_seen(branches: bool) -> None:
    inputs = Arguments((torch.randn(2, 4),))
    assert list(unseen(draw(Inside(branches, is_held=True), inputs).graph)) == []
    passed_by = [each.node.name for each in unseen(draw(Inside(branches, is_held=False), inputs).graph)]
    assert passed_by == ["add", "relu", "add_1", "mul"]


def test_each_function_is_named_with_the_module_that_eager_mode_sees() -> None:
    found = list(unseen(draw(Functions(), Arguments((torch.randn(2, 4),))).graph))
    assert [(each.better, each.stops) for each in found] == [
        ("torch.nn.ReLU", False),
        ("torch.nn.Linear", True),
        ("FloatFunctional.add", True),
        ("FloatFunctional.mul_scalar", True),
        ("FloatFunctional.cat", False),
    ]


class Between(nn.Module):
    """The same function before, between and behind the stubs."""

    def __init__(self) -> None:
        super().__init__()
        self.quant, self.fc, self.dequant = QuantStub(), nn.Linear(4, 4), DeQuantStub()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.fc(self.quant(x + x))
        y = y + y
        y = self.dequant(y)
        return y + x


def test_functions_of_float_tensors_are_as_they_should_be() -> None:
    found = unseen(draw(Between(), Arguments((torch.randn(2, 4),))).graph)
    assert [each.node.name for each in found] == ["add_1"]

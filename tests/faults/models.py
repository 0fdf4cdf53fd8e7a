"""The models of the corpus: as small as the fault allows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.ao.quantization import DeQuantStub, QuantStub
from torch.nn import functional as F  # noqa: N812 - torch's own name

Forward = Callable[[Any, torch.Tensor], torch.Tensor]


class Made(nn.Module):
    """A model of given modules and a given forward, of one input."""

    def __init__(self, forward: Forward, **modules: nn.Module) -> None:
        super().__init__()
        self.how = [forward]  # in a list, else it would be a method of the class
        for name, module in modules.items():
            self.add_module(name, module)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.how[0](self, x)


def made(forward: Forward, **modules: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
    """Return what makes the model, modules in this order."""
    return lambda: Made(forward, **{name: make() for name, make in modules.items()})


def conv(channels: int = 4, **options: Any) -> Callable[[], nn.Module]:
    return lambda: nn.Conv2d(4, channels, 3, padding=1, **options)


def linear(out: int = 8) -> Callable[[], nn.Module]:
    return lambda: nn.Linear(8, out)


def norm() -> nn.Module:
    """A batch norm that is no identity."""
    module = nn.BatchNorm2d(4)
    assert module.running_mean is not None
    with torch.no_grad():
        module.weight.copy_(torch.tensor([0.5, 1.0, 2.0, 3.0]))
        module.running_mean.copy_(torch.tensor([0.1, -0.2, 0.3, 0.0]))
    return module


class TwoInputs(nn.Module):
    """Two inputs, of which only one comes through a QuantStub."""

    def __init__(self, both: bool = False) -> None:
        super().__init__()
        self.quant = QuantStub()
        self.quant2 = QuantStub() if both else nn.Identity()
        self.conv1 = nn.Conv2d(4, 4, 1)
        self.conv2 = nn.Conv2d(4, 4, 1)
        self.dequant = DeQuantStub()
        self.dequant2 = DeQuantStub()

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return self.dequant(self.conv1(self.quant(x))) + self.dequant2(self.conv2(self.quant2(y)))


class Stubborn(nn.Module):
    """Strict capture stops in its forward."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        torch._dynamo.graph_break()
        return self.fc(x)


def scaled(make: Callable[[], nn.Module], factor: float, first: int = 1) -> Callable[[], nn.Module]:
    """Return a module whose first output channels have weights larger by a factor."""

    def run() -> nn.Module:
        module = make()
        with torch.no_grad():
            module.weight[:first] *= factor  # type: ignore[index,operator]
        return module

    return run


def relu_f(x: torch.Tensor) -> torch.Tensor:
    return F.relu(x)

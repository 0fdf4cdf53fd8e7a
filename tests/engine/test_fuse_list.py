"""The fuse list that a trace of the model gives."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from torch.ao.quantization import fuse_modules

from qviz.engine.configuration.fuse_list import fuse_list
from qviz.engine.loading.forward import Arguments
from qviz.engine.recording.module_graph import draw

X = torch.randn(1, 3, 8, 8)


class Shared(nn.Module):
    """Something that is called twice stands between the convolution and its relu."""

    def __init__(self, between: nn.Module) -> None:
        super().__init__()
        self.c, self.s, self.r = nn.Conv2d(3, 3, 3), between, nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.s(self.r(self.s(self.c(x))))


class Plain(nn.Module):
    def __init__(self, conv: nn.Module) -> None:
        super().__init__()
        self.c, self.b, self.r = conv, nn.BatchNorm2d(3), nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.r(self.b(self.c(x)))


def derived(model: nn.Module, for_training: bool = False):
    return fuse_list(draw(model, Arguments((X,))).graph, for_training)


@pytest.mark.parametrize("between", [nn.Sigmoid(), nn.ReLU(), nn.BatchNorm2d(3)])
def test_modules_that_do_not_follow_each_other_are_not_joined(between: nn.Module) -> None:
    assert derived(Shared(between).eval()) == ()


def test_what_is_joined_computes_the_same() -> None:
    model = Plain(nn.Conv2d(3, 3, 3)).eval()
    found = derived(model)
    assert found == (("c", "b", "r"),)
    fused = fuse_modules(copy.deepcopy(model), [list(each) for each in found])
    assert torch.allclose(fused(X), model(X), atol=1e-5)


def test_transposed_convolutions_are_left_out_for_training_as_torch_refuses_them() -> None:
    model = Plain(nn.ConvTranspose2d(3, 3, 3))
    assert derived(model.eval()) == (("c", "b"),)
    assert derived(model.train(), for_training=True) == (("b", "r"),)

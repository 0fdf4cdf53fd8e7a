"""Parametrized layers of classes of one's own: torch.fx takes their class for one of torch's, and looks no further."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm
from torch.nn.utils.parametrize import remove_parametrizations

from qviz.document.causes import by_cause
from qviz.document.snapshot import Level
from tests.faults.cases import ROW, ran


class Scaled(nn.Linear):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x * 0.5)


class Net(nn.Module):
    def __init__(self, is_own: bool) -> None:
        super().__init__()
        self.fc: Any = weight_norm((Scaled if is_own else nn.Linear)(8, 8))
        self.out = nn.Linear(8, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.fc(x))


def causes(model: nn.Module) -> list[tuple[str, tuple[str, ...]]]:
    snapshot = ran(lambda: model, "fx-static", [ROW], measure=False)()
    found = by_cause(snapshot.findings)
    return [(each.cause.code, each.cause.nodes) for each in found if each.cause.level is not Level.INFO]


def test_a_parametrized_subclass_is_named_and_the_remedy_works():
    code = "type_not_replaced.parametrized_subclass"
    assert causes(Net(is_own=True).eval()) == [(code, ("fc",))]
    assert code not in dict(causes(Net(is_own=False).eval()))
    mended = Net(is_own=True).eval()
    remove_parametrizations(mended.fc, "weight")
    assert causes(mended) == []

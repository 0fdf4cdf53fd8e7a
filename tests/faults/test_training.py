"""Training that computes gradients and changes nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from tests.faults.cases import ROW, ran
from tests.faults.models import linear, made

FC = made(lambda m, x: m.fc(x), fc=linear())
X = torch.randn(ROW, generator=torch.Generator().manual_seed(3))


def backward_alone(model: nn.Module) -> None:
    model(X).square().mean().backward()


def with_another_optimizer(model: nn.Module) -> None:
    optimizer = torch.optim.SGD(FC().parameters(), lr=0.1)
    model(X).square().mean().backward()
    optimizer.step()


def with_its_own(model: nn.Module) -> None:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model(X).square().mean().backward()
    optimizer.step()


def forward_alone(model: nn.Module) -> None:
    model(X)


@pytest.mark.parametrize(
    ("train", "is_told"),
    [(backward_alone, True), (with_another_optimizer, True), (with_its_own, False), (forward_alone, False)],
)
def test_gradients_that_change_no_parameter(train: Callable[[nn.Module], None], is_told: bool):
    snapshot = ran(FC, "fx-qat", [ROW], train=train, measure=False)()
    assert snapshot.run.error is None
    assert ("training_without_effect" in {each.rule for each in snapshot.findings}) is is_told

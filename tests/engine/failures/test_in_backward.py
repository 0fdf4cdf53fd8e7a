"""Training that stops in backward(): the node whose gradient failed, found by running it once more."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from qviz.document.snapshot import RunError
from tests.faults.cases import ROW, ran
from tests.faults.models import linear, made


def in_place(m: Any, x: torch.Tensor) -> Any:
    kept = torch.sigmoid(m.fc(x))
    square = kept * kept
    kept.add_(1)
    return m.fc2(square + kept)


class Twice(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        return x * 2

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        return gradients[0], gradients[0]


LAYERS = {"fc": linear(), "fc2": linear()}
IN_PLACE = made(in_place, **LAYERS)
NEXT = made(lambda m, x: m.fc2(torch.nextafter(m.fc(x), x)), **LAYERS)
SOUND = made(lambda m, x: m.fc2(torch.sigmoid(m.fc(x))), **LAYERS)
OWN = made(lambda m, x: m.fc2(Twice.apply(m.fc(x)) if x.sum() < 1e9 else x), **LAYERS)


def train(model: nn.Module) -> None:
    model(torch.randn(3, ROW[1])).square().mean().backward()


def train_by_itself(model: nn.Module) -> None:
    torch.nextafter(model(torch.randn(ROW)), torch.ones(ROW)).sum().backward()


def stop(model: Any, flow: str, how: Any = train) -> RunError | None:
    return ran(model, flow, [ROW], train=how, measure=False)().run.error


@pytest.mark.parametrize("flow", ["fx-qat", "eager-qat", "pt2e-qat"])
@pytest.mark.parametrize(
    ("model", "code", "node"),
    [(IN_PLACE, "stop.modified_in_place", "mul"), (NEXT, "stop.no_derivative", "nextafter")],
)
def test_the_node_whose_gradient_fails(flow: str, model: Any, code: str, node: str):
    error = stop(model, flow)
    assert error is not None
    assert (error.code, error.roles["subject"]) == (code, (node,))


def test_a_loss_that_fails_by_itself_has_no_node_of_the_model():
    error = stop(SOUND, "fx-qat", train_by_itself)
    assert error is not None
    assert error.code == "stop.no_derivative"
    assert not error.roles
    assert stop(SOUND, "fx-qat") is None


def test_a_function_of_ones_own_whose_gradients_do_not_fit():
    error = stop(OWN, "eager-qat")
    assert error is not None
    assert (error.code, error.args["own"]) == ("stop.own_backward", "Twice")

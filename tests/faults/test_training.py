"""Training that changes nothing, or cannot: gradients without a step, batch norms that are gone."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.ao.quantization import DeQuantStub, QuantStub, QuantWrapper, disable_observer, fuse_modules, fuse_modules_qat

from qviz.document.snapshot import Level
from tests.faults.cases import IMAGE, ROW, ran
from tests.faults.models import linear, made, norm

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


def a_copy(model: nn.Module) -> None:
    with_its_own(copy.deepcopy(model))


def without_gradient(model: nn.Module) -> None:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    (model(X) * 0.0).mean().backward()
    optimizer.step()


def without_ranges(model: nn.Module) -> None:
    model.apply(disable_observer)
    with_its_own(model)


@pytest.mark.parametrize(
    ("train", "told"),
    [
        (backward_alone, [("training_without_effect", Level.INFO)]),
        (with_another_optimizer, [("training_without_effect", Level.INFO)]),
        (forward_alone, [("training_without_effect.no_gradient", Level.INFO)]),
        (without_gradient, [("training_without_effect.zero_gradient", Level.INFO)]),
        (a_copy, [("training_without_effect.untouched", Level.INFO)]),
        (with_its_own, []),
    ],
)
def test_training_that_changes_no_parameter(train: Callable[[nn.Module], None], told: list[tuple[str, Level]]):
    snapshot = ran(FC, "fx-qat", [ROW], train=train, measure=False)()
    assert snapshot.run.error is None
    found = [each for each in snapshot.findings if each.rule == "training_without_effect"]
    assert [(each.code, each.level) for each in found] == told


@pytest.mark.parametrize("flow", ["fx-qat", "eager-qat"])
def test_observers_that_are_off_from_the_start_stop_the_conversion(flow: str):
    """The weights have one range for each channel, of which torch asserts that it is none."""
    stubbed = (lambda: QuantWrapper(FC())) if flow == "eager-qat" else FC
    snapshot = ran(stubbed, flow, [ROW], train=without_ranges, measure=False)()
    assert snapshot.run.error is not None
    assert snapshot.run.error.code == "stop.range_empty"
    stopped = snapshot.findings[0]
    assert stopped.because_of is not None
    assert stopped.because_of.rule == "never_calibrated"
    assert ran(stubbed, flow, [ROW], train=with_its_own, measure=False)().run.error is None


def in_large_steps(model: nn.Module) -> None:
    optimizer = torch.optim.SGD(model.parameters(), lr=1e3)
    for _ in range(4):
        optimizer.zero_grad()
        model(X).square().mean().backward()
        optimizer.step()


@pytest.mark.parametrize(("train", "first"), [(in_large_steps, "training_diverged"), (with_its_own, None)])
@pytest.mark.parametrize("flow", ["fx-qat", "pt2e-qat"])
def test_training_that_diverges_is_the_cause_of_what_is_clipped(
    train: Callable[[nn.Module], None], first: str | None, flow: str
):
    findings = ran(FC, flow, [ROW], train=train)().findings
    assert ("training_diverged" in {each.rule for each in findings}) is (first is not None)
    assert first is None or findings[0].rule == first


class Folded(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.bn, self.relu = nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4), nn.ReLU()
        self.quant, self.dequant = QuantStub(), DeQuantStub()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.dequant(self.relu(self.bn(self.conv(self.quant(x)))))


def fused(for_training: bool, parts: list[str]) -> nn.Module:
    fuse = fuse_modules_qat if for_training else fuse_modules
    return fuse(Folded().train(for_training), [parts])


@pytest.mark.parametrize("flow", ["eager-qat", "fx-qat"])
@pytest.mark.parametrize(
    ("for_training", "parts", "is_told"),
    [
        (False, ["conv", "bn", "relu"], True),
        (True, ["conv", "bn", "relu"], False),
        (True, ["bn", "relu"], False),
    ],
)
def test_batch_norms_folded_before_the_model_came(flow: str, for_training: bool, parts: list[str], is_told: bool):
    snapshot = ran(lambda: fused(for_training, parts), flow, [IMAGE], measure=False)()
    found = [each for each in snapshot.findings if each.rule == "batch_norm_fused_for_evaluation"]
    assert [(each.code, each.nodes) for each in found] == (
        [("batch_norm_fused_for_evaluation.before", ("conv",))] if is_told else []
    )


class FoldedAlone(nn.Module):
    """A convolution with a batch norm and no relu behind it; `name` is that of the batch norm."""

    def __init__(self, bias: bool, name: str) -> None:
        super().__init__()
        self.quant, self.dequant, self.conv = QuantStub(), DeQuantStub(), nn.Conv2d(4, 4, 3, bias=bias)
        self.add_module(name, nn.BatchNorm2d(4))
        self.last = nn.Conv2d(4, 4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        _, _, conv, norm, last = self.children()
        return self.dequant(last(norm(conv(self.quant(x)))))


class Dropped(nn.Module):
    """An Identity where a dropout may be, behind a bias that trains."""

    def __init__(self) -> None:
        super().__init__()
        self.quant, self.dequant = QuantStub(), DeQuantStub()
        self.conv, self.drop, self.bn = nn.Conv2d(4, 4, 3), nn.Identity(), nn.BatchNorm2d(4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.dequant(self.bn(self.drop(self.conv(self.quant(x)))))


def fused_alone(bias: bool, name: str) -> nn.Module:
    return fuse_modules(FoldedAlone(bias, name).eval(), [["conv", name]])


@pytest.mark.parametrize(("flow", "node"), [("eager-qat", "conv"), ("fx-qat", "conv"), ("pt2e-qat", "conv2d")])
@pytest.mark.parametrize(
    ("make", "sign"),
    [
        (lambda: fused_alone(False, "second"), "before_without_relu"),
        (lambda: fused_alone(True, "norm"), "seems_before"),
        (lambda: fused_alone(True, "second"), None),  # nothing tells it from an Identity of the model
        (lambda: FoldedAlone(False, "norm"), None),
        (Dropped, None),
        (lambda: QuantWrapper(nn.Sequential(nn.Conv2d(4, 4, 3), nn.Identity(), norm())), None),
    ],
)
def test_batch_norms_folded_without_a_relu(flow: str, node: str, make: Callable[[], nn.Module], sign: str | None):
    snapshot = ran(make, flow, [IMAGE], measure=False)()
    found = [each for each in snapshot.findings if each.rule == "batch_norm_fused_for_evaluation"]
    assert [(each.code, each.nodes) for each in found] == (
        [(f"batch_norm_fused_for_evaluation.{sign}", (node,))] if sign else []
    )


def puts_a_new_layer(model: nn.Module) -> None:
    inner = getattr(model, "module", model)
    inner.fc = linear()()
    with_its_own(model)


@pytest.mark.parametrize("flow", ["fx-qat", "eager-qat"])
@pytest.mark.parametrize(("train", "is_told"), [(puts_a_new_layer, True), (with_its_own, False)])
def test_a_train_function_that_replaces_a_layer_is_named_first(
    flow: str, train: Callable[[nn.Module], None], is_told: bool
):
    stubbed = (lambda: QuantWrapper(FC())) if flow == "eager-qat" else FC
    findings = ran(stubbed, flow, [ROW], train=train, measure=False)().findings
    told = [each for each in findings if each.rule == "training_replaced"]
    assert bool(told) is is_told
    cause = findings[0].because_of
    assert not told or "training_replaced" in (findings[0].rule, cause.rule if cause is not None else None)

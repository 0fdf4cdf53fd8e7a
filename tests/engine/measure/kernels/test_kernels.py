"""Operators of converted and simulated models, fed equal inputs: wrong kernels are named, right ones are not."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.ao.quantization import DeQuantStub, QuantStub

from qviz.document.measurements import KernelDifference, Measurements
from qviz.document.plan import Plan
from qviz.document.plan_patch import patched
from qviz.document.snapshot import Level, Snapshot
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.run import run_loaded
from tests.engine.test_counts import MODELS
from tests.processor import without_overflow

NAMED = {
    "quantized.add",  # of a number: it chooses a scale of its own
    "AdaptiveAvgPool2d",  # it rounds the mean of integers, by less than a step
    "ConvTranspose2d",  # the x86 engine of torch 2.8 miscomputes it
}


def run(model: nn.Module, inputs: tuple[Any, ...], flow: str, **fields: Any) -> Snapshot:
    torch.manual_seed(0)
    loaded = Loaded(model.eval(), Arguments(inputs), None)
    return run_loaded(loaded, Plan(source="test", flow=flow, **fields), lambda _: None)


def measured(snapshot: Snapshot) -> Measurements:
    assert snapshot.measurements is not None
    assert snapshot.measurements.not_measured == ()
    return snapshot.measurements


def differences(model: nn.Module, inputs: tuple[Any, ...], flow: str) -> tuple[KernelDifference, ...]:
    return measured(run(model, inputs, flow)).operators


class Plain(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.bn, self.relu = nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(inplace=True)
        self.pool, self.fc = nn.AdaptiveAvgPool2d(2), nn.Linear(32, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.relu(self.bn(self.conv(x)))
        return self.fc(self.pool(y + 1).flatten(1)).softmax(1)


class Stubbed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.quant, self.dequant, self.small, self.large = QuantStub(), DeQuantStub(), nn.Linear(6, 6), nn.Linear(6, 6)
        self.together, self.out = torch.ao.nn.quantized.FloatFunctional(), nn.Linear(12, 3)
        with torch.no_grad():
            self.large.weight.mul_(30)

    def both(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        return self.together.cat([one, other], 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.quant(x)
        return self.dequant(self.out(self.both(self.small(x), self.large(x))))


class JoinedByTorch(Stubbed):
    def both(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        return torch.cat([one, other], 1)


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell, self.fc = nn.LSTM(8, 12, batch_first=True), nn.Linear(12, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.cell(x)[0][:, -1])


class Bag(nn.Module):
    def __init__(self, mode: str) -> None:
        super().__init__()
        self.words, self.fc = nn.EmbeddingBag(50, 8, mode=mode), nn.Linear(8, 3)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.fc(self.words(tokens))


class Shifted(nn.Module):
    """Writes into a half of a linear's output, which others read as a whole."""

    def __init__(self, in_place: bool) -> None:
        super().__init__()
        self.first, self.second, self.in_place = nn.Linear(8, 8), nn.Linear(8, 4), in_place

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.first(x)
        if self.in_place:
            y[:, 4:].add_(5)
            return self.second(y)
        return self.second(torch.cat([y[:, :4], y[:, 4:] + 5], 1))


class Masked(nn.Module):
    """Adds the smallest float, as attention masks do: the scale that holds it rounds it to minus infinity."""

    def __init__(self) -> None:
        super().__init__()
        self.scores, self.fc = nn.Linear(6, 6), nn.Linear(6, 2)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return self.fc(torch.softmax(self.scores(x) + mask, -1))


MASK = torch.triu(torch.full((16, 6), torch.finfo(torch.float32).min), 1)
IMAGE, ROWS, TOKENS = torch.randn(2, 3, 9, 9), torch.randn(16, 6), torch.randint(0, 50, (4, 6))


@pytest.mark.parametrize(
    ("make", "inputs", "flow"),
    [
        (Plain, (IMAGE,), "fx-static"),
        (Plain, (IMAGE,), "fx-qat"),
        (Plain, (IMAGE,), "fx-dynamic"),
        (Plain, (IMAGE,), "pt2e-static"),
        (Plain, (IMAGE,), "pt2e-qat"),
        (Stubbed, (ROWS,), "eager-static"),
        (Recurrent, (torch.randn(2, 5, 8),), "eager-dynamic"),
        (Recurrent, (torch.randn(2, 5, 8),), "fx-dynamic"),
        (lambda: Bag("sum"), (TOKENS,), "eager-weight-only"),
        (Masked, (ROWS, MASK), "fx-static"),
        (lambda: Shifted(in_place=False), (torch.randn(16, 8),), "pt2e-static"),
    ],
)
def test_kernels_that_round_right_are_not_named(make, inputs, flow):
    torch.manual_seed(0)
    found = without_overflow(differences(make(), inputs, flow))
    assert [each for each in found if each.target not in NAMED] == []


def test_a_kernel_that_miscomputes_is_named_and_those_behind_it_are_not():
    """quantized::prelu of torch 2.8 multiplies positive values by 1 in the quantization of the slopes."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 16, 3), nn.PReLU(16), nn.Conv2d(16, 4, 1))
    snapshot = run(model, (IMAGE,), "fx-static")
    (found,) = measured(snapshot).operators
    assert (found.nodes, found.module, found.target) == (("_1",), "1", "PReLU")
    assert found.is_first
    assert found.in_steps
    assert found.wrong > 0.3
    assert float(found.largest) > 10
    first = snapshot.findings[0]
    assert (first.rule, first.level, first.nodes) == ("kernel_differs", Level.ERROR, ("_1",))
    assert first.code == "kernel_differs.slopes_below_one"
    assert float(str(first.args["largest"])) == pytest.approx(0.25)
    mended = patched(Plan(source="test", flow="fx-static"), str(first.args["patch"]))
    assert measured(run(model, (IMAGE,), "fx-static", rules=mended.rules)).operators == ()


def test_slopes_below_zero_are_given_no_remedy():
    torch.manual_seed(0)
    snapshot = run(nn.Sequential(nn.Conv2d(3, 16, 3), nn.PReLU(16, init=-0.5)), (IMAGE,), "fx-static")
    first = snapshot.findings[0]
    assert first.code == "kernel_differs.slopes_below_one"
    assert "patch" not in first.args


def test_a_cat_that_takes_the_scale_of_its_first_input_is_named():
    torch.manual_seed(0)
    snapshot = run(JoinedByTorch(), (ROWS,), "eager-static")
    (found,) = without_overflow(measured(snapshot).operators)
    assert found.nodes == ("cat",)
    assert snapshot.findings[0].code == "kernel_differs.scale_of_input"
    assert snapshot.findings[0].level is Level.ERROR


@pytest.mark.parametrize("mode", ["mean", "max"])
def test_a_bag_that_adds_whatever_its_mode_is_named(mode):
    torch.manual_seed(0)
    snapshot = run(Bag(mode), (TOKENS,), "eager-weight-only")
    assert [each.nodes for each in measured(snapshot).operators] == [("words",)]
    first = snapshot.findings[0]
    assert (first.code, first.args["mode"]) == ("kernel_differs.bag_sums", mode)
    assert "words computes sums" in first.message


def test_a_write_into_a_part_that_conversion_loses_is_named_with_its_reader():
    torch.manual_seed(0)
    snapshot = run(Shifted(in_place=True), (torch.randn(16, 8),), "pt2e-static")
    found = measured(snapshot)
    (operator,) = found.operators
    assert operator.nodes == ("add_", "linear_1")
    assert found.sqnr_db is not None
    assert float(found.sqnr_db.simulated or 0) > 25  # the simulated model writes into what all read
    assert float(found.sqnr_db.converted or 0) < 15
    assert snapshot.findings[0].code == "kernel_differs.lost_write"


@pytest.mark.parametrize("name", ["ConvReluModel", "LinearModelWithSubmodule", "FunctionalConvReluConvModel"])
@pytest.mark.parametrize("flow", ["fx-static", "fx-dynamic"])
def test_kernels_of_models_of_torch_flip_by_one_step_at_most(name, flow):
    torch.manual_seed(0)
    assert without_overflow(differences(*MODELS[name](), flow)) == []


@pytest.mark.slow
@pytest.mark.logs  # torch.export does
@pytest.mark.parametrize("name", [name for name in MODELS if not name.startswith("sample:")])
@pytest.mark.parametrize(
    "flow",
    [
        *("fx-static", "fx-dynamic", "fx-qat", "fx-weight-only", "eager-dynamic"),
        *("pt2e-static", "pt2e-qat", "pt2e-dynamic"),
    ],
)
def test_every_difference_in_a_model_of_torch_is_a_flip_or_is_named(name, flow):
    torch.manual_seed(0)
    snapshot = run(*MODELS[name](), flow)
    if snapshot.run.error is None:
        found = without_overflow(measured(snapshot).operators)
        assert {each.target for each in found} <= NAMED
        assert [each.target for each in found if float(each.sqnr_db or 0) < 40] in ([], ["ConvTranspose2d"])

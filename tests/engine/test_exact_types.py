"""Layers that torch passes by for their class alone, and the hints that mend it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import nn
from torch.ao.quantization import DeQuantStub, QuantStub, convert, get_default_qconfig, prepare, quantize_dynamic

from qviz.document.snapshot import Finding, Level
from qviz.engine.checks import exact_types
from qviz.engine.loading.forward import Arguments
from qviz.engine.recording.module_graph import draw

X = torch.randn(4, 8)


class Dense(nn.Linear):
    def reset_parameters(self) -> None:
        nn.init.ones_(self.weight)
        nn.init.zeros_(self.bias)


class Scaled(nn.Linear):
    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - the name that torch gave it
        return super().forward(input) * 2


class Net(nn.Module):
    def __init__(self, fc: nn.Module, head: nn.Module | None = None) -> None:
        super().__init__()
        self.quant, self.dequant = QuantStub(), DeQuantStub()
        self.fc, self.head = fc, head or nn.Linear(8, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.dequant(self.head(self.fc(self.quant(x))))


class HeadInFloat(Net):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.dequant(self.fc(self.quant(x))))


def _dynamic(model: nn.Module) -> list[Finding]:
    passed = exact_types.passed_by(model, exact_types.DYNAMIC)
    return list(exact_types.of_dynamic(passed, draw(model, Arguments((X,))).graph))


def _static(model: nn.Module, runs: bool = False) -> list[Finding]:
    passed = exact_types.passed_by(model, exact_types.STATIC)
    return list(exact_types.of_static(passed, draw(model, Arguments((X,))).graph, runs))


@pytest.mark.parametrize(
    ("fc", "code"),
    [
        (Dense(8, 8), "subclass"),
        (Scaled(8, 8), "own_forward"),
        (torch.jit.script(nn.Linear(8, 8)), "scripted"),
    ],
)
def test_what_stays_in_float_is_named_and_torch_agrees(fc: nn.Module, code: str):
    (found,) = _dynamic(Net(fc))
    assert (found.code, found.level) == (f"type_not_replaced.{code}", Level.WARNING)
    assert (found.args["modules"], bool(found.nodes)) == (["fc"], True)
    if code != "scripted":  # a copy of those cannot be made in place
        converted: Any = quantize_dynamic(Net(fc))
        assert type(converted.fc) is type(fc)
        assert type(converted.head).__module__.startswith("torch.ao.nn.quantized.dynamic")


def test_what_torch_replaces_or_was_left_out_is_not_named():
    assert _dynamic(Net(nn.Linear(8, 8))) == []
    assert _dynamic(Net(nn.utils.parametrizations.weight_norm(nn.Linear(8, 8)))) == []
    left_out: Any = Dense(8, 8)
    left_out.qconfig = None
    assert _dynamic(Net(left_out)) == []


def test_nothing_else_to_replace_is_an_error():
    (found,) = _dynamic(Net(Dense(8, 8), Dense(8, 8)))
    assert (found.level, found.args["modules"]) == (Level.ERROR, ["fc", "head"])


def test_behind_the_stub_at_the_end_float_is_as_it_should_be():
    assert _static(HeadInFloat(nn.Linear(8, 8), Dense(8, 8))) == []
    (found,) = _static(Net(nn.Linear(8, 8), Dense(8, 8)))
    assert (found.level, found.args["modules"]) == (Level.ERROR, ["head"])


def _quantized(model: nn.Module) -> Any:
    held: Any = model.eval()
    held.qconfig = get_default_qconfig("x86")
    prepared = prepare(held)
    prepared(X)
    return convert(prepared)


def test_the_hint_for_a_subclass_mends_it():
    model = Net(Dense(8, 8))
    (found,) = _static(model)
    wanted = model(X)
    exec(found.hint[found.hint.index("for path") :].removesuffix("."), {"model": model, "torch": torch})
    assert torch.equal(model(X), wanted)
    converted = _quantized(model)
    assert type(converted.fc).__module__.startswith("torch.ao.nn.quantized")
    assert converted(X).shape == wanted.shape


def test_the_hint_for_sync_batch_norm_keeps_what_it_computes():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.SyncBatchNorm(4)).eval()
    norm: Any = model[1]
    with torch.no_grad():
        norm.weight.uniform_(1, 2)
        norm.running_mean.uniform_(1, 2)
    image = torch.randn(1, 3, 5, 5)
    before = copy.deepcopy(model)(image)
    (found,) = exact_types.of_fx(model, torch.fx.symbolic_trace(model))
    assert found.nodes == ("_1",)
    exec(found.hint[found.hint.index("for path") :].removesuffix("."), {"model": model, "torch": torch})
    assert type(model[1]) is nn.BatchNorm2d
    assert torch.equal(model(image), before)
    assert list(exact_types.of_fx(model, torch.fx.symbolic_trace(model))) == []

"""Modules, stubs and observers that a model has, and that its forward() or its training passes by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.ao.quantization import DeQuantStub, QuantStub, disable_observer

from qviz.document.causes import by_cause
from qviz.document.snapshot import Level, Snapshot
from tests.faults.cases import IMAGE, ROW, ran
from tests.faults.models import linear, made


class Stubbed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.quant, self.dequant, self.fc, self.fc2 = QuantStub(), DeQuantStub(), nn.Linear(8, 8), nn.Linear(8, 8)

    def forward(self, x: torch.Tensor) -> Any:
        return self.dequant(self.fc2(self.fc(self.quant(x))))


class Discards(Stubbed):
    def forward(self, x: torch.Tensor) -> Any:
        self.quant(x)
        return self.dequant(self.fc2(self.fc(x)))


class CallsForward(Stubbed):
    def forward(self, x: torch.Tensor) -> Any:
        return self.dequant(self.fc2.forward(self.fc(self.quant(x))))


class Listed(Stubbed):
    """`used` says whether forward() calls what the list holds."""

    def __init__(self, used: bool, owned: bool = False) -> None:
        super().__init__()
        self.used, self.extra = used, [self.fc2 if owned else nn.Linear(8, 8)]

    def forward(self, x: torch.Tensor) -> Any:
        x = self.fc(self.quant(x))
        return self.dequant(self.extra[0](x) if self.used else self.fc2(x))


def causes(snapshot: Snapshot) -> list[tuple[str, Level]]:
    return [(each.cause.code, each.cause.level) for each in by_cause(snapshot.findings)]


def test_a_stub_whose_result_nothing_reads():
    snapshot = ran(Discards, "eager-static", [ROW], measure=False)()
    assert causes(snapshot)[0] == ("float_into_quantized.unread", Level.ERROR)
    assert snapshot.findings[0].nodes == ("fc", "x", "quant")
    assert [code for code, _ in causes(ran(Stubbed, "eager-static", [ROW], measure=False)())] == []


def test_a_module_whose_forward_is_called_past_it():
    snapshot = ran(CallsForward, "eager-static", [ROW], measure=False)()
    assert causes(snapshot)[0] == ("functional_in_eager.module_passed_by", Level.ERROR)
    assert (snapshot.findings[0].nodes, snapshot.findings[0].args["module"]) == (("linear",), "fc2")


@pytest.mark.parametrize(
    ("flow", "code", "level"),
    [
        ("eager-static", "hidden_modules.eager", Level.ERROR),
        ("pt2e-static", "hidden_modules.others", Level.WARNING),
    ],
)
def test_modules_in_a_list(flow: str, code: str, level: Level):
    snapshot = ran(lambda: Listed(used=True), flow, [ROW], measure=False)()
    assert causes(snapshot)[0] == (code, level)
    (found,) = (each for each in snapshot.findings if each.rule == "hidden_modules")
    assert found.args == {"modules": ["extra[0]"], "types": ["Linear"]}


def test_modules_in_a_list_that_nothing_calls():
    assert causes(ran(lambda: Listed(used=False), "eager-static", [ROW], measure=False)()) == []


def test_modules_in_a_list_that_the_model_owns_too():
    """As in ``self.layers = [self.fc, self.fc2]``: convert replaces the attributes."""
    snapshot = ran(lambda: Listed(used=True, owned=True), "eager-static", [ROW], measure=False)()
    assert causes(snapshot) == [("hidden_modules.left_behind", Level.ERROR)]
    dynamic = ran(lambda: Listed(used=True, owned=True), "eager-dynamic", [ROW], measure=False)()
    assert ("hidden_modules.left_behind", Level.WARNING) in causes(dynamic)


def without_observers(model: nn.Module) -> None:
    model.train()
    model.apply(disable_observer)
    model(torch.randn(ROW))


def frozen_at_the_end(model: nn.Module) -> None:
    model.train()
    model(torch.randn(ROW))
    model.apply(disable_observer)


@pytest.mark.parametrize(
    ("train", "code"),
    [(without_observers, "never_calibrated.turned_off"), (frozen_at_the_end, "switched_off.observer")],
)
def test_observers_that_are_off(train: Callable[[nn.Module], None], code: str):
    two = made(lambda m, x: m.fc2(m.fc(x)), fc=linear(), fc2=linear())
    snapshot = ran(two, "fx-qat", [ROW], train=train)()
    found = {each.code for each in snapshot.findings}
    assert code in found
    assert len({"never_calibrated.turned_off", "switched_off.observer"} & found) == 1
    assert "range_unused" not in found


class EvalsInTrain(nn.Module):
    def __init__(self, whole: bool) -> None:
        super().__init__()
        self.conv, self.bn, self.fc, self.whole = nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 4), whole

    def forward(self, x: torch.Tensor) -> Any:
        return self.fc(self.bn(self.conv(x)).mean((2, 3)))

    def train(self, mode: bool = True) -> Any:
        super().train(mode)
        for each in self.children() if self.whole else (self.conv, self.bn):
            each.eval()
        return self


@pytest.mark.parametrize(
    ("whole", "code", "level"),
    [(True, "mode_kept.eval", Level.WARNING), (False, "mode_kept.frozen", Level.INFO)],
)
def test_a_train_method_that_puts_modules_into_eval_mode(whole: bool, code: str, level: Level):
    snapshot = ran(lambda: EvalsInTrain(whole), "fx-qat", [IMAGE], measure=False)()
    assert (code, level) in [(each.code, each.level) for each in snapshot.findings]

"""A test of a module's type in forward(), which conversion answers otherwise: the path parts there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.ao.quantization import DeQuantStub, QuantStub

from qviz.document.snapshot import Level, Snapshot
from tests.faults.cases import ROW, ran

TYPE_TEST = "kernel_differs.type_test"


class _Stubbed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.quant, self.fc, self.out, self.dequant = QuantStub(), nn.Linear(8, 8), nn.Linear(8, 8), DeQuantStub()
        self.is_linear = isinstance(self.fc, nn.Linear)


class Asks(_Stubbed):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.quant(x)
        if isinstance(self.fc, nn.Linear):
            x = self.fc(x)
        return self.dequant(self.out(x))


class AsksInAnExpression(_Stubbed):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.quant(x)
        x = self.fc(x) if type(self.fc) is nn.Linear else x
        return self.dequant(self.out(x))


class Remembers(_Stubbed):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.quant(x)
        if self.is_linear:
            x = self.fc(x)
        return self.dequant(self.out(x))


class AsksWithOneAnswer(_Stubbed):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.quant(x)
        if isinstance(self.fc, nn.Module):
            x = self.fc(x)
        return self.dequant(self.out(x))


class Stops(_Stubbed):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.quant(x)
        x = self.fc(x) if isinstance(self.fc, nn.Linear) else torch.linalg.norm(x, dim=1, keepdim=True)
        return self.dequant(self.out(x))


class AsksForTheSame(_Stubbed):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.quant(x)
        x = self.fc(x) if isinstance(self.fc, nn.Linear) else self.fc.forward(x)
        return self.dequant(self.out(x))


def snapshot(model: Callable[[], nn.Module], flow: str) -> Snapshot:
    torch.manual_seed(0)
    return ran(model, flow, [ROW])()


@pytest.mark.parametrize("flow", ["eager-static", "eager-dynamic"])
@pytest.mark.parametrize(("model", "test"), [(Asks, "isinstance(self.fc, nn.Linear)"), (AsksInAnExpression, "type(")])
def test_a_type_test_with_another_answer_is_named_before_what_follows(
    model: Callable[[], nn.Module], test: str, flow: str
):
    findings = snapshot(model, flow).findings
    (told,) = [each for each in findings if each.code == TYPE_TEST]
    assert told.level is Level.ERROR
    assert str(told.args["test"]).startswith(test)
    others = [each for each in findings if each is not told and each.level is not Level.INFO]
    assert others
    assert all(each.because_of is not None for each in others)


@pytest.mark.parametrize("flow", ["eager-static", "eager-dynamic"])
@pytest.mark.parametrize("model", [Remembers, AsksWithOneAnswer])
def test_an_answer_that_stays_is_not_told(model: Callable[[], nn.Module], flow: str):
    findings = snapshot(model, flow).findings
    assert [each.code for each in findings if each.level is not Level.INFO or each.code == TYPE_TEST] == []


def test_a_stop_in_the_other_branch_follows_from_the_test():
    found = {each.code.partition(".")[0]: each for each in snapshot(Stops, "eager-static").findings}
    cause = found["converted_does_not_run"].because_of
    assert (found["kernel_differs"].code, found["kernel_differs"].level) == (TYPE_TEST, Level.ERROR)
    assert cause is not None
    assert cause.rule == "kernel_differs"


def test_another_branch_that_computes_the_same_is_told_as_no_fault():
    findings = snapshot(AsksForTheSame, "eager-dynamic").findings
    assert [(each.code, each.level) for each in findings if each.rule == "kernel_differs"] == [(TYPE_TEST, Level.INFO)]

"""Models that override what torch calls: train(), eval(), __call__()."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from qviz.document.causes import by_cause
from qviz.document.snapshot import Level, Snapshot
from tests.faults.cases import IMAGE
from tests.faults.test_statements import inspect


class Plain(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.bn, self.relu = nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4), nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.relu(self.bn(self.conv(x)))


class Keeps(Plain):
    def train(self, mode: bool = True) -> Any:
        return self


class ReturnsNothing(Plain):
    def train(self, mode: bool = True) -> None:  # type: ignore[override]
        super().train(mode)


class Frozen(Plain):
    def train(self, mode: bool = True) -> Any:
        super().train(mode)
        self.bn.eval()
        return self


class Scales(Plain):
    def __call__(self, x: torch.Tensor) -> Any:
        return super().__call__(x * 2)


class Counts(Plain):
    calls = 0

    def __call__(self, x: torch.Tensor) -> Any:
        type(self).calls += 1
        return super().__call__(x)


def first(snapshot: Snapshot) -> tuple[str, Level]:
    groups = by_cause(snapshot.findings)
    return (groups[0].cause.code, groups[0].cause.level) if groups else ("", Level.INFO)


def test_a_model_that_stays_in_training_mode():
    code, level = first(inspect(Keeps(), "fx-static", torch.randn(IMAGE), measure=False))
    assert code == "mode_kept.training"
    assert level is not Level.INFO
    assert "mode_kept" not in {each.rule for each in inspect(Plain(), "fx-static", torch.randn(IMAGE)).findings}


def test_a_model_that_stays_in_eval_mode_cannot_be_trained():
    model = Keeps()
    for each in model.modules():
        each.training = False
    assert first(inspect(model, "fx-qat", torch.randn(IMAGE), measure=False)) == ("mode_kept.eval", Level.WARNING)


def test_a_train_method_that_returns_nothing_does_no_harm():
    snapshot = inspect(ReturnsNothing(), "fx-static", torch.randn(IMAGE), measure=False)
    assert snapshot.run.error is None
    assert first(snapshot)[1] is Level.INFO


def test_layers_that_are_frozen_on_purpose_are_good_to_know():
    found = inspect(Frozen(), "pt2e-qat", torch.randn(IMAGE), measure=False).findings
    (kept,) = [each for each in found if each.rule == "mode_kept"]
    assert (kept.code, kept.level, kept.args["modules"]) == ("mode_kept.frozen", Level.INFO, ["bn"])


class Inside(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.scales = nn.Conv2d(4, 4, 1), Scales()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.scales(self.conv(x))


@pytest.mark.parametrize(("flow", "is_lost"), [("pt2e-static", True), ("fx-static", False)])
def test_strict_capture_passes_by_the_calls_of_modules_inside(flow: str, is_lost: bool):
    found = inspect(Inside().eval(), flow, torch.randn(IMAGE)).findings
    assert [each.code for each in found if each.rule == "capture_differs"] == (
        ["capture_differs.own_call"] if is_lost else []
    )


class CountsAndReadsFlag(Counts):
    """Its __call__ does nothing to the outputs; that capture changes them has another cause."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) + (1.0 if torch.fx._symbolic_trace.is_fx_tracing() else 0.0)


def test_a_call_that_changes_nothing_is_not_blamed_for_what_something_else_changes():
    found = inspect(CountsAndReadsFlag().eval(), "fx-static", torch.randn(IMAGE)).findings
    assert [each.code for each in found if each.rule == "capture_differs"][:1] == ["capture_differs.values"]


@pytest.mark.parametrize(("model", "is_lost"), [(Scales(), True), (Counts(), False)])
def test_what_the_call_of_a_model_does_beside_forward_is_lost(model: nn.Module, is_lost: bool):
    found = inspect(model.eval(), "fx-static", torch.randn(IMAGE)).findings
    assert [each.code for each in found if each.rule == "capture_differs"] == (
        ["capture_differs.own_call"] if is_lost else []
    )

"""Hooks on modules that fusion folds into one: they are lost, or get another tensor."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from qviz.document.snapshot import Level
from tests.faults.cases import IMAGE
from tests.faults.models import conv, norm
from tests.faults.test_statements import inspect

CODE = "capture_differs.hooks_fused"
FX = ["fx-fuse", "fx-static", "fx-qat"]


def told(flow: str, module: str, is_pre: bool = False) -> list[tuple[object, ...]]:
    """Return what is said of a hook on one of a convolution, a batch norm and a ReLU."""
    parts = {"conv": conv()(), "bn": norm(), "relu": nn.ReLU()}
    model = nn.Sequential()
    for name, part in parts.items():
        model.add_module(name, part)
    if module and is_pre:
        parts[module].register_forward_pre_hook(lambda _, given: (given[0] * 2,))
    elif module:
        parts[module].register_forward_hook(lambda _, __, result: result * 2 + 1)
    findings = inspect(model.eval(), flow, torch.randn(IMAGE)).findings
    return [(each.args["module"], each.args["hooks"], each.level) for each in findings if each.code == CODE]


@pytest.mark.parametrize("flow", FX)
@pytest.mark.parametrize(("module", "is_pre"), [("conv", False), ("bn", False), ("bn", True)])
def test_fx_loses_or_moves_the_hook(flow: str, module: str, is_pre: bool):
    level = Level.WARNING if flow == "fx-fuse" else Level.ERROR
    assert told(flow, module, is_pre) == [(module, ["forward pre-hook" if is_pre else "forward hook"], level)]


@pytest.mark.parametrize("flow", FX)
@pytest.mark.parametrize(("module", "is_pre"), [("conv", True), ("relu", False), ("", False)])
def test_what_fusion_keeps_and_no_hook(flow: str, module: str, is_pre: bool):
    assert told(flow, module, is_pre) == []

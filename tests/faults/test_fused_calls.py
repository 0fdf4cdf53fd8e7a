"""A module that is called several times, and fused with what follows one of the calls: torch fuses all of them."""

from __future__ import annotations

import pytest
from torch import nn

from qviz.document.snapshot import Finding, Level
from tests.faults.cases import IMAGE, ran
from tests.faults.models import conv, linear, made, norm

FLOWS = ["fx-static", "fx-dynamic", "fx-qat", "fx-fuse"]
ROWS = (32, 8)
ONE = {"a": linear(), "relu": nn.ReLU, "out": linear()}
WITH_RELU_ONCE = made(lambda m, x: m.out(m.a(m.relu(m.a(x)))), **ONE)
WITH_RELU_ALWAYS = made(lambda m, x: m.out(m.relu(m.a(m.relu(m.a(x))))), **ONE)
TWO_MODULES = made(lambda m, x: m.out(m.b(m.relu(m.a(x)))), b=linear(), **ONE)
WITH_NORM_ONCE = made(lambda m, x: m.c(m.bn(m.c(x))), c=conv(), bn=norm)


def found(make, flow: str, shape: tuple[int, ...]) -> list[Finding]:
    return [each for each in ran(make, flow, [shape])().findings if each.code.endswith("fused_at_every_call")]


@pytest.mark.parametrize("flow", FLOWS)
def test_a_relu_behind_one_call(flow: str):
    (finding,) = found(WITH_RELU_ONCE, flow, ROWS)
    assert (finding.nodes, finding.args["taken"], finding.args["calls"]) == (("a_1",), ["ReLU"], 2)
    assert finding.level is Level.ERROR


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("make", [WITH_RELU_ALWAYS, TWO_MODULES])
def test_a_relu_behind_every_call_or_a_module_for_each(make, flow: str):
    assert found(make, flow, ROWS) == []


def test_a_batch_norm_is_told_once():
    findings = ran(WITH_NORM_ONCE, "fx-static", [IMAGE])().findings
    codes = [each.code for each in findings if each.level is not Level.INFO]
    assert "batch_norm_folded_into_shared_convolution.called_elsewhere" in codes
    assert "capture_differs.fused_at_every_call" not in codes

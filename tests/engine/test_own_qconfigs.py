"""The qconfig attributes that a model came with: eager mode reads them, fusion loses them, other flows pass them by."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.ao.quantization import DeQuantStub, QuantStub, get_default_qconfig

from qviz.document.configuration import Rule
from qviz.document.snapshot import Snapshot
from tests.faults.cases import IMAGE, ran


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.quant, self.dequant = QuantStub(), DeQuantStub()
        self.conv, self.relu = nn.Conv2d(4, 8, 3), nn.ReLU()
        self.fc: Any = nn.Linear(8, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.dequant(self.relu(self.conv(self.quant(x))).mean((2, 3))))


def with_qconfig(path: str, qconfig: Any) -> nn.Module:
    model = Net()
    model.get_submodule(path).qconfig = qconfig
    if path != "fc":
        model.fc.qconfig = None
    return model


def told(snapshot: Snapshot) -> list[tuple[str, Any]]:
    assert snapshot.run.error is None
    return [(each.code, each.args["modules"]) for each in snapshot.findings if each.rule == "own_qconfig"]


@pytest.mark.parametrize(("flow", "code"), [("fx-static", "traced"), ("pt2e-static", "exported")])
def test_a_flow_of_another_mode_passes_them_by(flow: str, code: str):
    snapshot = ran(lambda: with_qconfig("fc", None), flow, [IMAGE], measure=False)()
    assert told(snapshot) == [(f"own_qconfig.{code}", ["fc"])]
    assert any("quantized" in node.target or node.quant for node in snapshot.stage("converted").graph.nodes)
    usual = ran(lambda: with_qconfig("fc", get_default_qconfig("x86")), flow, [IMAGE], measure=False)
    assert told(usual()) == []


def test_eager_mode_takes_those_that_fusion_does_not_lose():
    assert told(ran(lambda: with_qconfig("fc", None), "eager-static", [IMAGE], measure=False)()) == []
    lost = ran(lambda: with_qconfig("conv", get_default_qconfig("qnnpack")), "eager-static", [IMAGE], measure=False)
    assert told(lost()) == [("own_qconfig.fused", ["conv"])]
    again = ran(lambda: with_qconfig("conv", get_default_qconfig("x86")), "eager-static", [IMAGE], measure=False)
    assert told(again()) == []


def test_a_part_of_a_fused_module_that_has_none_stops_the_conversion():
    snapshot = ran(lambda: with_qconfig("conv", None), "eager-static", [IMAGE], measure=False)()
    assert snapshot.run.error is not None
    assert (snapshot.run.error.code, snapshot.findings[0].nodes) == ("stop.part_without_qconfig", ("conv",))
    assert [each.args["modules"] for each in snapshot.findings if each.rule == "own_qconfig"] == [["conv"]]


def test_a_rule_of_the_plan_takes_their_place():
    rule = Rule("module_name", "conv")
    snapshot = ran(lambda: with_qconfig("conv", None), "eager-static", [IMAGE], rules=(rule,), measure=False)()
    assert told(snapshot) == []

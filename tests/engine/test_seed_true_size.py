"""The seed document's models in their true size: 1.3 GB of weights, 7 GB of memory, minutes; so behind a marker."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.ao.quantization import DeQuantStub, QuantStub

from qviz.document.graph import Kind
from qviz.document.plan import FLOWS, Plan
from qviz.document.query import count_kinds
from qviz.engine.run import run_loaded, run_plan
from qviz.engine.source import Loaded

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

WIDTH = 3 * 32 * 32


class Stubs(nn.Module):
    """The document's eager model: 315 million parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.quant, self.dequant = QuantStub(), DeQuantStub()
        self.fc = nn.Linear(WIDTH, 10 * 10 * 32 * 32)
        self.conv, self.bn, self.relu = nn.Conv2d(10, 1, 3, 1, 1), nn.BatchNorm2d(1), nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu(self.fc(self.quant(x))).view(-1, 10, 32, 32)
        return self.dequant(self.relu(self.bn(self.conv(x))))


@pytest.mark.parametrize("flow", ["eager-static", "eager-qat"])
def test_eager(flow: str):
    loaded = Loaded(Stubs().eval(), (torch.randn(10, WIDTH),), is_ours=True)
    snapshot = run_loaded(loaded, Plan("seed", flow), lambda _: None)
    assert snapshot.run.error is None
    weights = {node.id: node.quant.weight for node in snapshot.stages[-1].graph.nodes if node.quant}
    assert weights["fc"].dtype == weights["conv"].dtype == "torch.qint8"
    assert "converted_does_not_run" not in {each.rule for each in snapshot.findings}


@pytest.mark.parametrize("flow", [each.id for each in FLOWS if each.mode != "Eager"])
def test_graph_flows(flow: str):
    snapshot = run_plan(Plan("sample:seed", flow), lambda _: None)
    assert snapshot.run.error is None
    kinds = count_kinds(snapshot.stages[-1].graph)
    assert kinds[Kind.QUANTIZED_OP] or kinds[Kind.DEQUANTIZE] or flow in ("fx-fuse", "fx-weight-only")

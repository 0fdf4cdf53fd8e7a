"""The seed document's models in their true size: 1.3 GB of weights, 7 GB of memory, minutes; so behind a marker."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.ao.quantization import DeQuantStub, QuantStub

from qviz.document.flows import FLOWS, Mode
from qviz.document.graph import Kind
from qviz.document.plan import Plan
from qviz.document.query import count_kinds
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.run import run_loaded, run_plan

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
    weights: dict[str, Any] = {node.id: node.quant.weight for node in snapshot.stages[-1].graph.nodes if node.quant}
    assert weights["fc"].dtype == weights["conv"].dtype == "torch.qint8"
    assert "converted_does_not_run" not in {each.rule for each in snapshot.findings}


@pytest.mark.parametrize("flow", [each.id for each in FLOWS if each.mode is not Mode.EAGER])
def test_graph_flows(flow: str):
    snapshot = run_plan(Plan("sample:seed", flow), lambda _: None)
    assert snapshot.run.error is None
    kinds = count_kinds(snapshot.stages[-1].graph)
    assert kinds[Kind.QUANTIZED_OP] or kinds[Kind.DEQUANTIZE] or flow in ("fx-fuse", "fx-weight-only")


class Dynamic(nn.Module):
    """The document's model for dynamic quantization: 31 million parameters, no stubs."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(WIDTH, 10 * 32 * 32)
        self.conv = nn.Conv2d(10, 1, kernel_size=3, stride=1, padding=1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(self.fc(x).view(-1, 10, 32, 32))


def test_eager_dynamic():
    loaded = Loaded(Dynamic().eval(), (torch.randn(10, WIDTH),), is_ours=True)
    snapshot = run_loaded(loaded, Plan("seed", "eager-dynamic"), lambda _: None)
    assert snapshot.run.error is None
    nodes = {node.module_path: node for node in snapshot.stages[-1].graph.nodes if node.op == "call_module"}
    quant = nodes["fc"].quant
    assert quant is not None
    assert quant.weight is not None
    assert quant.weight.dtype == "torch.qint8"
    assert nodes["conv"].kind is Kind.OP


class Words(nn.Module):
    """Where weight-only quantization pays: 51 million numbers. torch never swaps the root itself, so it is a child."""

    def __init__(self) -> None:
        super().__init__()
        self.bag = nn.EmbeddingBag(100_000, 512, mode="sum", include_last_offset=True)

    def forward(self, words: torch.Tensor, offsets: torch.Tensor) -> torch.Tensor:
        return self.bag(words, offsets)


@pytest.mark.parametrize("dtype", ["quint8", "quint4x2"])
def test_eager_weight_only(dtype: Any):
    inputs = torch.randint(0, 100_000, (4096,)), torch.arange(0, 4097, 32)
    loaded = Loaded(Words().eval(), inputs, is_ours=True)
    snapshot = run_loaded(loaded, Plan("seed", "eager-weight-only", weight_dtype=dtype), lambda _: None)
    assert snapshot.run.error is None
    quantized: list[Any] = [node for node in snapshot.stages[-1].graph.nodes if node.kind is Kind.QUANTIZED_OP]
    assert [node.quant.weight.dtype for node in quantized if node.quant] == [f"torch.{dtype}"]

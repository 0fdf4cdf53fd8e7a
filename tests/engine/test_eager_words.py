"""What is said of eager runs: what became of a stub's observer, and why nothing was quantized."""

from __future__ import annotations

import torch
from torch import nn
from torch.ao.quantization import DeQuantStub, QuantStub

from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.run import run_loaded


def run(model: nn.Module, flow: str) -> Snapshot:
    return run_loaded(Loaded(model.eval(), (torch.randn(2, 4),)), Plan(source="model", flow=flow), lambda _: None)


def test_the_observer_behind_a_stub_is_folded_into_the_quantize():
    snapshot = run(nn.Sequential(QuantStub(), nn.Linear(4, 2), DeQuantStub()), "eager-static")
    observer = next(node for node in snapshot.stage("prepared").graph.nodes if node.kind.value == "observer")
    link = next(each for each in snapshot.links if each.from_ids == (observer.id,) and each.to_stage == "converted")
    assert link.relation == "folded"
    (host,) = link.to_ids
    assert next(node for node in snapshot.stage("converted").graph.nodes if node.id == host).kind.value == "quantize"


def test_a_flow_without_observers_does_not_speak_of_them():
    snapshot = run(nn.Sequential(nn.Linear(4, 2), nn.ReLU()), "eager-weight-only")
    finding = next(each for each in snapshot.findings if each.rule == "nothing_quantized")
    assert "embeddings" in finding.hint
    assert "prepared" not in finding.hint

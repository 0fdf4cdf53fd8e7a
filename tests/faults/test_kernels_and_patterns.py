"""What FX lists and does not convert, what it takes as one operator, and settings that its kernels do not have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from qviz.document.configuration import Custom
from qviz.document.plan import Plan
from qviz.document.snapshot import Finding, Level, Snapshot
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.run import run_loaded
from tests.faults.models import conv, linear, made

ROWS = torch.linspace(-1, 1, 256).reshape(32, 8)
IMAGES = torch.linspace(-1, 1, 1152).reshape(2, 4, 12, 12)


def run(model: nn.Module, inputs: torch.Tensor, **fields: Any) -> Snapshot:
    plan = Plan(source="model", flow="fx-static", **fields)
    return run_loaded(Loaded(model.eval(), (inputs,)), plan, lambda _: None)


def loud(snapshot: Snapshot) -> list[Finding]:
    return [each for each in snapshot.findings if each.level is not Level.INFO]


class Gate(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * torch.sigmoid(self.fc(x))


class WatchedGate(nn.Module):
    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self.gate = gate

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.gate(x)

    @classmethod
    def from_float(cls, gate: Any) -> WatchedGate:
        watched = cls(gate)
        watched.qconfig = gate.qconfig
        return watched


class RoundedGate(nn.Module):
    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self.gate = gate

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.quantize_per_tensor(self.gate(x.dequantize()), 0.01, 64, torch.quint8)

    @classmethod
    def from_observed(cls, watched: WatchedGate) -> RoundedGate:
        return cls(watched.gate)


GATED = made(lambda m, x: m.b(m.gate(m.a(x))), a=linear(), gate=Gate, b=linear())
PUT: dict[str, Any] = {"float_to_observed": {f"{__name__}:Gate": f"{__name__}:WatchedGate"}}
REPLACED: dict[str, Any] = {"observed_to_quantized": {f"{__name__}:WatchedGate": f"{__name__}:RoundedGate"}}


def test_an_observed_class_that_nothing_replaces():
    (found,) = loud(run(GATED(), ROWS, custom=Custom(**PUT)))
    assert (found.code, found.nodes, found.args["operator"]) == ("asked_but_float.custom", ("gate",), "WatchedGate")


def test_an_observed_class_that_is_replaced():
    snapshot = run(GATED(), ROWS, custom=Custom(**PUT, **REPLACED))
    assert "asked_but_float" not in {each.rule for each in snapshot.findings}


def test_the_reason_of_an_observed_class_names_no_pattern():
    snapshot = run(GATED(), ROWS, custom=Custom(**PUT, **REPLACED))
    prepared = next(stage for stage in snapshot.stages if stage.name == "prepared")
    (why,) = [node.why for node in prepared.graph.nodes if node.id == "gate"]
    assert why is not None
    assert "stands in float_to_observed" in why.evidence


@pytest.mark.parametrize(
    "custom", [Custom(non_traceable_modules=("gate",)), Custom(non_traceable_classes=(f"{__name__}:Gate",))]
)
def test_layers_in_a_module_that_is_not_traced(custom: Custom):
    (found,) = loud(run(GATED(), ROWS, custom=custom))
    assert (found.code, found.nodes) == ("layer_in_float.not_traced", ("gate",))
    assert "non_traceable" in found.hint
    assert loud(run(GATED(), ROWS)) == []


def test_layers_in_a_module_of_torch_that_is_not_traced():
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
    model = nn.Sequential(nn.Linear(8, 8), nn.TransformerEncoder(layer, 2, enable_nested_tensor=False), nn.Linear(8, 8))
    (found,) = loud(run(model, ROWS.reshape(4, 8, 8)))
    assert (found.code, found.nodes) == ("layer_in_float.whole", ("_1",))


def between(norm: Callable[..., nn.Module]) -> nn.Module:
    return made(lambda m, x: m.b(m.norm(m.a(x))), a=conv(), norm=norm, b=conv())()


def test_a_function_that_is_listed_and_not_converted_is_not_offered():
    snapshot = run(between(lambda: nn.GroupNorm(2, 4)), IMAGES)
    (island,) = [each for each in snapshot.findings if each.rule == "float_island"]
    assert island.code == "float_island.no_pattern"
    assert "GroupNorm stays in float" in island.message
    model = made(lambda m, x: m.b(F.group_norm(m.a(x), 2)), a=conv(), b=conv())()
    (found,) = loud(run(model, IMAGES))
    assert (found.code, found.args["operator"]) == ("asked_but_float.not_lowered", "group_norm")


@pytest.mark.parametrize("tracks", [True, False])
def test_an_instance_norm_with_running_statistics(tracks: bool):
    def norm() -> nn.Module:
        made_so = nn.InstanceNorm2d(4, affine=True, track_running_stats=tracks)
        if made_so.running_mean is not None:
            made_so.running_mean.fill_(0.4)
        return made_so

    first = [(each.code, each.args.get("setting")) for each in loud(run(between(norm), IMAGES))][:1]
    assert first == ([("kernel_differs.setting_dropped", "track_running_stats")] if tracks else [])

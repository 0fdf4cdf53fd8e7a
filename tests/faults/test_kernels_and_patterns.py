"""What FX lists and does not convert, what it takes as one operator, and settings that its kernels do not have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn
from torch.ao.nn.quantized import reference
from torch.ao.quantization import HistogramObserver, MinMaxObserver
from torch.ao.quantization.backend_config import (
    BackendConfig,
    BackendPatternConfig,
    DTypeConfig,
    get_native_backend_config,
)
from torch.ao.quantization.quantizer import QuantizationAnnotation, QuantizationSpec, Quantizer

from qviz.document.causes import by_cause
from qviz.document.configuration import Custom, Rule
from qviz.document.plan import Plan
from qviz.document.snapshot import Finding, Level, Snapshot
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.run import run_loaded
from tests.faults.models import conv, linear, made

KEY = "quantization_annotation"
ACTIVATION = QuantizationSpec(torch.int8, HistogramObserver, -128, 127, torch.per_tensor_affine)
WEIGHT = QuantizationSpec(torch.int8, MinMaxObserver, -127, 127, torch.per_tensor_symmetric)
ROWS = torch.linspace(-1, 1, 256).reshape(32, 8)
IMAGES = torch.linspace(-1, 1, 1152).reshape(2, 4, 12, 12)


def run(model: nn.Module, inputs: torch.Tensor, flow: str = "fx-static", **fields: Any) -> Snapshot:
    plan = Plan(source="model", flow=flow, **fields)
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


def of_linear(with_root: bool) -> BackendConfig:
    dtypes = DTypeConfig(torch.quint8, torch.quint8, torch.qint8, torch.float)
    pattern = BackendPatternConfig(nn.Linear).add_dtype_config(dtypes)
    if with_root:
        pattern.set_root_module(nn.Linear).set_reference_quantized_module(reference.Linear)
    return BackendConfig("own").set_backend_pattern_config(pattern)


def with_root() -> BackendConfig:
    return of_linear(with_root=True)


def without_root() -> BackendConfig:
    return of_linear(with_root=False)


def without_fusion() -> BackendConfig:
    torchs = get_native_backend_config().configs
    return BackendConfig("own").set_backend_pattern_configs(
        [each for each in torchs if each.pattern in (nn.Conv2d, nn.ReLU)]
    )


def test_a_pattern_without_a_reference_module():
    def codes(backend: str) -> list[str]:
        model = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 8))
        return [each.code for each in loud(run(model, ROWS, backend_config=f"{__name__}:{backend}"))]

    assert codes("without_root")[0] == "asked_but_float.no_root"
    assert codes("with_root") == []


def test_a_pair_that_the_backend_does_not_fuse():
    model = nn.Sequential(nn.Conv2d(4, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3))
    (found,) = loud(run(model, IMAGES, backend_config=f"{__name__}:without_fusion"))
    assert (found.code, found.args) == ("fusible_but_unfused.not_listed", {"operator": "ReLU", "other": "Conv2d"})
    assert loud(run(model, IMAGES)) == []


def test_torch_has_no_pattern_of_a_linear_its_batch_norm_and_a_relu():
    model = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 8))
    found = [each for each in run(model, ROWS, "fx-qat").findings if each.rule == "fusible_but_unfused"]
    assert [(each.code, each.level) for each in found] == [("fusible_but_unfused.behind_batch_norm", Level.INFO)]


class OfLinears(Quantizer):
    """Annotates linear layers and not the relus behind them, or both as one pattern."""

    def __init__(self, is_one: bool) -> None:
        super().__init__()
        self.is_one = is_one

    def annotate(self, model: torch.fx.GraphModule) -> torch.fx.GraphModule:
        for node in model.graph.nodes:
            if node.target is torch.ops.aten.linear.default:
                (reader,) = node.users
                is_pair = self.is_one and reader.target is torch.ops.aten.relu.default
                inputs: dict[Any, Any] = {node.args[0]: ACTIVATION, node.args[1]: WEIGHT}
                node.meta[KEY] = QuantizationAnnotation(inputs, None if is_pair else ACTIVATION, _annotated=True)
                if is_pair:
                    reader.meta[KEY] = QuantizationAnnotation({}, ACTIVATION, _annotated=True)
        return model

    def validate(self, model: torch.fx.GraphModule) -> None:
        pass


def linears_alone() -> Quantizer:
    return OfLinears(is_one=False)


def linears_with_relus() -> Quantizer:
    return OfLinears(is_one=True)


def test_a_relu_that_a_quantizer_left_out():
    def groups(quantizer: str) -> list[tuple[str, list[str]]]:
        model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8)).eval()
        plan = Plan(source="model", flow="pt2e-static", quantizer=f"{__name__}:{quantizer}")
        snapshot = run_loaded(Loaded(model, (ROWS,)), plan, lambda _: None)
        found = [each for each in by_cause(snapshot.findings) if each.cause.level is not Level.INFO]
        return [(each.cause.code, [other.code for other in each.consequences]) for each in found]

    unfused = ("fusible_but_unfused.not_annotated", ["float_island.not_annotated_by_own"])
    assert groups("linears_alone") == [unfused]
    assert groups("linears_with_relus") == []


def test_a_rule_by_a_function_in_eager_mode():
    def code(target: str) -> list[str]:
        plan = Plan(source="model", flow="eager-dynamic", rules=(Rule("object_type", target),))
        snapshot = run_loaded(Loaded(nn.Sequential(nn.Linear(8, 8)).eval(), (ROWS,)), plan, lambda _: None)
        return [each.code for each in snapshot.findings if each.rule == "rule_matches_nothing"]

    assert code("torch.nn.functional.linear") == ["rule_matches_nothing.eager_function"]
    assert code("torch.nn.GRU") == ["rule_matches_nothing.eager_type"]
    assert code("torch.nn.Linear") == []


class OfConvolutions(OfLinears):
    def annotate(self, model: torch.fx.GraphModule) -> torch.fx.GraphModule:
        for node in model.graph.nodes:
            if node.target is torch.ops.aten.conv2d.default:
                inputs: dict[Any, Any] = {node.args[0]: ACTIVATION, node.args[1]: WEIGHT}
                node.meta[KEY] = QuantizationAnnotation(inputs, ACTIVATION, _annotated=True)
        return model


def convolutions_alone() -> Quantizer:
    return OfConvolutions(is_one=False)


def test_a_batch_norm_that_was_folded_is_no_other_reader():
    model = nn.Sequential(nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 3)).eval()
    plan = Plan(source="model", flow="pt2e-static", quantizer=f"{__name__}:convolutions_alone")
    findings = run_loaded(Loaded(model, (IMAGES,)), plan, lambda _: None).findings
    assert [each.code for each in findings if each.rule == "fusible_but_unfused"] == [
        "fusible_but_unfused.not_annotated"
    ]

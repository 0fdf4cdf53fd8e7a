"""Bounds of an observer that its dtype does not have: torch stops at them in one place, and cuts in another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.ao.quantization import (
    FakeQuantize,
    MinMaxObserver,
    QConfig,
    QConfigMapping,
    QuantWrapper,
    default_weight_observer,
    get_default_qat_qconfig_mapping,
)
from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx
from torch.ao.quantization.quantize_pt2e import convert_pt2e, prepare_pt2e
from torch.ao.quantization.quantizer import QuantizationAnnotation, QuantizationSpec, Quantizer

import qviz
from qviz.document.plan import Plan
from qviz.document.snapshot import Finding, Snapshot
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.run import run_loaded

ROWS = torch.linspace(-1, 1, 32).reshape(4, 8)
POSITIVE = ROWS + 1


def activations(low: int, high: int, dtype: torch.dtype = torch.quint8) -> QConfig:
    return QConfig(MinMaxObserver.with_args(quant_min=low, quant_max=high, dtype=dtype), default_weight_observer)


def weights(low: int, high: int, qscheme: torch.qscheme) -> QConfig:
    observer = MinMaxObserver.with_args(quant_min=low, quant_max=high, dtype=torch.qint8, qscheme=qscheme)
    return QConfig(MinMaxObserver, observer)


def faked(low: int, high: int) -> QConfig:
    fake = FakeQuantize.with_args(observer=MinMaxObserver, dtype=torch.qint8, quant_min=low, quant_max=high)
    return QConfig(fake, default_weight_observer)


def signed() -> QConfig:
    return activations(-128, 127)


def whole() -> QConfig:
    return activations(0, 255)


def affine_weights() -> QConfig:
    return weights(0, 255, torch.per_tensor_affine)


def symmetric_weights() -> QConfig:
    return weights(0, 255, torch.per_tensor_symmetric)


def fake_of_all() -> QConfig:
    return faked(0, 255)


def fake_of_the_last() -> QConfigMapping:
    return get_default_qat_qconfig_mapping("x86").set_module_name("1", faked(0, 255))


class Annotates(Quantizer):
    def __init__(self, high: int) -> None:
        super().__init__()
        self.spec = QuantizationSpec(torch.int8, MinMaxObserver, high - 255, high, torch.per_tensor_affine)

    def annotate(self, model: torch.fx.GraphModule) -> torch.fx.GraphModule:
        for node in model.graph.find_nodes(op="call_function", target=torch.ops.aten.linear.default):
            annotation = QuantizationAnnotation({node.args[0]: self.spec}, _annotated=True)
            node.meta["quantization_annotation"] = annotation
        return model

    def validate(self, model: torch.fx.GraphModule) -> None: ...


class AnnotatesWeights(Annotates):
    def annotate(self, model: torch.fx.GraphModule) -> torch.fx.GraphModule:
        for node in model.graph.find_nodes(op="call_function", target=torch.ops.aten.linear.default):
            annotation = QuantizationAnnotation({node.args[1]: self.spec}, _annotated=True)
            node.meta["quantization_annotation"] = annotation
        return model


def of_weights() -> Quantizer:
    return AnnotatesWeights(255)


def beyond() -> Quantizer:
    return Annotates(255)


def within() -> Quantizer:
    return Annotates(127)


def trained(model: nn.Module) -> None:
    model(ROWS)


def layers() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 4)).eval()


def ran(model: nn.Module, flow: str, x: torch.Tensor = ROWS, **options: Any) -> Snapshot:
    of_file: dict[str, Any] = {key: f"{__file__}:{value.__name__}" for key, value in options.items()}
    return run_loaded(Loaded(model, (x,)), Plan(source="module", flow=flow, **of_file), lambda _: None)


def told(snapshot: Snapshot) -> list[Finding]:
    return [each for each in snapshot.findings if each.rule == "bounds_outside_dtype"]


@pytest.mark.parametrize(
    ("flow", "make", "options", "code"),
    [
        ("fx-static", layers, {"qconfig": signed}, "zero_point"),
        ("eager-static", lambda: QuantWrapper(layers()), {"qconfig": signed}, "zero_point"),
        ("pt2e-static", layers, {"quantizer": beyond}, "refused"),
    ],
)
def test_the_observer_is_the_cause_of_a_converted_model_that_does_not_run(
    flow: str, make: Callable[[], nn.Module], options: dict[str, Any], code: str
):
    snapshot = ran(make(), flow, **options)
    first, stop = snapshot.findings[:2]
    assert (first.code, first.level.value) == (f"bounds_outside_dtype.{code}", "error")
    assert set(first.nodes) <= {node.id for node in snapshot.stage("prepared").graph.nodes}
    assert stop.rule == "converted_does_not_run"
    assert stop.because_of is not None
    assert stop.because_of.rule == "bounds_outside_dtype"


def test_torch_stops_and_cuts_there():
    for qconfig, x, what in ((signed(), ROWS, "zero_point"), (activations(0, 510), POSITIVE, "cuts")):
        prepared = prepare_fx(layers(), QConfigMapping().set_global(qconfig), (x,))
        prepared(x)
        converted = convert_fx(prepared)
        if what == "zero_point":
            with pytest.raises(RuntimeError, match=r"zero_point .* is below lower bound"):
                converted(x)
        else:
            quantized = next(iter(converted.graph.find_nodes(op="call_function", target=torch.quantize_per_tensor)))
            scale = float(getattr(converted, quantized.args[1].target))
            kept = torch.quantize_per_tensor(x, scale, 0, torch.quint8).dequantize()
            assert float(kept.max()) < 0.6 * float(x.max())
    exported: Any = torch.export.export(layers(), (ROWS,)).module()
    prepared = prepare_pt2e(exported, beyond())
    prepared(ROWS)
    with pytest.raises(AssertionError, match="quant_max out of bound"):
        convert_pt2e(prepared)(ROWS)


def twice_as_high() -> QConfig:
    return activations(0, 510)


def test_what_is_cut_off_is_a_warning_at_the_observers():
    snapshot = ran(layers(), "fx-static", POSITIVE, qconfig=twice_as_high)
    (found,) = [each for each in told(snapshot) if "activation_post_process_0" in each.nodes]
    assert found.code == "bounds_outside_dtype.cuts"
    assert "0 … 510, and quint8 holds 0 … 255" in found.message


@pytest.mark.parametrize(
    ("flow", "options"),
    [
        ("fx-static", {"qconfig": whole}),
        ("fx-static", {"qconfig": symmetric_weights}),  # their zero point is 0 and half of the bounds is enough
        ("pt2e-static", {"quantizer": within}),
    ],
)
def test_bounds_of_the_dtype_are_no_fault(flow: str, options: dict[str, Any]):
    snapshot = ran(layers(), flow, **options)
    assert snapshot.run.error is None
    assert not {"bounds_outside_dtype", "converted_does_not_run"} & {each.rule for each in snapshot.findings}


def test_bounds_of_a_weight_stop_its_conversion_at_the_layer():
    model = layers()
    model[0].weight = nn.Parameter(torch.linspace(-1.5, 1, 64).reshape(8, 8))
    snapshot = ran(model, "fx-static", qconfig=affine_weights)
    (stop, *_) = snapshot.findings
    assert snapshot.run.error is not None
    assert (snapshot.run.error.code, stop.nodes) == ("stop.zero_point_of_dtype", ("_0",))
    assert "a zero point of 153 is outside the dtype" in stop.message


def test_a_weight_that_cannot_be_folded_is_the_place_and_its_observer_the_cause():
    snapshot = ran(layers(), "pt2e-static", quantizer=of_weights)
    stop = snapshot.findings[0]
    assert (stop.rule, stop.nodes, stop.args["module"]) == ("stopped", ("_0_weight",), "0")
    assert stop.because_of is not None
    assert stop.because_of.rule == "bounds_outside_dtype"


@pytest.mark.parametrize(("qconfig", "node"), [(fake_of_all, "_0"), (fake_of_the_last, "_1")])
def test_a_fake_quant_that_cannot_be_made_names_the_first_layer_that_was_to_have_it(
    qconfig: Callable[[], Any], node: str
):
    snapshot = ran(layers(), "fx-qat", qconfig=qconfig, train=trained)
    assert snapshot.run.error is not None
    assert (snapshot.run.error.code, snapshot.findings[0].nodes) == ("stop.quantization_range", (node,))


def test_a_converted_graph_in_hand_is_told_too():
    exported: Any = torch.export.export(layers(), (ROWS,)).module()
    prepared = prepare_pt2e(exported, beyond())
    prepared(ROWS)
    (found, *_) = [
        each
        for each in qviz.snapshot({"converted": convert_pt2e(prepared)}).findings
        if each.rule == "bounds_outside_dtype"
    ]
    assert found.nodes[0].startswith("quantize_per_tensor")

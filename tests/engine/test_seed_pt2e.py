"""The PT2E samples of the tutorial that qviz was first written for, shrunk, against the outcome printed there."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch
from torch.ao.quantization.quantize_pt2e import convert_pt2e, prepare_pt2e, prepare_qat_pt2e
from torch.ao.quantization.quantizer.xnnpack_quantizer import XNNPACKQuantizer, get_symmetric_quantization_config

from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.engine.loading.source import Loaded
from qviz.engine.recording.given_graphs import record_graphs
from qviz.engine.serving.run import run_loaded

PRINTED = """
    _frozen_param0 = self._frozen_param0
    dequantize_per_tensor_default = torch.ops.quantized_decomposed.dequantize_per_tensor.default(_frozen_param0, 1.0, 0, -127, 127, torch.int8);  _frozen_param0 = None
    fc_bias = self.fc.bias
    _frozen_param1 = self._frozen_param1
    dequantize_per_tensor_default_1 = torch.ops.quantized_decomposed.dequantize_per_tensor.default(_frozen_param1, 1.0, 0, -127, 127, torch.int8);  _frozen_param1 = None
    conv_bias = self.conv.bias
    quantize_per_tensor_default_2 = torch.ops.quantized_decomposed.quantize_per_tensor.default(x, 1.0, 0, -128, 127, torch.int8);  x = None
    dequantize_per_tensor_default_2 = torch.ops.quantized_decomposed.dequantize_per_tensor.default(quantize_per_tensor_default_2, 1.0, 0, -128, 127, torch.int8);  quantize_per_tensor_default_2 = None
    linear = torch.ops.aten.linear.default(
"""  # noqa: E501 - as torch prints it
"""What both samples print, up to where the tutorial cuts it off."""

CASTS = re.compile(
    r"(\w+) = torch\.ops\.(quantized_decomposed\.\w+\.default)\((\w+), ([\d.]+), (\d+), (-?\d+), (\d+), "
)


class UserModel(torch.nn.Module):
    def __init__(self, has_norm: bool) -> None:
        super().__init__()
        self.fc = torch.nn.Linear(12, 40)
        self.conv = torch.nn.Conv2d(10, 1, 3, 1, 1)
        self.bn = torch.nn.BatchNorm2d(1) if has_norm else torch.nn.Identity()
        self.relu = torch.nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu(self.fc(x))
        x = self.conv(x.view(-1, 10, 2, 2))
        return self.relu(self.bn(x))


def example_inputs() -> tuple[torch.Tensor]:
    return (torch.randn(10, 12),)


def as_written(is_qat: bool) -> Snapshot:
    """Run the sample without qviz, not calibrated as there, and hand its result to qviz."""
    torch._dynamo.reset()
    model = UserModel(has_norm=not is_qat)
    model.train(is_qat)
    captured: Any = torch.export.export(model, example_inputs()).module()
    quantizer = XNNPACKQuantizer().set_global(get_symmetric_quantization_config())
    prepared = (prepare_qat_pt2e if is_qat else prepare_pt2e)(captured, quantizer)
    return record_graphs({"converted": convert_pt2e(prepared)})


@pytest.mark.filterwarnings("ignore:must run observer before calling calculate_qparams:UserWarning")
@pytest.mark.parametrize("is_qat", [False, True], ids=["ptq", "qat"])
def test_the_graph_is_the_one_that_the_tutorial_prints(is_qat: bool):
    nodes = as_written(is_qat).stages[0].graph.nodes
    printed = re.findall(r"^ +(\w+) =", PRINTED, re.MULTILINE)
    assert [node.id for node in nodes if node.kind != "input"][: len(printed)] == printed
    casts = {}
    for node in nodes:
        quant = (node.quant.output or node.quant.input) if node.quant and "quantize" in node.kind.value else None
        if quant is not None:
            first: Any = node.args[0]
            source = first["node"]
            casts[node.id] = (node.target, source, quant.scale, quant.zero_point, quant.quant_min, quant.quant_max)
    expected = {
        name: (target, source, float(scale), int(zero_point), int(low), int(high))
        for name, target, source, scale, zero_point, low, high in CASTS.findall(PRINTED)
    }
    assert len(expected) == 4
    assert {name: casts[name] for name in expected} == expected


def test_the_flow_gives_the_same_operators_calibrated():
    loaded = Loaded(UserModel(has_norm=True).eval(), example_inputs())
    run = run_loaded(loaded, Plan(source="UserModel", flow="pt2e-static", strict=False), lambda _: None)
    printed = re.findall(r"^ +(\w+) =", PRINTED, re.MULTILINE)
    nodes: list[Any] = [node for node in run.stages[-1].graph.nodes if node.kind != "input"]
    assert [node.id for node in nodes][: len(printed)] == printed
    assert all(node.quant.output.scale != 1.0 for node in nodes if node.kind == "quantize")


def sample_quantizer() -> XNNPACKQuantizer:
    return XNNPACKQuantizer().set_global(get_symmetric_quantization_config())


def test_the_qat_sample_trains_nothing_and_qviz_says_so():
    loaded = Loaded(UserModel(has_norm=False).eval(), example_inputs())
    plan = Plan(source="UserModel", flow="pt2e-qat", quantizer=f"{__file__}:sample_quantizer")
    run = run_loaded(loaded, plan, lambda _: None)
    finding = next(each for each in run.findings if each.rule == "qat_without_fake_quant")
    observers = [node.id for node in run.stages[1].graph.nodes if node.kind == "observer"]
    assert finding.nodes == tuple(observers)
    assert len(observers) == 6
    mended = run_loaded(loaded, Plan(source="UserModel", flow="pt2e-qat"), lambda _: None)
    assert "qat_without_fake_quant" not in [each.rule for each in mended.findings]
    assert [node.kind.value for node in mended.stages[1].graph.nodes].count("fake_quant") == 6

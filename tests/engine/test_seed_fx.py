"""The FX tutorial's samples, shrunk: a linear, a convolution, a batch norm and one relu used twice; what it prints."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from qviz.document.graph import Kind
from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.engine.loading.importing import forget
from qviz.engine.serving.run import run_plan
from qviz.engine.serving.torch_state import kept

MODEL = """
import torch

class UserModel(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(12, 10 * 4 * 4)
        self.conv = torch.nn.Conv2d(10, 1, 3, 1, 1)
        self.bn = torch.nn.BatchNorm2d(1)
        self.relu = torch.nn.ReLU()

    def forward(self, x):
        x = self.fc(x)
        x = self.relu(x)
        x = x.view(-1, 10, 4, 4)
        x = self.conv(x)
        x = self.bn(x)
        x = self.relu(x)
        return x

example_inputs = (torch.randn(10, 12))  # as the tutorial has it: not a tuple, but a tensor
"""

BODY = """    fc = self.fc(x);  x = None
    view = fc.view(-1, 10, 4, 4);  fc = None
    conv = self.conv(view);  view = None
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "seed_of_fx.py").write_text(MODEL)
    return f"{tmp_path}/seed_of_fx.py:UserModel"


def run(file: str, flow: str, **fields: Any) -> Snapshot:
    snapshot = run_plan(Plan(file, flow, **fields), lambda _: None)
    assert snapshot.run.error is None
    return snapshot


def printed(snapshot: Snapshot, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what the script of the run prints, as the tutorial prints its model."""
    capsys.readouterr()
    forget()  # the script imports the file by itself
    sys.modules.pop("seed_of_fx", None)
    with kept(0):
        exec(snapshot.run.python, {"__name__": "again"})
    return capsys.readouterr().out


def low(snapshot: Snapshot) -> list[tuple[str, str, str]]:
    nodes: tuple[Any, ...] = snapshot.stages[-1].graph.nodes
    return [(node.id, node.module_type, node.quant.weight.dtype) for node in nodes if node.kind is Kind.QUANTIZED_OP]


def order(snapshot: Snapshot) -> list[str]:
    return [node.id for node in snapshot.stages[-1].graph.nodes]


@pytest.mark.filterwarnings("ignore:torch.ao.quantization is deprecated:DeprecationWarning")
def test_dynamic_quantizes_the_linear_and_leaves_the_convolution(file: str, capsys: pytest.CaptureFixture[str]):
    snapshot = run(file, "fx-dynamic")
    assert snapshot.run.config["inputs"] == ["10×12 float32"]
    assert low(snapshot) == [("fc", "LinearReLU", "torch.qint8")]
    conv = next(node for node in snapshot.stages[-1].graph.nodes if node.id == "conv")
    assert (conv.kind, conv.module_type) == (Kind.FUSED_OP, "ConvReLU2d")
    assert order(snapshot) == ["x", "fc", "view", "conv", "output"]
    text = printed(snapshot, capsys)
    assert "(fc): DynamicQuantizedLinearReLU(in_features=12, out_features=160, dtype=torch.qint8" in text
    assert "(conv): ConvReLU2d(\n    (0): Conv2d(10, 1, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))" in text
    assert f"def forward(self, x):\n{BODY}    return conv\n" in text


@pytest.mark.filterwarnings("ignore:torch.ao.quantization is deprecated:DeprecationWarning")
@pytest.mark.parametrize("flow", ["fx-static", "fx-qat"])
def test_static_and_qat_give_quantized_modules_with_one_dequantize(
    flow: str, file: str, capsys: pytest.CaptureFixture[str]
):
    snapshot = run(file, flow, backend="qnnpack")
    assert low(snapshot) == [("fc", "LinearReLU", "torch.qint8"), ("conv", "ConvReLU2d", "torch.qint8")]
    names = ["x", "fc_input_scale_0", "fc_input_zero_point_0", "quantize_per_tensor", "fc", "view", "conv"]
    assert order(snapshot) == [*names, "dequantize_3", "output"]
    text = printed(snapshot, capsys)
    linear = re.search(r"\(fc\): QuantizedLinearReLU\(.*scale=(\S+), zero_point=(\d+), qscheme=(\S+)\)", text)
    conv = re.search(r"\(conv\): QuantizedConvReLU2d\(10, 1, .*scale=(\S+), zero_point=(\d+), padding=\(1, 1\)\)", text)
    assert linear is not None
    assert conv is not None
    assert linear[3] == "torch.per_tensor_affine"
    for printed_as, name in ((linear, "fc"), (conv, "conv")):
        nodes: tuple[Any, ...] = snapshot.stages[-1].graph.nodes
        output = next(node.quant.output for node in nodes if node.id == name)
        assert (str(output.scale), str(output.zero_point)) == (printed_as[1], printed_as[2])
        assert output.scale != 1.0  # the tutorial does not calibrate, and prints 1.0


@pytest.mark.filterwarnings("ignore:torch.ao.quantization is deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:must run observer:UserWarning")
def test_without_calibration_the_scales_are_those_that_the_tutorial_prints(file: str):
    empty = "def nothing():\n    return []\n"
    place = file.rpartition(":")[0]
    Path(place).write_text(MODEL + empty)
    snapshot = run(file, "fx-static", backend="qnnpack", calibrate=f"{place}:nothing")
    nodes: tuple[Any, ...] = snapshot.stages[-1].graph.nodes
    outputs = {node.id: node.quant.output for node in nodes if node.kind is Kind.QUANTIZED_OP}
    assert [(outputs[each].scale, outputs[each].zero_point) for each in ("fc", "conv")] == [(1.0, 0), (1.0, 0)]
    assert "never_calibrated" in {each.rule for each in snapshot.findings}


def test_fusion_gives_fused_modules_and_quantizes_nothing(file: str, capsys: pytest.CaptureFixture[str]):
    snapshot = run(file, "fx-fuse")
    fused = {node.id: node.module_type for node in snapshot.stages[-1].graph.nodes if node.kind is Kind.FUSED_OP}
    assert fused == {"fc": "LinearReLU", "conv": "ConvReLU2d"}
    text = printed(snapshot, capsys)
    assert "(fc): LinearReLU(\n    (0): Linear(in_features=12, out_features=160, bias=True)\n    (1): ReLU()" in text
    assert f"def forward(self, x):\n{BODY}    return conv\n" in text

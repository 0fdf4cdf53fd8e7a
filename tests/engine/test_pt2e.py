"""The PT2E flows with each quantizer and its options, what they find, and the script that does a run again."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.fx import GraphModule

from qviz.analysis.regions import precision
from qviz.document.configuration import Quantizer, QuantizerRule
from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.engine.failures import run_error
from qviz.engine.loading.importing import forget
from qviz.engine.nodes.arguments import plain
from qviz.engine.serving.run import run_plan
from qviz.engine.serving.torch_state import kept
from qviz.errors import QvizError

MODEL = """
import torch
from torch.ao.quantization.quantizer.xnnpack_quantizer import XNNPACKQuantizer, get_symmetric_quantization_config

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 3, 3, padding=1)
        self.relu = torch.nn.ReLU()
        self.fc = torch.nn.Linear(48, 4)

    def forward(self, x):
        return self.fc(self.relu(self.conv(x)).flatten(1))

class Norm(Net):
    def __init__(self):
        super().__init__()
        self.bn = torch.nn.BatchNorm2d(3)

    def forward(self, x):
        return self.fc(self.relu(self.bn(self.conv(x))).flatten(1))

class Shared(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 3, 3, padding=1, bias=False)
        self.bn = torch.nn.BatchNorm2d(3)
        with torch.no_grad():
            self.bn.weight.fill_(3.0)

    def forward(self, x):
        y = self.conv(x)
        return self.bn(y) + y

class Words(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = torch.nn.Embedding(10, 8)
        self.fc = torch.nn.Linear(8, 4)

    def forward(self, ids):
        return self.fc(self.emb(ids))

class Stubborn(Net):
    def forward(self, x):
        torch._dynamo.graph_break()
        return super().forward(x)

def mine():
    return XNNPACKQuantizer().set_global(get_symmetric_quantization_config(is_per_channel=True))

def number():
    return 3

quantizer = mine()
shapes = {"x": {0: torch.export.Dim("batch", min=1, max=64)}}
example_inputs = torch.randn(2, 3, 4, 4)
five = lambda: [torch.randn(5, 3, 4, 4)]
"""
IDS = ("2x3:int64:0..9",)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", list(sys.path))
    path = tmp_path / "exported_net.py"
    path.write_text(MODEL)
    return path


def run(file: Path, name: str, flow: str | None = "pt2e-static", **fields: Any) -> Snapshot:
    if "quantizer" in fields:
        fields["quantizer"] = fields["quantizer"].replace("FILE", str(file))
    snapshot = run_plan(Plan(source=f"{file}:{name}", flow=flow, **fields), lambda _: None)
    assert snapshot.run.error is None
    return snapshot


def rules(*given: QuantizerRule) -> Quantizer:
    return Quantizer(rules=given)


def weights(snapshot: Snapshot) -> dict[str, Any]:
    """Return how the weight of each operator is quantized."""
    nodes = snapshot.stages[-1].graph.nodes
    return {node.id: node.quant.weight for node in nodes if node.kind == "op" and node.quant and node.quant.weight}


def found(snapshot: Snapshot) -> dict[str, str]:
    """Return the findings but those every one of these runs has, message by rule."""
    usual = ("mode_changed", "training_demonstrated")
    return {each.rule: each.message for each in snapshot.findings if each.rule not in usual}


def again(snapshot: Snapshot) -> GraphModule:
    """Execute a run's script with a plain Python."""
    forget()
    names: dict[str, Any] = {"__name__": "again"}
    with kept(99):
        exec(compile(snapshot.run.python, "again.py", "exec"), names)
    sys.modules.pop("exported_net", None)
    module = names["captured" if snapshot.run.flow == "" else "converted"]
    assert isinstance(module, GraphModule)
    return module


CONV_STAYS = QuantizerRule("module_type", "torch.nn.Conv2d", enabled=False)
FC_STAYS = QuantizerRule("module_name", "fc", enabled=False)
TENSOR_STAYS = QuantizerRule("tensor", "relu", enabled=False)
FC_DYNAMIC = QuantizerRule("module_name", "fc", dynamic=True)
LINEAR_STAYS = QuantizerRule("operator", "torch.nn.functional.linear", enabled=False)
THEN_XNNPACK = {"quantizer": "embedding", "quantizer_options": Quantizer(then=("xnnpack",))}


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("Net", {"quantizer_options": Quantizer(per_channel=True, rules=(FC_DYNAMIC, CONV_STAYS))}),
        ("Net", {"quantizer": "x86_inductor", "quantizer_options": Quantizer(reduce_range=True, rules=(FC_STAYS,))}),
        ("Net", {"quantizer": "x86_inductor", "lower": True}),
        ("Net", {"quantizer": "FILE:mine", "fold_quantize": False}),
        ("Net", {"quantizer_options": Quantizer(rules=(FC_STAYS, TENSOR_STAYS))}),
        ("Net", {"quantizer": "FILE:quantizer", "dynamic_shapes": "shapes"}),
        ("Net", {"reference": True}),
        ("Net", {"strict": False}),
        ("Net", {"flow": "pt2e-dynamic"}),
        ("Net", {"flow": "pt2e-dynamic", "quantizer": "x86_inductor", "lower": True}),
        ("Words", {"inputs": IDS, **THEN_XNNPACK}),
        ("Words", {"inputs": IDS, "flow": "pt2e-dynamic", **THEN_XNNPACK}),
        ("Words", {"inputs": IDS, "quantizer": "embedding"}),
        ("Net", {"flow": "pt2e-qat"}),
        ("Net", {"flow": "pt2e-qat", "quantizer": "x86_inductor"}),
        pytest.param("Norm", {"flow": "pt2e-qat"}, marks=pytest.mark.slow),
        ("Net", {"flow": None, "dynamic_shapes": "shapes", "strict": True}),
    ],
    ids=str,
)
def test_a_script_does_the_run_again(name: str, fields: dict[str, Any], file: Path):
    snapshot = run(file, name, **fields)
    module = again(snapshot)
    graph = snapshot.stages[-1].graph
    if snapshot.run.flow:
        assert [(node.id, node.args) for node in graph.nodes] == [
            (node.name, [plain(each) for each in node.args]) for node in module.graph.nodes
        ]
    else:
        assert "captured" in snapshot.run.python


def test_the_weights_of_a_quantizer_with_per_channel_have_a_scale_for_each_channel(file: Path):
    default = weights(run(file, "Net"))
    per_channel = weights(run(file, "Net", quantizer_options=Quantizer(per_channel=True)))
    own = weights(run(file, "Net", quantizer="FILE:mine"))
    assert [type(each.scale) for each in default.values()] == [float, float]
    assert [len(each.scale) for each in per_channel.values()] == [3, 4]
    assert own == per_channel


def test_reduce_range_halves_the_range_of_activations(file: Path):
    for options, top in ((Quantizer(), 255), (Quantizer(reduce_range=True), 127)):
        snapshot = run(file, "Net", quantizer="x86_inductor", quantizer_options=options)
        casts: list[Any] = [node for node in snapshot.stages[-1].graph.nodes if node.kind == "quantize"]
        assert {node.quant.output.quant_max for node in casts} == {top}


@pytest.mark.parametrize(
    ("quantizer", "rule", "low"),
    [
        ("xnnpack", CONV_STAYS, {"linear"}),
        ("xnnpack", QuantizerRule("module_name", "fc", per_channel=True), {"conv2d", "relu", "linear"}),
        ("x86_inductor", FC_STAYS, {"conv2d", "relu"}),
        ("x86_inductor", LINEAR_STAYS, {"conv2d", "relu"}),
        ("x86_inductor", CONV_STAYS, {"linear"}),
        ("xnnpack", FC_STAYS, {"conv2d", "relu"}),
        ("FILE:mine", FC_STAYS, {"conv2d", "relu"}),
        ("xnnpack", QuantizerRule("node", "linear", enabled=False), {"conv2d", "relu"}),
    ],
)
def test_a_rule_holds_for_what_it_names(quantizer: str, rule: QuantizerRule, low: set[str], file: Path):
    snapshot = run(file, "Net", quantizer=quantizer, quantizer_options=rules(rule))
    assert set(precision(snapshot.stages[-1].graph).low) == low


def test_one_module_can_be_dynamic_where_the_others_are_static(file: Path):
    graph = run(file, "Net", quantizer_options=rules(FC_DYNAMIC)).stages[-1].graph
    assert [node.kind.value for node in graph.nodes].count("choose_qparams") == 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"quantizer": "mine"}, 'Unknown quantizer "mine"'),
        ({"quantizer": "FILE:number"}, "returns a int, not a quantizer"),
        ({"quantizer": "FILE:mine", "quantizer_options": Quantizer(per_channel=True)}, "has no option per_channel"),
        ({"quantizer_options": Quantizer(reduce_range=True)}, "XNNPACKQuantizer has no option reduce_range"),
        ({"quantizer_options": rules(QuantizerRule("node", "linear"))}, 'the node "linear" changes nothing'),
        ({"quantizer_options": rules(QuantizerRule("operator", "aten.linnear"))}, 'no operator "aten.linnear"'),
        ({"quantizer_options": rules(QuantizerRule("module_type", "torch.nn.Lin"))}, 'torch has no "torch.nn.Lin"'),
        ({"quantizer_options": rules(QuantizerRule("module_name", "fcc"))}, 'no module "fcc"'),
        ({"quantizer": "embedding", "quantizer_options": rules(FC_DYNAMIC)}, "embedding has no option rules"),
        ({"quantizer": "x86_inductor", "quantizer_options": Quantizer(per_channel=False)}, "per channel only"),
        ({"quantizer": "x86_inductor", "quantizer_options": rules(FC_DYNAMIC)}, "does not mix dynamic and static"),
        (
            {"quantizer": "x86_inductor", "quantizer_options": rules(QuantizerRule("module_type", "torch.nn.GELU"))},
            "no rule for torch.nn.GELU",
        ),
        ({"lower": True, "reference": True}, "cannot be lowered"),
        ({"dynamic_shapes": "shape"}, 'has no "shape"'),
    ],
    ids=str,
)
def test_what_a_quantizer_does_not_have_is_refused(fields: dict[str, Any], message: str, file: Path):
    with pytest.raises(QvizError, match=re.escape(message)):
        run(file, "Net", **fields)


def test_a_batch_norm_folded_into_a_shared_convolution_is_an_error_with_its_measure(file: Path):
    snapshot = run(file, "Shared", strict=True)
    finding = next(each for each in snapshot.findings if each.rule == "batch_norm_folded_into_shared_convolution")
    assert (finding.level.value, finding.nodes) == ("error", ("conv2d", "batch_norm"))
    with kept(0):
        module, x = again_float(file)
        y = module.conv(x)
        right, wrong = module.bn(y) + y, 2 * module.bn(y)
    assert finding.args["difference"] == pytest.approx(float((right - wrong).abs().max().detach()), rel=1e-3)
    facts: list[Any] = list(snapshot.facts["prepared"].values())
    assert not [each for each in facts if each.observer.calibrated is False]


def again_float(file: Path) -> tuple[Any, torch.Tensor]:
    """Return the model of a run with seed 0, and its inputs."""
    forget()
    names: dict[str, Any] = {}
    exec(compile(file.read_text(), str(file), "exec"), names)
    x = names["example_inputs"]
    return names["Shared"]().eval(), x


def test_a_batch_norm_behind_its_own_convolution_is_no_finding(file: Path):
    assert not found(run(file, "Norm"))


def test_what_torch_ignores_is_found(file: Path):
    ignored = run(file, "Net", quantizer_options=rules(QuantizerRule("operator", "aten.linear")))
    assert list(found(ignored)) == ["operator_rule_without_effect"]
    nothing = found(run(file, "Net", quantizer="x86_inductor", strict=False))
    assert set(nothing) == {"nothing_quantized", "quantizer_needs_strict_capture"}
    fallen_back = found(run(file, "Stubborn", quantizer="x86_inductor"))
    assert set(fallen_back) == {"nothing_quantized", "quantizer_needs_strict_capture", "captured_without_strict"}


def test_dynamic_convolutions_and_what_was_not_lowered_are_found(file: Path):
    snapshot = run(file, "Net", "pt2e-dynamic", quantizer="x86_inductor", lower=True)
    assert set(found(snapshot)) == {"dynamic_on_convolutions", "not_lowered"}
    kernels = [node.target for node in snapshot.stages[-1].graph.nodes if node.kind == "quantized_op"]
    assert kernels == ["onednn.qlinear_pointwise.tensor"]
    left = found(run(file, "Net", "pt2e-dynamic"))
    assert left["dynamic_on_convolutions"] == "the dynamic flow leaves conv2d in float"
    assert "layer_in_float" not in left


def test_symbolic_sizes_are_strings_and_other_batches_fit(file: Path):
    snapshot = run(file, "Net", dynamic_shapes="shapes", calibrate=f"{file}:five")
    for stage in snapshot.stages:
        values = {node.id: node.values[0].shape for node in stage.graph.nodes if node.id in ("x", "linear")}
        assert isinstance(values["x"][0], str)
        assert values == {"x": (values["x"][0], 3, 4, 4), "linear": (values["x"][0], 4)}
        assert all(node.values for node in stage.graph.nodes)


def test_qat_trains_through_fake_quants_and_folds_the_batch_norm(file: Path):
    snapshot = run(file, "Norm", "pt2e-qat")
    prepared, converted = (each.graph for each in snapshot.stages[1:])
    assert not [node for node in prepared.nodes if node.kind == "observer"]
    assert [node for node in prepared.nodes if node.kind == "fake_quant"]
    assert not [node for node in converted.nodes if "batch_norm" in node.target]
    assert not found(snapshot)


def test_a_missing_source_fn_stack_is_explained():
    assert "strict capture" in run_error("converting", KeyError("source_fn_stack")).hint


@pytest.mark.slow
def test_qat_without_strict_capture_says_what_to_do(file: Path):
    snapshot = run_plan(Plan(source=f"{file}:Norm", flow="pt2e-qat", strict=False), lambda _: None)
    assert snapshot.run.error is not None
    assert (snapshot.run.error.step, snapshot.run.error.type) == ("converting", "KeyError")
    assert "strict capture" in snapshot.run.error.hint


def test_lowering_that_fixes_the_sizes_is_found(file: Path):
    options: dict[str, Any] = {"quantizer": "x86_inductor", "lower": True}
    assert "sizes_fixed_by_lowering" in found(run(file, "Net", dynamic_shapes="shapes", **options))
    assert "sizes_fixed_by_lowering" not in found(run(file, "Net", **options))

from __future__ import annotations

import math
import operator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from torch import nn
from torch.ao.quantization import QuantStub
from torch.ao.quantization.quantize_fx import convert_fx
from torch.ao.quantization.quantize_pt2e import convert_pt2e
from torch.fx import Graph, GraphModule, symbolic_trace

from qviz.document.graph import Group, Kind, QParams, lint
from qviz.document.snapshot import Stage
from qviz.engine.nodes.arguments import plain
from qviz.engine.nodes.module_paths import plain_path
from qviz.engine.nodes.source_lines import source_line
from qviz.engine.recording.extract import record
from tests.engine.small_models import (
    NET_INPUTS,
    Branches,
    Net,
    exported,
    fx_prepared,
    fx_qat_prepared,
    pt2e_prepared,
)

HERE = str(Path(__file__).with_name("small_models.py"))


@pytest.fixture(scope="module")
def fx() -> dict[str, Any]:
    torch.manual_seed(0)
    prepared = fx_prepared(Net(), NET_INPUTS)
    before, facts = record("prepared", prepared, NET_INPUTS)
    converted = convert_fx(prepared)
    after, _ = record("converted", converted, NET_INPUTS, before)
    return {"prepared": before, "facts": facts, "converted": after, "module": converted}


@pytest.fixture(scope="module")
def pt2e() -> dict[str, Any]:
    torch.manual_seed(0)
    captured = exported(Net().eval(), NET_INPUTS)
    first, _ = record("captured", captured, NET_INPUTS)
    prepared = pt2e_prepared(captured, NET_INPUTS, is_per_channel=True)
    before, facts = record("prepared", prepared, NET_INPUTS, first)
    after, _ = record("converted", convert_pt2e(prepared), NET_INPUTS, before)
    return {"captured": first, "prepared": before, "facts": facts, "converted": after}


def by_id(stage: Stage) -> dict[str, Any]:
    return {node.id: node for node in stage.graph.nodes}


@pytest.mark.parametrize("flow", ["fx", "pt2e"])
def test_stages_are_sound_and_survive_a_round_trip(flow: str, request: pytest.FixtureRequest) -> None:
    stages = request.getfixturevalue(flow)
    for name in ("prepared", "converted"):
        stage = stages[name]
        assert not lint(stage.graph)
        assert msgspec.json.decode(msgspec.json.encode(stage), type=Stage) == stage


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1, [2.5, None], {"a": True}), [1, [2.5, None], {"a": True}]),
        (slice(None, 3), {"slice": [None, 3, None]}),
        (torch.float32, "torch.float32"),
        (torch.device("cpu"), "cpu"),
        (torch.contiguous_format, "torch.contiguous_format"),
        (torch.strided, "torch.strided"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (math.nan, "nan"),
        (..., "..."),
        (torch.relu, "torch.relu"),
        ({"b", "a"}, ["a", "b"]),
        (object(), "object"),
        (torch.ones(2, 3), {"tensor": "torch.float32", "shape": [2, 3]}),
    ],
)
def test_arguments_are_plain_json(value: Any, expected: Any) -> None:
    assert plain(value) == expected


def test_references_are_found_inside_nested_arguments() -> None:
    graph = Graph()
    x = graph.placeholder("x")
    assert plain(([x, (x,)], {"k": slice(x, None)})) == [
        [{"node": "x"}, [{"node": "x"}]],
        {"k": {"slice": [{"node": "x"}, None, None]}},
    ]


def test_an_input_that_stands_twice_is_one_edge() -> None:
    graph = Graph()
    x = graph.placeholder("x")
    graph.output(graph.call_function(operator.add, (x, x)))
    stage, _ = record("captured", GraphModule(nn.Module(), graph), (torch.ones(1),))
    assert [(each.from_id, each.to_id, each.input_index) for each in stage.graph.edges] == [
        ("x", "add", 0),
        ("add", "output", 0),
    ]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", ""),
        ("L['self']", ""),
        ("L['self'].layer1", "layer1"),
        ("getattr(L['self'].layer1, '0').conv1", "layer1.0.conv1"),
        ("getattr(getattr(L['s'].layers, '0').blocks, '12')", "layers.0.blocks.12"),
        ("L__self___layer1.conv", "layer1.conv"),
        ("L['self'].layers[3].fc", "layers.3.fc"),
        ("L['self']._modules['fc']", "fc"),
        ("layer1.0.relu@1", "layer1.0.relu"),
        ("layer1.0.conv1", "layer1.0.conv1"),
    ],
)
def test_module_paths_are_as_the_user_writes_them(path: str, expected: str) -> None:
    assert plain_path(path) == expected


@pytest.mark.parametrize("strict", [True, False])
def test_both_ways_of_export_give_the_same_modules(strict: bool) -> None:
    captured = exported(Net().eval(), NET_INPUTS, strict=strict)
    nodes = by_id(record("captured", captured, NET_INPUTS)[0])
    assert (nodes["conv2d_2"].module_path, nodes["conv2d_2"].module_type) == ("layer1.1.conv1", "Conv2d")
    assert (nodes["add"].module_path, nodes["add"].module_type) == ("layer1.0", "Block")
    assert (nodes["relu_1"].module_path, nodes["relu_1"].module_type) == ("layer1.0.relu", "ReLU")
    assert (nodes["flatten"].module_path, nodes["flatten"].module_type) == ("", "Net")
    assert (nodes["fc_weight"].module_path, nodes["fc_weight"].module_type) == ("fc", "Linear")


def test_targets_are_torchs_own_words(fx: dict[str, Any], pt2e: dict[str, Any]) -> None:
    fx_targets = {node.target for node in fx["converted"].graph.nodes}
    assert {"quantized.add_relu", "torch.quantize_per_tensor", "torch.flatten", "dequantize", "layer1.0.conv1"} <= (
        fx_targets
    )
    assert by_id(fx["prepared"])["add"].target == "_operator.add"
    targets = {node.target for node in pt2e["converted"].graph.nodes}
    assert {"aten.conv2d.default", "quantized_decomposed.quantize_per_tensor.default", "fc.bias"} <= targets


def test_inserted_nodes_stand_with_the_operator_they_serve(fx: dict[str, Any], pt2e: dict[str, Any]) -> None:
    prepared = by_id(fx["prepared"])
    conv = prepared["layer1_0_conv1"]
    watching = next(n for n in prepared.values() if n.kind is Kind.OBSERVER and n.args == [{"node": conv.id}])
    assert watching.module_path == watching.target
    assert watching.place == conv.place == "layer1.0.conv1"
    converted = by_id(fx["converted"])
    assert (converted["add_relu_1"].place, converted["add_relu_1"].module_type) == ("layer1.1", "Block")
    for node in pt2e["converted"].graph.nodes:
        if node.kind in (Kind.QUANTIZE, Kind.DEQUANTIZE, Kind.CONSTANT):
            assert node.inferred_path is not None or node.module_path, node.id
    assert by_id(pt2e["converted"])["_frozen_param0"].place == "layer1.0.conv1"


def test_groups_are_the_modules_that_hold_nodes(fx: dict[str, Any], pt2e: dict[str, Any]) -> None:
    for stage in (fx["prepared"], fx["converted"], pt2e["converted"]):
        groups = {group.path: group.type for group in stage.graph.groups}
        assert groups["layer1"] == "Sequential"
        assert groups["layer1.0"] == groups["layer1.1"] == "Block"
        places = {node.place for node in stage.graph.nodes if node.place}
        assert places <= set(groups)
    assert Group("layer1.0.conv1", "ConvReLU2d") in fx["prepared"].graph.groups
    assert Group("layer1.0.conv1", "Conv2d") in pt2e["converted"].graph.groups


def test_source_lines_are_the_users(fx: dict[str, Any], pt2e: dict[str, Any]) -> None:
    lines = Path(HERE).read_text().splitlines()
    for node in (by_id(fx["prepared"])["add"], by_id(fx["converted"])["add_relu"], by_id(pt2e["converted"])["add"]):
        assert node.source is not None
        assert node.source.file == HERE
        assert node.source.code == "y = y + x"
        assert lines[node.source.line - 1].strip() == node.source.code
    assert by_id(fx["prepared"])["x"].source is None


def test_source_line_skips_torch_and_stops_at_the_engine() -> None:
    torch_file, engine_file = torch.__file__, str(Path(record.__code__.co_filename))
    user = '  File "/home/me/net.py", line 7, in forward\n    return self.conv(x)\n'
    torch_frame = f'  File "{torch_file}", line 1, in f\n    g()\n'
    found = source_line(user + torch_frame + '  File "<eval_with_key>.3", line 5, in forward')
    assert found is not None
    assert (found.file, found.line, found.code) == ("/home/me/net.py", 7, "return self.conv(x)")
    assert source_line(user + f'  File "{engine_file}", line 1, in run\n' + torch_frame) is None
    assert source_line(user.replace("7", str(2**64 - 1)) + torch_frame) is None  # what torch prints for -1
    assert source_line(None) is None


def test_quantization_of_the_casts_is_resolved(fx: dict[str, Any], pt2e: dict[str, Any]) -> None:
    cast = by_id(fx["converted"])["quantize_per_tensor"]
    assert cast.quant is not None
    scale = fx["module"].get_buffer("layer1_0_conv1_input_scale_0")
    assert cast.quant.output == QParams(
        "torch.quint8", "torch.per_tensor_affine", float(scale), int(fx["module"].layer1_0_conv1_input_zero_point_0)
    )
    last = by_id(fx["converted"])["dequantize_9"]
    assert last.quant is not None
    assert last.quant.input == by_id(fx["converted"])["fc"].quant.output
    weight = by_id(pt2e["converted"])["dequantize_per_channel_default"].quant.input
    assert (weight.dtype, weight.qscheme, weight.axis) == ("torch.int8", "torch.per_channel_affine", 0)
    assert len(weight.scale) == len(weight.zero_point) == 4
    assert (weight.quant_min, weight.quant_max) == (-127, 127)


def test_quantization_of_modules_is_that_of_torch(fx: dict[str, Any]) -> None:
    node, module = by_id(fx["converted"])["fc"], fx["module"].fc
    assert node.quant.weight.scale == tuple(module.weight().q_per_channel_scales().tolist())
    assert (node.quant.weight.dtype, node.quant.weight.axis) == ("torch.qint8", 0)
    assert (node.quant.output.scale, node.quant.output.zero_point) == (module.scale, module.zero_point)
    assert by_id(fx["converted"])["add_relu"].quant.output.scale == pytest.approx(
        float(fx["module"].layer1_0_relu_scale_0)
    )
    pool = by_id(fx["converted"])["pool"].quant
    assert pool.output.scale == pool.input.scale


def test_float_operators_between_casts_know_both_sides(pt2e: dict[str, Any]) -> None:
    nodes = by_id(pt2e["converted"])
    linear = nodes["linear"].quant
    assert linear.input.dtype == linear.output.dtype == linear.weight.dtype == "torch.int8"
    assert len(linear.weight.scale) == 10
    assert nodes["conv2d"].quant.output is None, "relu follows: the pattern's output is quantized, not the conv's"
    assert nodes["relu"].quant.output is not None


def test_observers_share_numbers_and_facts(fx: dict[str, Any]) -> None:
    observers = [node for node in fx["prepared"].graph.nodes if node.kind is Kind.OBSERVER]
    numbers = [node.object_id for node in observers]
    assert sorted(set(numbers)) == list(range(1, len(set(numbers)) + 1))
    shared = [node for node in observers if numbers.count(node.object_id) > 1]
    assert len(shared) == 3, "before pool, behind pool and behind flatten"
    assert len({msgspec.json.encode(fx["facts"][node.id]) for node in shared}) == 1
    first = fx["facts"][observers[0].id].observer
    assert first.calibrated
    assert (first.min, first.max) == (1.0, 1.0), "the input is all ones"
    assert len(first.histogram.counts) == 64
    assert sum(first.histogram.counts) == NET_INPUTS[0].numel()
    assert observers[0].observer.type == "HistogramObserver"
    assert observers[0].quant.output.quant_max == 127


def test_an_observer_without_data_has_no_scale() -> None:
    prepared = fx_prepared(Net(), NET_INPUTS, calibrate=False)
    stage, facts = record("prepared", prepared, NET_INPUTS)
    observer: Any = next(node for node in stage.graph.nodes if node.kind is Kind.OBSERVER)
    fact = facts[observer.id].observer
    assert fact is not None
    assert fact.calibrated is False
    assert (fact.min, fact.max) == ("inf", "-inf")
    assert observer.quant.output.scale is None
    assert observer.quant.output.dtype == "torch.quint8"


def test_per_channel_facts_have_one_number_a_channel(pt2e: dict[str, Any]) -> None:
    weight = next(fact for fact in pt2e["facts"].values() if isinstance(fact.observer.min, tuple))
    assert len(weight.observer.min) == len(weight.observer.max) == 4


def test_parts_of_qat_modules_carry_their_fake_quant() -> None:
    stage, facts = record("prepared", fx_qat_prepared(Net(), NET_INPUTS), NET_INPUTS)
    conv = by_id(stage)["layer1_0_conv1"]
    assert [(part.type, part.kind) for part in conv.parts] == [
        ("BatchNorm2d", Kind.OP),
        ("FusedMovingAvgObsFakeQuantize", Kind.FAKE_QUANT),
    ]
    fake_quant = conv.parts[1]
    assert fake_quant.path == "layer1.0.conv1.weight_fake_quant"
    assert fake_quant.object_id is not None
    assert len(fake_quant.quant.output.scale) == 4
    fact = facts[fake_quant.path].observer
    assert fact is not None
    assert (fact.observer_enabled, fact.fake_quant_enabled, fact.calibrated) == (True, True, True)
    assert by_id(stage)["fc"].quant.weight.axis == 0


def test_parts_of_fused_modules(fx: dict[str, Any]) -> None:
    conv = by_id(fx["prepared"])["layer1_0_conv1"]
    assert conv.kind is Kind.FUSED_OP
    assert [part.path for part in conv.parts] == ["layer1.0.conv1.0", "layer1.0.conv1.1"]
    assert [part.type for part in conv.parts] == ["Conv2d", "ReLU"]


def test_attributes_are_the_sizes_that_a_caption_shows(fx: dict[str, Any], pt2e: dict[str, Any]) -> None:
    expected = {"in_channels": 4, "out_channels": 4, "kernel_size": [3, 3], "stride": [1, 1]}
    for node in (
        by_id(fx["prepared"])["layer1_0_conv1"],
        by_id(fx["converted"])["layer1_0_conv1"],
        by_id(pt2e["converted"])["conv2d"],
    ):
        assert expected.items() <= node.attributes.items()
    for node in (by_id(fx["converted"])["fc"], by_id(pt2e["converted"])["linear"]):
        assert node.attributes == {"in_features": 64, "out_features": 10}


def test_stubs_say_so() -> None:
    class Stubbed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.quant = QuantStub()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.quant(x)

    class Leaves(torch.fx.Tracer):
        def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
            return isinstance(m, QuantStub)

    model = Stubbed()
    stage, _ = record("captured", GraphModule(model, Leaves().trace(model)), (torch.ones(1),))
    assert by_id(stage)["quant"].attributes == {"stub": True}
    assert by_id(stage)["quant"].kind is Kind.OP


def test_a_module_called_twice_has_one_number() -> None:
    relu = nn.ReLU()
    stage, _ = record("captured", symbolic_trace(nn.Sequential(relu, nn.Flatten(), relu)), (torch.ones(2, 2),))
    assert [node.object_id for node in stage.graph.nodes] == [None, 1, None, 1, None]


def test_branches_are_recorded_as_subgraphs() -> None:
    captured = exported(Branches().eval(), (torch.ones(2, 4),))
    first, _ = record("captured", captured)
    stage, facts = record("prepared", pt2e_prepared(captured, (torch.ones(2, 4),)), None, first)
    assert stage.subgraphs is not None
    assert set(stage.subgraphs) == {"true_graph_0", "false_graph_0"}
    branch = {node.target: node for node in stage.subgraphs["true_graph_0"].nodes}
    assert branch["aten.cos.default"].values[0].shape == (2, 4)
    assert set(facts) == {node.id for node in stage.graph.nodes if node.kind is Kind.OBSERVER}


def test_the_same_model_gives_the_same_bytes() -> None:
    def once() -> bytes:
        torch.manual_seed(0)
        prepared = fx_prepared(Net(), NET_INPUTS)
        stage, facts = record("prepared", prepared, NET_INPUTS)
        return msgspec.json.encode([stage, facts, record("converted", convert_fx(prepared), NET_INPUTS, stage)])

    assert once() == once()


def test_code_is_what_print_readable_prints(pt2e: dict[str, Any]) -> None:
    assert "def forward(self, x):" in pt2e["captured"].code
    assert "torch.ops.quantized_decomposed.quantize_per_tensor.default(" in pt2e["converted"].code

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn
from torch.ao.quantization import (
    MinMaxObserver,
    PlaceholderObserver,
    QConfig,
    QConfigMapping,
    default_qconfig,
    get_default_qconfig_mapping,
)
from torch.ao.quantization.quantize_fx import prepare_fx
from torch.ao.quantization.quantize_pt2e import convert_pt2e, prepare_pt2e
from torch.ao.quantization.quantizer import (
    DerivedQuantizationSpec,
    FixedQParamsQuantizationSpec,
    QuantizationAnnotation,
    QuantizationSpec,
    Quantizer,
)
from torch.fx import GraphModule, symbolic_trace

from qviz import snapshot
from qviz.document.graph import Kind, Why
from qviz.engine.why.observers import of_observers as explain
from qviz.engine.why.observers import setter
from tests.engine.small_models import NET_INPUTS, WORDS_INPUTS, Net, Words, exported, fx_prepared, pt2e_prepared


def reasons(module: GraphModule) -> dict[str, Why]:
    """Return the reasons by the name of what each observer watches."""
    return {module_node.args[0].name: why for module_node, why in _with_nodes(module)}


def _with_nodes(module: GraphModule) -> list[tuple[Any, Why]]:
    found = explain(module)
    return [(node, found[node.name]) for node in module.graph.nodes if node.name in found]


def test_every_observer_of_both_flows_has_a_reason() -> None:
    for module in (
        fx_prepared(Net(), NET_INPUTS),
        fx_prepared(Words(), WORDS_INPUTS),
        pt2e_prepared(exported(Net().eval(), NET_INPUTS), NET_INPUTS),
    ):
        observers = {node.name for node in module.graph.nodes if str(node.target).startswith("activation_post")}
        assert set(explain(module)) == observers


def origin(why: Why) -> dict[str, Any]:
    found: Any = why.args["origin"]
    return dict(found["args"])


def test_fx_names_the_input_and_the_output_it_serves() -> None:
    found = reasons(fx_prepared(Net(), NET_INPUTS))
    first = {"subject": ("x",), "reader": ("layer1_0_conv1",), "asked_by": ("layer1_0_conv1",)}
    assert (found["x"].code, found["x"].roles) == ("observer.input", first)
    second = {"subject": ("layer1_0_conv1",), "asked_by": ("layer1_0_conv1",)}
    assert (found["layer1_0_conv1"].code, found["layer1_0_conv1"].roles) == ("observer.output", second)
    assert origin(found["layer1_0_conv1"])["observer"] == "HistogramObserver"
    assert found["pool"].api == "ObservationType.OUTPUT_SHARE_OBSERVER_WITH_INPUT"


def test_an_observer_given_away_for_sharing_says_who_shares() -> None:
    found = reasons(fx_prepared(Words(), WORDS_INPUTS))
    assert found["getitem_2"].api == "QConfigMapping.set_object_type(sigmoid)"
    assert (found["sigmoid"].code, found["sigmoid"].roles["asked_by"]) == ("observer.output_shares_input", ("cat",))
    assert len(found["sigmoid"].roles["same_observer"]) > 1


def test_fx_names_the_call_that_set_the_qconfig() -> None:
    mine = QConfig(activation=MinMaxObserver.with_args(dtype=torch.quint8), weight=default_qconfig.weight)
    mapping = get_default_qconfig_mapping("x86")
    calls = {
        "QConfigMapping.set_global": mapping,
        "QConfigMapping.set_object_type(Linear)": QConfigMapping().set_object_type(nn.Linear, mine),
        "QConfigMapping.set_module_name('fc')": get_default_qconfig_mapping("x86").set_module_name("fc", mine),
        "QConfigMapping.set_module_name_regex('f.')": QConfigMapping().set_module_name_regex("f.", mine),
    }
    for call, each in calls.items():
        prepared = prepare_fx(Net().eval(), each, NET_INPUTS)
        assert reasons(prepared)["fc"].api == call


def test_fx_order_of_calls_is_named_with_its_place() -> None:
    mine = QConfig(activation=MinMaxObserver.with_args(dtype=torch.quint8), weight=default_qconfig.weight)
    mapping = QConfigMapping().set_module_name_object_type_order("layer1.0", nn.Conv2d, 0, mine)
    found = reasons(prepare_fx(Net().eval(), mapping, NET_INPUTS))
    assert found["x"].api == "QConfigMapping.set_module_name_object_type_order('layer1.0', Conv2d, 0)"


def test_pt2e_quotes_the_annotation() -> None:
    found = reasons(pt2e_prepared(exported(Net().eval(), NET_INPUTS), NET_INPUTS))
    weight = found["fc_weight"]
    assert weight.code == "observer.parameter"
    assert weight.roles == {"subject": ("fc_weight",), "reader": ("linear",), "asked_by": ("linear",)}
    assert (weight.args["path"], weight.args["parameter"]) == ("fc", "weight")
    assert weight.api == "QuantizationAnnotation.input_qspec_map"
    spec = {"dtype": "torch.int8", "quant_min": -127, "quant_max": 127, "observer": "MinMaxObserver"}
    assert origin(weight) == {
        "key": "quantization_annotation",
        "field": "input_qspec_map",
        "spec": {"code": "spec.observed", "args": spec},
    }
    assert weight.rule == "Observes the weight of fc for linear"
    assert weight.evidence == (
        "linear.meta['quantization_annotation'].input_qspec_map asks for int8 −127 … 127 by MinMaxObserver"
    )


def test_pt2e_names_who_shares_a_range_and_with_what() -> None:
    found = reasons(pt2e_prepared(exported(Net().eval(), NET_INPUTS), NET_INPUTS))
    pool = found["max_pool2d"]
    assert (pool.roles["shares_range"], pool.roles["shares_with"]) == (("max_pool2d",), ("relu_3",))
    assert pool.evidence.endswith("asks for the range of the output of relu_3")


class FixedAndDerived(Quantizer):
    """Asks for a fixed scale at the output and a bias derived from input and weight."""

    def annotate(self, model: GraphModule) -> GraphModule:
        linear = next(node for node in model.graph.nodes if "linear" in str(node.target))
        x, weight, bias = linear.args
        made = QuantizationSpec(torch.int8, MinMaxObserver.with_args(eps=2**-12), -128, 127, torch.per_tensor_affine)
        fixed = FixedQParamsQuantizationSpec(torch.uint8, 1 / 256, 0, 0, 255, torch.per_tensor_affine)
        derived = DerivedQuantizationSpec(
            [(x, linear), (weight, linear)],
            lambda observers: (torch.tensor([1.0]), torch.tensor([0])),
            torch.int32,
            -(2**31),
            2**31 - 1,
            torch.per_tensor_symmetric,
        )
        linear.meta["quantization_annotation"] = QuantizationAnnotation(
            {x: made, weight: made, bias: derived}, fixed, _annotated=True
        )
        return model

    def validate(self, model: GraphModule) -> None:
        pass


def test_specs_of_every_kind_are_told() -> None:
    inputs = (torch.ones(2, 4),)
    found = reasons(prepare_pt2e(exported(nn.Linear(4, 4).eval(), inputs), FixedAndDerived()))
    fixed = {"dtype": "torch.uint8", "scale": 1 / 256, "zero_point": 0}
    assert origin(found["linear"])["spec"] == {"code": "spec.fixed", "args": fixed}
    edges = [
        {"code": "edge.input", "roles": {"producer": [producer], "reader": ["linear"]}}
        for producer in ("input_1", "weight")
    ]
    derived = {"dtype": "torch.int32", "derived_from": edges}
    assert origin(found["bias"])["spec"] == {"code": "spec.derived", "args": derived}
    assert found["bias"].evidence.endswith("int32, derived from input input_1 of linear and input weight of linear")
    assert origin(found["weight"])["spec"]["code"] == "spec.observed"


def test_without_metadata_nothing_is_made_up() -> None:
    class Observed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.obs = PlaceholderObserver()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.obs(x)

    assert explain(symbolic_trace(Observed())) == {}


class Unlike(Quantizer):
    """Asks for int8 behind the first Linear, and for uint8 before the second."""

    def annotate(self, model: GraphModule) -> GraphModule:
        first, second = (node for node in model.graph.nodes if str(node.target) == "aten.linear.default")
        affine = torch.per_tensor_affine
        signed = QuantizationSpec(torch.int8, MinMaxObserver, -128, 127, affine)
        unsigned = QuantizationSpec(torch.uint8, MinMaxObserver, 0, 255, affine)
        first.meta["quantization_annotation"] = QuantizationAnnotation({}, signed, _annotated=True)
        second.meta["quantization_annotation"] = QuantizationAnnotation({first: unsigned}, None, _annotated=True)
        return model

    def validate(self, model: GraphModule) -> None:
        pass


def test_a_second_observer_on_a_value_is_there_for_who_reads_it() -> None:
    captured = exported(nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4)).eval(), (torch.randn(2, 4),))
    prepared = prepare_pt2e(captured, Unlike())
    found = [why for _, why in _with_nodes(prepared)]
    assert [why.code for why in found] == ["observer.output", "observer.input"]
    assert [why.roles["asked_by"] for why in found] == [("linear",), ("linear_1",)]
    prepared(torch.randn(2, 4))
    stages = {"prepared": prepared, "converted": convert_pt2e(copy.deepcopy(prepared))}
    casts = [each for each in snapshot(stages).stage("converted").graph.nodes if each.kind is Kind.QUANTIZE]
    told = [origin(each.why)["observer"] for each in casts if each.why is not None]
    assert [each["code"] for each in told] == ["observer.output", "observer.input"]


class Marked(nn.Module):
    """Adds: a rule for its class goes before one for what it calls."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.add(torch.add(x, x), x)


def test_fx_rules_of_a_class_go_before_those_of_the_functions_in_it() -> None:
    mine = default_qconfig
    for mapping, calls in (
        (QConfigMapping().set_object_type(Marked, mine).set_object_type(torch.add, None), ["object_type(Marked)"] * 2),
        (
            QConfigMapping().set_global(mine).set_module_name_object_type_order("1", torch.add, 1, mine),
            ["global", "module_name_object_type_order('1', torch.add, 1)"],
        ),
        (QConfigMapping().set_module_name_object_type_order("", nn.Linear, 0, mine), None),
    ):
        prepared = prepare_fx(nn.Sequential(nn.Linear(4, 4), Marked()).eval(), mapping, (torch.randn(2, 4),))
        nodes = {node.name: node for node in prepared.graph.nodes}
        attrs = prepared.meta["_observed_graph_module_attrs"]
        entries = [setter(attrs, nodes[name]) for name in ("add", "add_1")]
        assert calls is None or [each and each.call.removeprefix("QConfigMapping.set_") for each in entries] == calls
    entry = setter(attrs, nodes["_0"])
    assert entry is not None
    assert entry.call == "QConfigMapping.set_module_name_object_type_order('', Linear, 0)"

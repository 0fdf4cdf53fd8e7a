from __future__ import annotations

import copy
import operator
from typing import Any

import pytest
import torch
import torch.ao.nn.intrinsic as nni
import torch.ao.nn.intrinsic.qat as nniqat
import torch.ao.nn.intrinsic.quantized as nniq
import torch.ao.nn.qat as nnqat
import torch.ao.nn.quantized as nnq
import torch.ao.nn.quantized.dynamic as nnqd
import torch.ao.nn.quantized.reference as nnqr
from torch import nn
from torch.ao.quantization import (
    DeQuantStub,
    FakeQuantize,
    HistogramObserver,
    PlaceholderObserver,
    QConfigMapping,
    QuantStub,
    default_dynamic_qconfig,
    float16_dynamic_qconfig,
    get_default_qat_qconfig,
)
from torch.ao.quantization.fx._decomposed import quantized_decomposed_lib  # noqa: F401 - registers the operators
from torch.ao.quantization.pt2e.lowering import lower_pt2e_quantized_to_x86
from torch.ao.quantization.quantize_fx import (
    _convert_to_reference_decomposed_fx,
    convert_fx,
    convert_to_reference_fx,
    prepare_fx,
)
from torch.ao.quantization.quantize_pt2e import convert_pt2e, prepare_pt2e, prepare_qat_pt2e
from torch.ao.quantization.quantizer import x86_inductor_quantizer as x86
from torch.fx import Graph, GraphModule

from qviz.document.graph import Kind
from qviz.engine.nodes.kinds import classify
from qviz.engine.nodes.module_roles import Role, role_of
from tests.engine.small_models import (
    NET_INPUTS,
    WORDS_INPUTS,
    Branches,
    Net,
    Words,
    exported,
    fx_prepared,
    fx_qat_prepared,
    pt2e_prepared,
    quantizer,
)

QAT = get_default_qat_qconfig("x86")


def fused_reference() -> nn.Module:
    fused = nni.LinearReLU(nn.Linear(2, 2), nn.ReLU())
    fused[0] = nnqr.Linear(2, 2)
    return fused


def counts(module: GraphModule) -> dict[str, int]:
    kinds = list(classify(module).values())
    return {kind.value: kinds.count(kind) for kind in Kind if kind in kinds}


def kinds_by_type(module: GraphModule) -> dict[str, Kind]:
    kinds = classify(module)
    return {
        type(module.get_submodule(node.target)).__name__: kinds[node.name]
        for node in module.graph.nodes
        if node.op == "call_module"
    }


@pytest.mark.parametrize(
    ("make", "role"),
    [
        (HistogramObserver, Role.OBSERVER),
        (PlaceholderObserver, Role.OBSERVER),
        (FakeQuantize, Role.FAKE_QUANT),
        (lambda: nnq.Quantize(1.0, 0, torch.quint8), Role.QUANTIZE),
        (nnq.DeQuantize, Role.DEQUANTIZE),
        (lambda: nnq.Linear(2, 2), Role.QUANTIZED),
        (lambda: nniq.ConvReLU2d(2, 2, 1), Role.QUANTIZED),
        (nnq.QFunctional, Role.QUANTIZED),
        (lambda: nnqd.Linear(2, 2), Role.QUANTIZED_DYNAMIC),
        (lambda: nnqd.LSTM(2, 2), Role.QUANTIZED_DYNAMIC),
        (lambda: nnqr.Linear(2, 2), Role.REFERENCE),
        (fused_reference, Role.REFERENCE),
        (lambda: nni.LinearReLU(nn.Linear(2, 2), nn.ReLU()), Role.SEVERAL),
        (lambda: nniqat.ConvBnReLU2d(2, 2, 1, qconfig=QAT), Role.SEVERAL),
        (lambda: nnqat.Linear(2, 2, qconfig=QAT), Role.PLAIN),
        (QuantStub, Role.STUB),
        (DeQuantStub, Role.STUB),
        (nnq.FloatFunctional, Role.STUB),
        (lambda: nn.Linear(2, 2), Role.PLAIN),
    ],
)
def test_role_follows_the_package_not_the_name(make: type[nn.Module], role: Role) -> None:
    assert role_of(make()) is role


def test_a_users_subclass_has_the_role_of_its_torch_class() -> None:
    class Mine(nnq.Linear):
        pass

    class MyObserver(HistogramObserver):
        pass

    assert role_of(Mine(2, 2)) is Role.QUANTIZED
    assert role_of(MyObserver()) is Role.OBSERVER


def test_fx_static_through_its_stages() -> None:
    prepared = fx_prepared(Net(), NET_INPUTS)
    assert counts(prepared) == {"input": 1, "output": 1, "observer": 10, "fused_op": 2, "op": 9}
    reference = convert_to_reference_fx(copy.deepcopy(prepared))
    assert counts(reference)["quantized_op"] == 5
    assert kinds_by_type(reference)["ConvReLU2d"] is Kind.QUANTIZED_OP
    converted = convert_fx(prepared)
    kinds = classify(converted)
    assert kinds["pool"] is Kind.QUANTIZED_OP, "max pool computes on quint8"
    assert kinds["flatten"] is Kind.OP, "flatten only moves"
    assert counts(converted) == {
        "input": 1, "output": 1, "constant": 6, "quantize": 1, "dequantize": 1, "quantized_op": 8, "op": 1,
    }  # fmt: skip


def test_fx_qat_modules_stand_for_several_or_for_one() -> None:
    kinds = kinds_by_type(fx_qat_prepared(Net(), NET_INPUTS))
    assert kinds["ConvBnReLU2d"] is Kind.FUSED_OP
    assert kinds["ConvBn2d"] is Kind.FUSED_OP
    assert kinds["Linear"] is Kind.OP
    assert kinds["FusedMovingAvgObsFakeQuantize"] is Kind.FAKE_QUANT


@pytest.mark.filterwarnings("ignore:To copy construct from a tensor:UserWarning")
def test_fx_dynamic() -> None:
    prepared = prepare_fx(Words().eval(), QConfigMapping().set_global(default_dynamic_qconfig), WORDS_INPUTS)
    reference = convert_to_reference_fx(copy.deepcopy(prepared))
    assert counts(reference)["quantize"] == counts(reference)["dequantize"] == 3
    decomposed = _convert_to_reference_decomposed_fx(copy.deepcopy(prepared))
    assert counts(decomposed)["choose_qparams"] == 3
    converted = kinds_by_type(convert_fx(prepared))
    assert {converted[name] for name in ("LinearReLU", "LSTM", "Linear")} == {Kind.QUANTIZED_OP}
    assert converted["Embedding"] is Kind.OP


def test_float_result_of_a_low_precision_operator_does_not_make_its_users_low() -> None:
    prepared = prepare_fx(Words().eval(), QConfigMapping().set_global(float16_dynamic_qconfig), WORDS_INPUTS)
    kinds = classify(convert_fx(prepared))
    assert kinds["out"] is Kind.QUANTIZED_OP
    assert kinds["sigmoid"] is Kind.OP
    assert kinds["cat"] is Kind.OP


def test_pt2e_static_and_dynamic() -> None:
    captured = exported(Words().eval(), WORDS_INPUTS)
    assert set(counts(captured)) == {"input", "output", "constant", "op"}
    prepared = pt2e_prepared(captured, WORDS_INPUTS, is_dynamic=True)
    assert counts(prepared)["observer"] == 4
    converted = convert_pt2e(prepared)
    found = counts(converted)
    assert (found["choose_qparams"], found["quantize"], found["dequantize"]) == (2, 2, 4)
    assert classify(converted)["getitem_3"] is Kind.OP


@pytest.mark.filterwarnings("ignore:erase_node.* on an already erased node:UserWarning")
def test_pt2e_qat_prepared_has_fake_quants() -> None:
    prepared = prepare_qat_pt2e(exported(Net().train(), NET_INPUTS), quantizer(is_qat=True))
    assert counts(prepared)["fake_quant"] == 15
    assert "observer" not in counts(prepared)


def test_pt2e_half_casts_are_quantize_and_dequantize() -> None:
    inputs = (torch.ones(2, 4),)
    config = x86.get_x86_inductor_linear_dynamic_fp16_config()
    captured = exported(nn.Sequential(nn.Linear(4, 4), nn.ReLU()).eval(), inputs)
    prepared = prepare_pt2e(captured, x86.X86InductorQuantizer().set_global(config))
    prepared(*inputs)
    converted = convert_pt2e(prepared)
    found = counts(converted)
    assert (found["quantize"], found["dequantize"]) == (1, 1)
    lowered = lower_pt2e_quantized_to_x86(converted, inputs)
    kinds = classify(lowered)
    assert [str(node.target) for node in lowered.graph.nodes if kinds[node.name] is Kind.QUANTIZED_OP] == [
        "onednn.linear_relu_dynamic_fp16.default"
    ]


def test_the_reference_representation_is_integer_arithmetic() -> None:
    inputs = (torch.ones(2, 4),)
    prepared = pt2e_prepared(exported(nn.Sequential(nn.Linear(4, 4)).eval(), inputs), inputs)
    reference = convert_pt2e(prepared, use_reference_representation=True)
    kinds = classify(reference)
    low = {str(node.target) for node in reference.graph.nodes if kinds[node.name] is Kind.QUANTIZED_OP}
    assert low <= {"out_dtype"}
    assert set(counts(reference)) <= {"input", "output", "constant", "op", "quantized_op"}


def test_control_flow_is_an_op_and_its_branches_are_constants() -> None:
    kinds = classify(exported(Branches().eval(), (torch.ones(2, 4),)))
    assert kinds["cond"] is Kind.OP
    assert kinds["true_graph_0"] is Kind.CONSTANT


def hand_made(*calls: tuple[str, Any, tuple[Any, ...]]) -> tuple[GraphModule, list[str]]:
    """Return a graph that applies the calls one after the other, each to the result before."""
    graph = Graph()
    value = graph.placeholder("x")
    names = []
    for op, target, rest in calls:
        value = graph.create_node(op, target, (value, *rest))
        names.append(value.name)
    graph.output(value)
    return GraphModule(nn.Module(), graph), names


QUANTIZE = ("call_function", torch.quantize_per_tensor, (0.1, 0, torch.quint8))


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (("call_function", torch.relu, ()), Kind.QUANTIZED_OP),
        (("call_method", "relu", ()), Kind.QUANTIZED_OP),
        (("call_function", operator.mul, (2,)), Kind.QUANTIZED_OP),
        (("call_function", torch.ops.quantized.cat, (0.1, 0)), Kind.QUANTIZED_OP),
        (("call_method", "view", (-1,)), Kind.OP),
        (("call_function", operator.getitem, (0,)), Kind.OP),
        (("call_function", getattr, ("shape",)), Kind.OP),
        (("call_method", "size", ()), Kind.OP),
        (("call_method", "contiguous", ()), Kind.OP),
        (("call_method", "dequantize", ()), Kind.DEQUANTIZE),
        (("call_function", torch.dequantize, ()), Kind.DEQUANTIZE),
    ],
)
def test_work_on_a_quantized_tensor(call: tuple[str, object, tuple[object, ...]], kind: Kind) -> None:
    module, names = hand_made(QUANTIZE, call)
    assert classify(module)[names[1]] is kind


def test_precision_is_followed_through_shape_work_and_ends_at_dequantize_and_size() -> None:
    relu = ("call_function", torch.relu, ())
    module, names = hand_made(QUANTIZE, ("call_method", "view", (-1,)), relu, ("call_method", "dequantize", ()), relu)
    kinds = [classify(module)[name] for name in names]
    assert kinds == [Kind.QUANTIZE, Kind.OP, Kind.QUANTIZED_OP, Kind.DEQUANTIZE, Kind.OP]
    module, names = hand_made(QUANTIZE, ("call_method", "size", (0,)), ("call_function", operator.mul, (2,)))
    assert classify(module)[names[2]] is Kind.OP


def test_the_cast_to_half_of_the_flow_and_that_of_the_user() -> None:
    cast = ("call_method", "to", (torch.float16,))
    module, names = hand_made(cast, ("call_method", "dequantize", ()))
    assert classify(module)[names[0]] is Kind.QUANTIZE
    module, names = hand_made(cast, ("call_function", torch.relu, ()))
    assert classify(module)[names[0]] is Kind.OP


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        (torch.fake_quantize_per_tensor_affine, Kind.FAKE_QUANT),
        (torch.ops.aten.fake_quantize_per_channel_affine.default, Kind.FAKE_QUANT),
        (torch.fused_moving_avg_obs_fake_quant, Kind.FAKE_QUANT),
        (torch.ops.quantized_decomposed.fake_quant_per_channel.default, Kind.FAKE_QUANT),
        (torch.ops.quantized_decomposed.choose_qparams.tensor, Kind.CHOOSE_QPARAMS),
        (torch.ops.quantized_decomposed.choose_qparams_per_token_asymmetric.default, Kind.CHOOSE_QPARAMS),
        (torch.quantize_per_channel, Kind.QUANTIZE),
        (torch.quantize_per_tensor_dynamic, Kind.QUANTIZE),
        (torch.ops.quantized_decomposed.quantize_per_token.default, Kind.QUANTIZE),
        (torch.ops.quantized_decomposed.dequantize_per_channel_group.default, Kind.DEQUANTIZE),
        (torch.ops.quantized.linear_dynamic, Kind.QUANTIZED_OP),
        (torch.ops.onednn.qconv_pointwise.default, Kind.QUANTIZED_OP),
        (torch.ops.higher_order.out_dtype, Kind.QUANTIZED_OP),
        (torch.ops.higher_order.cond, Kind.OP),
        (torch.ops.aten._int_mm.default, Kind.OP),
        (torch.nn.functional.linear, Kind.OP),
    ],
)
def test_functions_by_their_full_name(target: object, kind: Kind) -> None:
    module, names = hand_made(("call_function", target, ()))
    assert classify(module)[names[0]] is kind


def test_a_lifted_placeholder_is_a_constant() -> None:
    program = torch.export.export(nn.Linear(2, 2), (torch.ones(1, 2),))
    kinds = classify(program.graph_module, lifted=["p_weight", "p_bias"])
    assert kinds["p_weight"] is kinds["p_bias"] is Kind.CONSTANT
    assert kinds["input"] is Kind.INPUT

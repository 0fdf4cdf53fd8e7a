"""What the hints about layers in float advise is done here in plain torch, and does what they say."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.ao.nn.quantized as nnq
import torch.ao.nn.quantized.dynamic as nnqd
import torch.nn.functional as F  # noqa: N812
from torch import nn
from torch.ao.quantization import (
    DeQuantStub,
    QConfig,
    QConfigMapping,
    QuantStub,
    QuantWrapper,
    convert,
    default_qconfig,
    get_default_qconfig,
    get_default_qconfig_mapping,
    prepare,
    quantize_dynamic,
)
from torch.ao.quantization.observer import (
    FixedQParamsObserver,
    HistogramObserver,
    MinMaxObserver,
    PerChannelMinMaxObserver,
)
from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx
from torch.ao.quantization.quantize_pt2e import convert_pt2e, prepare_pt2e
from torch.ao.quantization.quantizer import QuantizationAnnotation, QuantizationSpec, Quantizer
from torch.ao.quantization.quantizer.composable_quantizer import ComposableQuantizer
from torch.ao.quantization.quantizer.xnnpack_quantizer import XNNPACKQuantizer, get_symmetric_quantization_config

pytestmark = pytest.mark.logs

CLOSE_DB = 25.0
"""Above this, an output is that of the float model, rounded to 8 bits a few times."""


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def sqnr(wanted: torch.Tensor, given: torch.Tensor) -> float:
    wanted, given = wanted.detach(), given.detach()
    return float(20 * torch.log10(wanted.norm() / (wanted - given).norm()))


def xnnpack() -> Quantizer:
    return XNNPACKQuantizer().set_global(get_symmetric_quantization_config())


def exported(model: nn.Module, inputs: tuple[torch.Tensor, ...], quantizer: Quantizer, strict: bool = False) -> Any:
    captured: Any = torch.export.export(model.eval(), inputs, strict=strict).module()
    prepared = prepare_pt2e(captured, quantizer)
    prepared(*inputs)
    return convert_pt2e(prepared)


def given_to(converted: Any, name: str) -> list[str]:
    """Return what computes the arguments of an operator."""
    node = next(each for each in converted.graph.nodes if each.op == "call_function" and name in str(each.target))
    return [str(each.target) for each in node.all_input_nodes]


class OwnQuantizer(Quantizer):
    """Annotates one operator with its weight per channel, as the hints advise where XNNPACKQuantizer does not."""

    def __init__(self, operator: Any, axis: int) -> None:
        super().__init__()
        self.operator = operator
        self.activation = QuantizationSpec(
            torch.int8, HistogramObserver.with_args(eps=2**-12), -128, 127, torch.per_tensor_affine
        )
        self.weight = QuantizationSpec(
            torch.int8, PerChannelMinMaxObserver.with_args(eps=2**-12), -127, 127, torch.per_channel_symmetric, axis
        )

    def annotate(self, model: torch.fx.GraphModule) -> torch.fx.GraphModule:
        for node in model.graph.nodes:
            if node.target is self.operator:
                x, weight = node.args[:2]
                node.meta["quantization_annotation"] = QuantizationAnnotation(
                    {x: self.activation, weight: self.weight}, self.activation, _annotated=True
                )
        return model

    def validate(self, model: torch.fx.GraphModule) -> None:
        pass


def test_a_transposed_convolution_is_quantized_by_an_annotation_with_scales_along_axis_1():
    model, x = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ConvTranspose2d(4, 6, 3)), torch.randn(1, 3, 8, 8)
    wanted = model.eval()(x)
    alone = exported(model, (x,), xnnpack())
    assert not any("dequantize" in each for each in given_to(alone, "conv_transpose2d")[1:])
    own = OwnQuantizer(torch.ops.aten.conv_transpose2d.input, axis=1)
    converted = exported(model, (x,), ComposableQuantizer([xnnpack(), own]))
    data, weight, *_ = given_to(converted, "conv_transpose2d")
    assert data == "quantized_decomposed.dequantize_per_tensor.default"
    assert weight == "quantized_decomposed.dequantize_per_channel.default"
    cast = next(each for each in converted.graph.nodes if str(each.target) == weight and 6 in scales(converted, each))
    assert cast.args[3] == 1
    assert sqnr(wanted, converted(x)) > CLOSE_DB


def scales(converted: Any, cast: torch.fx.Node) -> tuple[int, ...]:
    """Return the shape of the scales of a cast."""
    node: Any = cast.args[1]
    return tuple(getattr(converted, node.target).shape)


def test_a_convolution_in_three_dimensions_is_quantized_by_an_annotation():
    model, x = nn.Sequential(nn.Conv3d(2, 4, 3)), torch.randn(1, 2, 6, 6, 6)
    wanted = model.eval()(x)
    assert not any("dequantize" in each for each in given_to(exported(model, (x,), xnnpack()), "conv3d"))
    converted = exported(model, (x,), OwnQuantizer(torch.ops.aten.conv3d.default, axis=0))
    assert [each.partition(".")[2] for each in given_to(converted, "conv3d")[:2]] == [
        "dequantize_per_tensor.default",
        "dequantize_per_channel.default",
    ]
    assert sqnr(wanted, converted(x)) > CLOSE_DB


@pytest.mark.parametrize(("kind", "quantized"), [(nn.LSTM, nnqd.LSTM), (nn.GRU, nnqd.GRU)])
def test_quantize_dynamic_replaces_recurrent_layers(kind: Any, quantized: type):
    model, x = nn.Sequential(kind(8, 16)).eval(), torch.randn(5, 2, 8)
    converted = quantize_dynamic(model)
    assert type(converted[0]) is quantized
    assert sqnr(model(x)[0], converted(x)[0]) > CLOSE_DB


class Whole(nn.Module):
    """Attention as one layer."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.attention(x, x, x, need_weights=False)[0]


class OfParts(nn.Module):
    """The same, as the hint says: a Linear for each projection and scaled_dot_product_attention."""

    def __init__(self, whole: nn.MultiheadAttention) -> None:
        super().__init__()
        size, self.heads = whole.embed_dim, whole.num_heads
        self.query, self.key, self.value, self.out = (nn.Linear(size, size) for _ in range(4))
        with torch.no_grad():
            for at, each in enumerate((self.query, self.key, self.value)):
                each.weight.copy_(whole.in_proj_weight[at * size : (at + 1) * size])
                each.bias.copy_(whole.in_proj_bias[at * size : (at + 1) * size])
            self.out.weight.copy_(whole.out_proj.weight)
            self.out.bias.copy_(whole.out_proj.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        query, key, value = (self.split(each(x)) for each in (self.query, self.key, self.value))
        found = F.scaled_dot_product_attention(query, key, value)
        return self.out(found.transpose(1, 2).flatten(2))

    def split(self, x: torch.Tensor) -> torch.Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)


def by_fx(model: nn.Module, x: torch.Tensor) -> Any:
    prepared = prepare_fx(model.eval(), get_default_qconfig_mapping("x86"), (x,))
    prepared(x)
    return convert_fx(prepared)


@pytest.mark.parametrize(("quantize", "kind"), [(by_fx, nnq.Linear), (lambda m, x: quantize_dynamic(m), nnqd.Linear)])
def test_the_projections_of_an_attention_of_parts_are_quantized(quantize: Callable[..., Any], kind: type):
    whole, x = Whole().eval(), torch.randn(2, 5, 16)
    parts = OfParts(whole.attention).eval()
    torch.testing.assert_close(parts(x), whole(x))
    assert not [each for each in quantize(copy.deepcopy(whole), x).modules() if type(each) is kind]
    converted = quantize(parts, x)
    assert len([each for each in converted.modules() if type(each) is kind]) == 4
    assert sqnr(whole(x), converted(x)) > CLOSE_DB


class Function(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, 4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.linear(x, self.weight)


def test_a_weight_in_a_linear_is_replaced():
    function, x = Function(), torch.randn(2, 4)
    held = nn.Sequential(nn.Linear(4, 4, bias=False))
    held[0].weight = function.weight
    assert [type(each) for each in quantize_dynamic(function).modules()] == [Function]
    converted = quantize_dynamic(held)
    assert type(converted[0]) is nnqd.Linear
    assert sqnr(function(x), converted(x)) > CLOSE_DB


@pytest.mark.parametrize(("activation", "is_quantized"), [(torch.qint8, False), (torch.quint8, True)])
def test_dtypes_that_the_backend_lists_are_taken(activation: torch.dtype, is_quantized: bool):
    qconfig = QConfig(MinMaxObserver.with_args(dtype=activation), default_qconfig.weight)
    x = torch.randn(2, 4)
    prepared = prepare_fx(nn.Sequential(nn.Linear(4, 4)).eval(), QConfigMapping().set_global(qconfig), (x,))
    prepared(x)
    assert isinstance(convert_fx(prepared).get_submodule("0"), nnq.Linear) is is_quantized


@pytest.mark.parametrize(("padding", "numbers"), [("valid", 0), ("same", 2)])
def test_a_padding_in_numbers_is_taken(padding: str, numbers: int):
    x = torch.randn(1, 3, 8, 8)
    words, counted = (nn.Sequential(nn.Conv2d(3, 4, 3, padding=each, dilation=2)) for each in (padding, numbers))
    counted.load_state_dict(words.state_dict())
    torch.testing.assert_close(counted(x), words(x))
    assert not any("dequantize" in each for each in given_to(exported(words, (x,), xnnpack()), "conv2d"))
    assert all("dequantize" in each for each in given_to(exported(counted, (x,), xnnpack()), "conv2d")[:2])


class Recurs(nn.Module):
    def __init__(self, is_whole: bool) -> None:
        super().__init__()
        self.recurrent, self.fc, self.is_whole = nn.GRU(8, 8), nn.Linear(8, 8), is_whole

    def forward(self, x: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        if not self.is_whole:
            return self.fc(self.recurrent(x)[0])
        found, state = self.recurrent(x, state)
        return self.fc(found) + state


def test_a_gru_with_its_state_given_and_both_outputs_read_is_taken():
    inputs = torch.randn(3, 2, 8), torch.zeros(1, 2, 8)
    with pytest.raises((IndexError, AssertionError)):
        exported(Recurs(is_whole=False), inputs, xnnpack(), strict=True)
    whole = Recurs(is_whole=True)
    converted = exported(whole, inputs, xnnpack(), strict=True)
    assert sqnr(whole(*inputs), converted(*inputs)) > CLOSE_DB


def test_types_in_place_of_set_global_leave_the_gru_out():
    inputs, model = (torch.randn(3, 2, 8), torch.zeros(1, 2, 8)), Recurs(is_whole=False)
    by_type = XNNPACKQuantizer().set_module_type(nn.Linear, get_symmetric_quantization_config())
    converted = exported(model, inputs, by_type, strict=True)
    assert all("dequantize" in each for each in given_to(converted, "linear")[:2])
    assert not any("dequantize" in each for each in given_to(converted, "gru"))


class Slopes(nn.Module):
    """A PReLU in float, between stubs."""

    def __init__(self, has_stubs: bool) -> None:
        super().__init__()
        self.quant, self.dequant = QuantStub(), DeQuantStub()
        self.first, self.act, self.last = nn.Conv2d(3, 4, 3), nn.PReLU(4, init=0.1), nn.Conv2d(4, 4, 3)
        self.before, self.behind = DeQuantStub(), QuantStub()
        self.has_stubs = has_stubs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(self.quant(x))
        x = self.behind(self.act(self.before(x))) if self.has_stubs else self.act(x)
        return self.dequant(self.last(x))


def by_eager(model: Any, x: torch.Tensor, qconfig: Any, **of_children: Any) -> Any:
    model.eval().qconfig = qconfig
    for name, own in of_children.items():
        getattr(model, name).qconfig = own
    prepared = prepare(model)
    prepared(x)
    return convert(prepared)


def test_a_prelu_in_float_between_stubs_converts():
    x, model = torch.randn(1, 3, 8, 8), Slopes(has_stubs=True)
    wanted = model.eval()(x)
    with pytest.raises(IndexError):
        by_eager(Slopes(has_stubs=False), x, get_default_qconfig("x86"))
    converted = by_eager(model, x, get_default_qconfig("x86"), act=None)
    assert type(converted.act) is nn.PReLU
    assert sqnr(wanted, converted(x)) > CLOSE_DB


def test_the_quantized_prelu_is_right_only_where_its_weights_reach_1():
    x, normal = torch.randn(1, 3, 8, 8), get_default_qconfig("x86")
    reaching = FixedQParamsObserver.with_args(scale=1 / 255, zero_point=0, dtype=torch.quint8)
    found = []
    for observer in (MinMaxObserver.with_args(dtype=torch.quint8), reaching):
        model = QuantWrapper(nn.PReLU(init=0.1)).eval()
        wanted = model(x)
        converted = by_eager(model, x, normal, module=QConfig(normal.activation, observer))
        assert type(converted.module) is nnq.PReLU
        found.append(sqnr(wanted, converted(x)))
    assert found[0] < 5 < CLOSE_DB < found[1]

"""The two lines in a box."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from qviz.analysis.views.captions import caption, short_path
from qviz.document.graph import Json, Kind, Node, ObserverType, Part, QParams, Quant
from qviz.document.snapshot import Facts, ObserverFact
from qviz.words.formats import number
from tests.factories import node, observed, qparams, small_stages, value


def of_small_net(stage: int) -> dict[str, tuple[str, str]]:
    return {each.id: caption(each, None) for each in small_stages()[stage].graph.nodes}


def test_captured_small_net() -> None:
    assert of_small_net(0) == {
        "x": ("x", ""),
        "fc": ("fc", "Linear 3072 → 102400"),
        "relu": ("relu", ""),
        "view": ("view", "−1, 10, 32, 32"),
        "conv": ("conv", "Conv2d 10 → 1, 3×3"),
        "bn": ("bn", "BatchNorm2d 1"),
        "relu_1": ("relu", ""),
        "output": ("output", ""),
    }


def test_converted_small_net() -> None:
    found = of_small_net(1)
    assert found["quantize_per_tensor"] == ("quantize", "scale 0.0624 · zp 63")
    assert found["fc"] == ("fc", "LinearReLU · scale 0.02")
    assert found["conv"] == ("conv", "ConvReLU2d · scale 0.01103")
    assert found["dequantize"] == ("dequantize", "quint8 → float32")
    assert found["fc_input_zero_point_0"] == ("fc_input_zero_point_0", "int64")


@pytest.mark.parametrize(
    ("type_", "facts", "title", "told"),
    [
        ("HistogramObserver", observed(0.0, 5.206), "histogram", "0 … 5.206"),
        ("MinMaxObserver", observed(-1.2, 3.4), "min max", "−1.2 … 3.4"),
        ("PerChannelMinMaxObserver", observed((-1.0, -2.5), (3.0, 0.5)), "per channel min max", "−2.5 … 3"),
        ("HistogramObserver", observed("inf", "-inf", calibrated=False), "histogram", "not calibrated"),
        ("MinMaxObserver", observed("-inf", "inf"), "min max", "−∞ … ∞"),
        ("PlaceholderObserver", Facts(observer=ObserverFact()), "placeholder", ""),
        ("MyOwnObserver", None, "my own", ""),
        ("PerChannelMinMaxObserver", observed((), ()), "per channel min max", ""),
    ],
)
def test_observers(type_: str, facts: Facts | None, title: str, told: str) -> None:
    each = node("o", "x", kind="observer", observer=ObserverType(type_))
    assert caption(each, facts) == (title, told)


def test_fake_quantize() -> None:
    each = node("f", "x", kind="fake_quant", quant=Quant(output=qparams()))
    assert caption(each, observed(-1.2, 3.4)) == ("fake quantize −1.2 … 3.4", "scale 0.0624 · zp 63")


@pytest.mark.parametrize(
    ("quant", "subtitle"),
    [
        (qparams(), "scale 0.0624 · zp 63"),
        (qparams(0.5, -128, "torch.int8"), "scale 0.5 · zp −128"),
        (qparams((0.1, 0.2), (0, 0), "torch.qint8"), "qint8 · 2 channels"),
        (QParams(dtype="torch.int8"), "int8"),
        (QParams(dtype="torch.float16"), "f16"),
    ],
)
def test_quantize(quant: QParams, subtitle: str) -> None:
    assert caption(node("q", "x", kind="quantize", quant=Quant(output=quant)), None) == ("quantize", subtitle)


def test_quantize_of_which_only_the_dtype_is_known() -> None:
    each = node("q", "x", kind="quantize", values=[value(1, dtype="torch.int8")])
    assert caption(each, None) == ("quantize", "int8")
    assert caption(node("q", "x", kind="quantize", values=[]), None) == ("quantize", "")


def test_choose_qparams() -> None:
    each = node("c", "x", kind="choose_qparams", quant=Quant(output=QParams(dtype="torch.int8")))
    assert caption(each, None) == ("choose qparams", "int8")


def test_dynamic_module_tells_its_weight() -> None:
    weight = qparams((0.1, 0.2), (0, 0), "torch.qint8")
    each = node("fc", "x", kind="quantized_op", path="fc", type="LinearReLU", quant=Quant(weight=weight))
    assert caption(each, None) == ("fc", "LinearReLU · int8 per channel")
    per_tensor = node("fc", "x", kind="quantized_op", path="fc", type="Linear", quant=Quant(weight=qparams()))
    assert caption(per_tensor, None) == ("fc", "Linear · uint8 per tensor")


def test_quantized_function() -> None:
    each = node("add_relu", "a", "b", kind="quantized_op", target="quantized.add_relu", quant=Quant(output=qparams()))
    assert caption(each, None) == ("add_relu", "scale 0.0624")
    again = node("add_1", "a", "b", kind="quantized_op", target="quantized.add", quant=Quant(output=qparams()))
    assert caption(again, None) == ("add_1", "scale 0.0624")
    sum_ = node("sum_of", "a", "b", kind="quantized_op", target="quantized.add", quant=Quant(output=qparams()))
    assert caption(sum_, None) == ("sum_of", "add · scale 0.0624")


def test_an_embedding_has_rows_and_columns() -> None:
    sizes: dict[str, Json] = {"num_embeddings": 10_000, "embedding_dim": 512}
    each = node("embed", "ids", path="embed", type="Embedding", attributes=sizes)
    assert caption(each, None) == ("embed", "Embedding 10,000 × 512")


def test_fused_module_names_its_parts() -> None:
    parts = (
        Part("conv.0", "Conv2d", Kind.OP),
        Part("conv.1", "ReLU", Kind.OP),
        Part("conv.weight_fake_quant", "FakeQuantize", Kind.FAKE_QUANT),
    )
    each = node("conv", "x", kind="fused_op", path="conv", type="ConvReLU2d", parts=parts)
    assert caption(each, None) == ("conv", "Conv2d + ReLU")
    assert caption(node("conv", "x", kind="fused_op", path="conv", type="ConvReLU2d"), None) == ("conv", "ConvReLU2d")


@pytest.mark.parametrize(
    ("target", "weight", "leaf", "expected"),
    [
        ("aten.conv2d.default", value(64, 3, 7, 7), "conv1", ("conv1", "conv2d 3 → 64, 7×7")),
        ("aten.conv2d.default", value(64, 3, 7, 7), None, ("conv2d_4", "3 → 64, 7×7")),
        ("aten.linear.default", value(10, 512), "layers.0", ("layers.0", "linear 512 → 10")),
        ("aten.relu_.default", None, "relu", ("relu", "")),
        ("aten.max_pool2d.default", None, "pool", ("pool", "max_pool2d")),
        ("aten.add.Tensor", value(64, 3, 7, 7), None, ("conv2d_4", "add")),
    ],
)
def test_aten_operators(target: str, weight: object, leaf: str | None, expected: tuple[str, str]) -> None:
    each = node("conv2d_4", "x", target=target)
    assert caption(each, None, weight, leaf) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("args", "subtitle"),
    [
        ([{"node": "x"}, [-1, 256]], "−1, 256"),
        ([{"node": "x"}, [{"node": "size"}, 256]], "256"),
        ([{"node": "x"}, 1, -1], "1, −1"),
    ],
)
def test_arguments_of_shape_operators(args: list[object], subtitle: str) -> None:
    each = node("reshape", target="aten.reshape.default", args=args)
    assert caption(each, None) == ("reshape", subtitle)


def test_depthwise_and_transposed_convolutions() -> None:
    args = [{"node": "x"}, {"node": "w"}, None, [1, 1], [1, 1], [1, 1], 24]
    depthwise = node("conv2d", target="aten.conv2d.default", args=args)
    assert caption(depthwise, None, value(24, 1, 3, 3))[1] == "24 → 24, 3×3"
    transposed = node("up", "x", target="aten.conv_transpose2d.input")
    assert caption(transposed, None, value(8, 16, 2, 2))[1] == "conv_transpose2d 8 → 16, 2×2"


def strided() -> Node:
    attributes = {"in_channels": 64, "out_channels": 128, "kernel_size": [3, 3], "stride": [2, 2]}
    return node("layer2_0_conv1", "x", path="layer2.0.conv1", type="Conv2d", attributes=attributes)


def test_stride() -> None:
    assert caption(strided(), None) == ("conv1", "Conv2d 64 → 128, 3×3, /2")
    each = strided()
    uneven = replace(each, attributes={**each.attributes, "stride": [1, 2]})
    assert caption(uneven, None) == ("conv1", "Conv2d 64 → 128, 3×3, /1×2")


def test_module_called_again_keeps_its_number() -> None:
    assert caption(node("block_relu_1", "x", path="block.relu", type="ReLU"), None) == ("relu_1", "")


def test_long_subtitles_are_cut() -> None:
    each = node("f", "x", path="f", type="A" * 60)
    assert caption(each, None)[1] == "A" * 43 + "…"


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (0.062412, "0.06241"),
        (102400, "102400"),
        (-128, "−128"),
        (1.0, "1"),
        (1e-7, "1e−07"),
        ("nan", "nan"),
        (0.0, "0"),
    ],
)
def test_numbers_are_short(found: float | str, text: str) -> None:
    assert number(found) == text


@pytest.mark.parametrize(
    ("path", "short"), [("layer1", "layer1"), ("a.layer1.0", "layer1.0"), ("0.1", "0.1"), ("a.3.conv", "conv")]
)
def test_short_paths(path: str, short: str) -> None:
    assert short_path(path) == short


@pytest.mark.parametrize(
    ("target", "args", "told"),
    [
        ("aten.slice.Tensor", ("x", 0, 0, 2**63 - 1), "0, 0, end"),
        ("aten.flatten.using_ints", ("x", 1), "dim 1"),
        ("aten.mean.dim", ("x", [2, 3], True), "dim 2, 3"),
        ("_operator.getitem", ("x", 0), "[0]"),
        ("aten.permute.default", ("x", [0, 2, 1]), "0, 2, 1"),
    ],
)
def test_numbers_of_a_shape_operator_say_what_they_are(target: str, args: tuple[object, ...], told: str):
    name = target.split(".")[1]
    assert caption(node(name, "x", target=target, args=args), None)[1] == told


def test_a_recurrent_layer_tells_its_sizes():
    sizes = {"input_size": 64, "hidden_size": 128}
    assert caption(node("lstm", "x", path="lstm", type="LSTM", attributes=sizes), None) == ("lstm", "64 → 128")

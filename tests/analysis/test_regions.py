from __future__ import annotations

import pytest

from qviz.analysis.regions import function_name, precision
from qviz.document.graph import Why
from tests.factories import graph, node, value


def test_names_of_functions_lose_their_frame():
    assert function_name(node("a", target="aten.relu_.default")) == "relu"
    assert function_name(node("a", target="_operator.iadd")) == "add"
    assert function_name(node("a", target="quantized.add_relu")) == "add_relu"
    assert function_name(node("a", target="quantized.add_relu.default")) == "add_relu"
    assert function_name(node("a", target="torch.nn.functional.relu")) == "relu"
    assert function_name(node("a", target="torch.flatten")) == "flatten"
    assert function_name(node("a", path="conv", type="Conv2d")) == "conv2d"


@pytest.mark.parametrize(
    "target",
    ["aten.flatten.using_ints", "aten.flatten.default", "flatten", "custom.flatten.default", "torchvision.flatten.x"],
)
def test_the_overload_is_no_part_of_the_name(target: str):
    assert function_name(node("a", target=target)) == "flatten"


def test_a_pattern_between_casts_is_low_as_a_whole():
    found = precision(
        graph(
            node("dq", kind="dequantize"),
            *cast_weight(),
            node("conv", "dq", "w", target="aten.conv2d.default"),
            node("relu", "conv", target="aten.relu.default"),
            node("q", "relu", kind="quantize"),
        )
    )
    assert found == (("conv", "relu"), ())


def test_an_operator_whose_output_stays_float_is_float():
    found = precision(
        graph(
            node("dq", kind="dequantize"),
            node("linear", "dq", target="aten.linear.default"),
            node("output", "linear", kind="output"),
        )
    )
    assert found == ((), ("linear",))


def test_a_weight_in_float_makes_an_operator_float_whatever_casts_stand_around_it():
    found = precision(
        graph(
            node("dq", kind="dequantize"),
            node("w", kind="constant", values=[value(4, 4)]),
            node("b", kind="constant", values=[value(4)]),
            node("w_low", kind="constant"),
            node("dq_w", "w_low", kind="dequantize"),
            node("linear", "dq", "w", "b", target="aten.linear.default"),
            node("relu", "linear", target="aten.relu.default"),
            node("q", "relu", kind="quantize"),
            node("dq_2", "q", kind="dequantize"),
            node("other", "dq_2", "dq_w", "b", target="aten.linear.default"),
        )
    )
    assert found == (("other",), ("linear", "relu"))


def test_a_module_that_was_left_in_float_between_casts_is_float():
    found = precision(
        graph(
            node("dq", kind="dequantize"),
            node("conv", "dq", path="conv", type="Conv2d"),
            node("q", "conv", kind="quantize"),
        )
    )
    assert found == ((), ("conv",))


def test_shape_work_is_not_counted():
    found = precision(graph(node("x", kind="input"), node("view", "x", target="aten.view.default")))
    assert found == ((), ())


def cast_weight():
    return node("w_low", kind="constant"), node("w", "w_low", kind="dequantize")


def test_a_dynamic_operator_is_low_and_what_follows_it_is_float():
    found = precision(
        graph(
            *cast_weight(),
            node("b", kind="constant"),
            node("x", kind="input"),
            node("choose", "x", kind="choose_qparams"),
            node("scale", "choose", target="_operator.getitem"),
            node("q", "x", "scale", kind="quantize"),
            node("dq", "q", "scale", kind="dequantize"),
            node("linear", "dq", "w", "b", target="aten.linear.default"),
            node("relu", "linear", target="aten.relu.default"),
            node("output", "relu", kind="output"),
        )
    )
    assert found == (("linear",), ("relu",))


def test_an_operator_with_a_quantized_weight_and_a_float_input_is_float():
    found = precision(graph(*cast_weight(), node("x", kind="input"), node("linear", "x", "w", target="aten.linear")))
    assert found == ((), ("linear",))


def test_an_input_cast_for_the_operator_before_proves_nothing():
    found = precision(
        graph(
            node("x", kind="dequantize"),
            node("gelu", "x", target="aten.gelu.default"),
            node("output", "gelu", kind="output"),
        )
    )
    assert found == ((), ("gelu",))


def test_a_weight_that_is_quantized_on_the_spot_and_indices():
    found = precision(
        graph(
            node("w_float", kind="constant"),
            node("q", "w_float", kind="quantize"),
            node("w", "q", kind="dequantize"),
            node("ids", kind="input", values=[value(3, dtype="torch.int64")]),
            node("embedding", "w", "ids", target="aten.embedding.default"),
            node("output", "embedding", kind="output"),
        )
    )
    assert found == (("embedding",), ())


def test_kernels_count_once_and_their_packing_not():
    found = precision(
        graph(
            node("w", kind="constant"),
            node("packed", "w", kind="quantized_op", target="onednn.qlinear_prepack.default"),
            node("x", kind="quantize"),
            node("qlinear", "x", "packed", kind="quantized_op", target="onednn.qlinear_pointwise.tensor"),
        )
    )
    assert found == (("qlinear",), ())


def x86_pattern(annotated: bool):
    attributes = {"annotated": "float output"} if annotated else {}
    return graph(
        *cast_weight(),
        node("x", kind="dequantize"),
        node("y", kind="dequantize"),
        node("conv", "x", "w", target="aten.conv2d.default", attributes=attributes),
        node("add", "conv", "y", target="aten.add.Tensor", attributes=attributes),
        node("relu", "add", target="aten.relu.default", attributes=attributes),
        node("output", "relu", kind="output"),
    )


def test_a_pattern_whose_annotation_leaves_the_output_float_is_low():
    assert precision(x86_pattern(annotated=True)) == (("conv", "add", "relu"), ())


def test_what_reads_a_float_output_without_an_annotation_of_its_own_is_float():
    assert precision(x86_pattern(annotated=False)) == (("conv",), ("add", "relu"))


def test_a_reference_module_beside_kernels_is_float():
    left = Why("quantized.reference", {"subject": ("conv",)})
    reference = node("conv", "dq", kind="quantized_op", path="conv", type="Conv2d", why=left)
    frame = (node("dq", kind="dequantize"), reference, node("q", "conv", kind="quantize"))
    kernel = node("conv2", "q", kind="quantized_op", path="conv2", type="Conv2d")
    assert precision(graph(*frame)) == (("conv",), ())  # a stage of reference modules: they mean low precision
    assert precision(graph(*frame, kernel)) == (("conv2",), ("conv",))


@pytest.mark.parametrize("type_", ["ConvReLU2d", "LinearReLU", "Conv2d"])
def test_a_module_with_its_own_float_weight_is_float_whatever_casts_stand_around_it(type_: str):
    found = precision(
        graph(
            node("dq", kind="dequantize"),
            node("layer", "dq", path="layer", type=type_, kind="op" if type_ == "Conv2d" else "fused_op"),
            node("q", "layer", kind="quantize"),
        )
    )
    assert found == ((), ("layer",))


@pytest.mark.parametrize(
    ("silu", "before", "low"),
    [
        ("torch.nn.functional.silu", "quantized.conv2d", False),  # FX: convert would have put a kernel there
        ("torch.nn.functional.silu", "torch.nn.functional.conv2d", True),  # the reference
        ("aten.silu.default", "onednn.qconv2d_pointwise.default", True),  # PT2E, lowered in part
    ],
)
def test_an_operator_between_casts_runs_in_float_beside_kernels_that_convert_put_there(
    silu: str, before: str, low: bool
) -> None:
    is_kernel = not before.startswith("torch.")
    found = precision(
        graph(
            node("dq_in", kind="dequantize"),
            *cast_weight(),
            node("conv", "dq_in", "w", target=before, kind="quantized_op" if is_kernel else "op"),
            node("q", "conv", kind="quantize"),
            node("dq", "q", kind="dequantize"),
            node("silu", "dq", target=silu),
            node("q2", "silu", kind="quantize"),
        )
    )
    assert found == ((("conv", "silu"), ()) if low else (("conv",), ("silu",)))


@pytest.mark.parametrize(("code", "low"), [("quantized.annotated", True), ("float.not_annotated", False), (None, True)])
def test_what_the_quantizer_passed_by_is_float_though_its_neighbors_put_casts_around_it(
    code: str | None, low: bool
) -> None:
    silu = node("silu", "dq", target="aten.silu.default", why=None if code is None else Why(code))
    found = precision(graph(node("dq", kind="dequantize"), silu, node("q", "silu", kind="quantize")))
    assert found == ((("silu",), ()) if low else ((), ("silu",)))

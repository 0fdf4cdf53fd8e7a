from __future__ import annotations

from qviz.analysis.regions import function_name, precision
from tests.factories import graph, node


def test_names_of_functions_lose_their_frame():
    assert function_name(node("a", target="aten.relu_.default")) == "relu"
    assert function_name(node("a", target="_operator.iadd")) == "add"
    assert function_name(node("a", target="quantized.add_relu")) == "add_relu"
    assert function_name(node("a", path="conv", type="Conv2d")) == "conv2d"


def test_a_pattern_between_casts_is_low_as_a_whole():
    found = precision(
        graph(
            node("dq", kind="dequantize"),
            node("w", kind="constant"),
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


def test_shape_work_is_not_counted():
    found = precision(graph(node("x", kind="input"), node("view", "x", target="aten.view.default")))
    assert found == ((), ())

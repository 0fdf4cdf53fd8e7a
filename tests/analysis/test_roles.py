"""What nodes are counted as is what they are drawn as."""

from __future__ import annotations

from qviz.analysis.views.hierarchies import Hierarchies
from qviz.analysis.views.roles import roles
from qviz.document.graph import Kind
from tests.factories import node, stage


def test_an_operator_between_casts_is_a_quantized_one():
    converted = stage(
        "converted",
        node("x", kind="input"),
        node("q", "x", kind="quantize"),
        node("dq", "q", kind="dequantize"),
        node("relu", "dq", target="aten.relu.default"),
        node("q2", "relu", kind="quantize"),
        node("dq2", "q2", kind="dequantize"),
        node("tanh", "dq2", target="aten.tanh.default"),
        node("output", "tanh", kind="output"),
    )
    found = roles(Hierarchies().of(converted.whole))
    assert found[Kind.QUANTIZED_OP] == ("relu",)
    assert found[Kind.OP] == ("tanh",)
    assert found[Kind.DEQUANTIZE] == ("dq", "dq2")

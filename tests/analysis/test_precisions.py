"""What boxes say of their precision: the dtype of an operator, how many of a group's run in which."""

from __future__ import annotations

import pytest

from qviz.analysis.views.folding import fold, unfold_all
from qviz.analysis.views.precisions import _family
from qviz.analysis.views.view import Folds
from qviz.document.graph import Graph, Kind, Node, Quant, Why
from tests.factories import graph, node, qparams, value

INT8 = Quant(input=qparams(dtype="torch.int8"))
UINT8 = Quant(input=qparams(dtype="torch.uint8"))


def weight(name: str, quant: Quant | None = INT8) -> list[Node]:
    """Return a constant with its dequantize, as PT2E leaves it."""
    return [node(f"{name}_w", kind=Kind.CONSTANT), node(f"{name}_wdq", f"{name}_w", kind=Kind.DEQUANTIZE, quant=quant)]


def linear(name: str, source: str, low: bool = True, path: str = "", **fields) -> list[Node]:
    """Return a linear between casts, or in float."""
    target = "aten.linear.default"
    if not low:
        constant = node(f"{name}_w", kind=Kind.CONSTANT, values=[value(8, 8)])
        return [constant, node(name, source, f"{name}_w", target=target, path=path, **fields)]
    return [
        node(f"{name}_q", source, kind=Kind.QUANTIZE, path=path),
        node(f"{name}_dq", f"{name}_q", kind=Kind.DEQUANTIZE, quant=UINT8, path=path),
        *weight(name),
        node(name, f"{name}_dq", f"{name}_wdq", target=target, path=path, **fields),
    ]


def told(made: Graph, folds: Folds | None = None) -> dict[str, str]:
    view = fold(made, folds or unfold_all(made, plumbing=False), {})
    return {box.id: box.precision for box in view.boxes if box.precision}


def test_an_operator_between_casts_tells_the_dtype_of_its_weight():
    made = graph(node("x", kind=Kind.INPUT), *linear("fc", "x"))
    assert told(made) == {"fc": "int8"}


@pytest.mark.parametrize(("other", "found"), [(UINT8, "uint8"), (INT8, ""), (None, "")])
def test_without_a_weight_it_is_what_all_casts_before_it_have(other: Quant | None, found: str):
    made = graph(
        node("x", kind=Kind.INPUT),
        node("q", "x", kind=Kind.QUANTIZE),
        node("a", "q", kind=Kind.DEQUANTIZE, quant=UINT8),
        node("q2", "x", kind=Kind.QUANTIZE),
        node("b", "q2", kind=Kind.DEQUANTIZE, quant=other),
        node("add", "a", "b", target="aten.add.Tensor"),
        node("q3", "add", kind=Kind.QUANTIZE),
    )
    assert told(made).get("add", "") == found


@pytest.mark.parametrize(
    ("quant", "found"),
    [
        (Quant(weight=qparams(dtype="torch.qint8"), output=qparams(dtype="torch.quint8")), "int8"),
        (Quant(output=qparams(dtype="torch.quint8")), "uint8"),
        (Quant(weight=qparams(dtype="torch.float16")), "float16"),
        (Quant(weight=qparams(dtype="torch.float32"), output=qparams(dtype="torch.quint8")), "uint8"),
        (Quant(weight=qparams(dtype="torch.float32")), ""),
        (None, ""),
    ],
)
def test_a_quantized_operator_tells_what_torch_keeps_at_it(quant: Quant | None, found: str):
    made = graph(node("x", kind=Kind.INPUT), node("fc", "x", kind=Kind.QUANTIZED_OP, type="Linear", quant=quant))
    assert told(made).get("fc", "") == found


def test_the_last_of_a_chain_is_told_by_the_cast_behind_it():
    made = graph(
        node("x", kind=Kind.INPUT),
        *linear("fc", "x"),
        node("relu", "fc", target="aten.relu.default"),
        node("q", "relu", kind=Kind.QUANTIZE, quant=Quant(output=qparams(dtype="torch.int8"))),
    )
    assert told(made) == {"fc": "int8", "relu": "int8"}


def test_float_is_told_where_others_of_the_kind_are_low():
    made = graph(
        node("x", kind=Kind.INPUT),
        *linear("one", "x"),
        *linear("two", "one", low=False),
        node("norm", "two", target="aten.layer_norm.default"),
    )
    assert told(made) == {"one": "int8", "two": "float"}


def test_float_is_told_of_what_a_rule_left():
    by_rule = Why(code="float.left_by_rule")
    made = graph(
        node("x", kind=Kind.INPUT), *linear("one", "x"), node("mean", "one", target="aten.mean.dim", why=by_rule)
    )
    assert told(made) == {"one": "int8", "mean": "float"}


def test_before_a_conversion_nothing_is_told():
    assert told(graph(node("x", kind=Kind.INPUT), *linear("one", "x", low=False))) == {}


def test_a_folded_group_counts_by_dtype():
    relu = Quant(output=qparams(dtype="torch.quint8"))
    weighted = Quant(weight=qparams(dtype="torch.qint8"))
    made = graph(
        node("x", kind=Kind.INPUT),
        *(node(f"c{at}", "x", kind=Kind.QUANTIZED_OP, type="Conv2d", path="net", quant=weighted) for at in range(2)),
        node("relu", "c0", kind=Kind.QUANTIZED_OP, type="ReLU", path="net", quant=relu),
        node("tanh", "relu", path="net"),
        groups={"net": "Net"},
    )
    assert told(made, Folds()) == {"group:net": "3 ops in 8 bits"}


def test_a_group_of_unknown_dtypes_says_low_precision():
    made = graph(
        node("x", kind=Kind.INPUT),
        *(node(f"c{at}", "x", kind=Kind.QUANTIZED_OP, type="Conv2d", path="net") for at in range(2)),
        node("tanh", "c0", path="net"),
        groups={"net": "Net"},
    )
    assert told(made, Folds()) == {"group:net": "2 in low precision"}


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("linear_relu", "linear"),
        ("linear_dynamic", "linear"),
        ("convrelu2d", "conv2d"),
        ("convbnrelu2d", "conv2d"),
        ("relu", "relu"),
        ("leaky_relu", "leaky_relu"),
        ("batch_norm", "batch_norm"),
        ("conv_transpose2d", "conv_transpose2d"),
    ],
)
def test_a_fused_operator_is_of_the_kind_of_its_first(name: str, family: str):
    assert _family(name) == family

from __future__ import annotations

import msgspec
import pytest

from qviz.analysis.linking.matching import match
from qviz.analysis.node_aspects import aspects
from qviz.analysis.verdicts.difference import difference
from qviz.document.graph import Graph, Kind, Node, Quant
from qviz.document.kept import kept_finding
from qviz.document.snapshot import Level
from tests.factories import graph, node, qparams, snapshot, stage, value

SHARE = 0.001


def quantize(node_id: str, place: str) -> Node:
    return node(node_id, kind="quantize", inferred_path=place)


def test_a_numbered_node_is_matched_by_its_module_not_by_its_number():
    a = graph(quantize("q_1", "conv1"), quantize("q_2", "conv2"))
    b = graph(quantize("q_1", "stem"), quantize("q_2", "conv1"), quantize("q_3", "conv2"))
    assert match(a, b) == {"q_1": "q_2", "q_2": "q_3"}


def test_an_inserted_node_is_known_by_the_operators_around_it():
    x = node("x", kind="input")
    fc = node("fc", "conv", path="fc", type="Linear")
    watching_x, watching_conv = (node("post_0", each, kind="observer", op="call_module") for each in ("x", "conv"))
    a = graph(x, watching_x, node("conv", "post_0", path="conv", type="Conv2d"), fc)
    b = graph(
        x, node("conv", "x", path="conv", type="Conv2d"), watching_conv, node("fc", "post_0", path="fc", type="Linear")
    )
    c = graph(
        x,
        watching_x,
        node("conv", "post_0", path="conv", type="Conv2d"),
        node("post_1", "conv", kind="observer", op="call_module"),
        node("fc", "post_1", path="fc", type="Linear"),
    )
    assert "post_0" not in match(a, b), "one watches x, the other conv"
    assert match(b, c)["post_0"] == "post_1"
    assert match(a, c)["post_0"] == "post_0"
    assert match(a, b)["conv"] == "conv"


def test_behind_a_branch_the_user_tells_inserted_nodes_apart():
    def branches(to_left: str, to_right: str) -> Graph:
        return graph(
            node("x", kind="input"),
            node("q", "x", kind="quantize"),
            node("q_1", "x", kind="quantize"),
            node("left", to_left, path="left", type="Linear"),
            node("right", to_right, path="right", type="Linear"),
        )

    pairs = match(branches("q", "q_1"), branches("q_1", "q"))
    assert pairs == {"x": "x", "left": "left", "right": "right", "q": "q_1", "q_1": "q"}


def test_an_inserted_node_keeps_its_producer_when_another_operator_follows():
    conv = node("conv", path="conv", type="Conv2d")
    a = graph(conv, node("post_0", "conv", kind="observer"), node("fc", "post_0", path="fc", type="Linear"))
    b = graph(
        conv,
        node("post_5", "conv", kind="observer"),
        node("act", "post_5", path="act", type="ReLU"),
        node("fc", "act", path="fc", type="Linear"),
    )
    assert match(a, b) == {"conv": "conv", "fc": "fc", "post_0": "post_5"}


def test_what_stands_behind_a_node_without_a_partner_is_matched_by_id():
    a = graph(node("fc", path="fc", type="Linear"), node("post_3", "fc", kind="observer"))
    b = graph(node("fc_0", path="fc.0", type="LinearReLU"), node("post_3", "fc_0", kind="observer"))
    assert match(a, b) == {"post_3": "post_3"}


def test_what_changed_its_kind_keeps_its_id():
    a = graph(node("fc", path="fc", type="Linear"))
    b = graph(node("fc", path="fc", type="Linear", kind="quantized_op"))
    assert match(a, b) == {"fc": "fc"}


def test_a_module_that_was_renamed_is_matched_by_id_and_type():
    a = graph(node("linear", path="fc", target="aten.linear.default"))
    b = graph(node("linear", path="head", target="aten.linear.default"))
    assert match(a, b) == {"linear": "linear"}


def test_another_operator_under_an_old_number_is_not_the_same():
    a = graph(node("fc", path="fc", type="Linear"), node("act", path="act", type="ReLU"))
    b = graph(node("fc_0", path="fc.0", type="Linear"), node("act", path="other", type="Sigmoid"))
    assert match(a, b) == {}


def test_nodes_of_one_type_are_matched_in_their_order():
    a = graph(*(node(f"add_{i}", path="m", target="_operator.add") for i in range(3)))
    b = graph(*(node(f"plus_{i}", path="m", target="_operator.add") for i in range(2)))
    assert match(a, b) == {"add_0": "plus_0", "add_1": "plus_1"}


@pytest.mark.parametrize(
    ("scale", "zero_point", "expected"),
    [
        (0.1, 63, []),
        (0.10009, 63, []),
        (0.102, 63, ["output scale"]),
        (0.1, 64, ["output zero point"]),
        ((0.1, 0.1), (63, 63), ["output qscheme", "output axis", "output scale", "output zero point"]),
        ("inf", 63, ["output scale"]),
    ],
)
def test_scales_count_beyond_the_tolerance(scale, zero_point, expected):
    a = node("q", kind="quantize", quant=Quant(output=qparams(0.1, 63)))
    b = node("q", kind="quantize", quant=Quant(output=qparams(scale, zero_point)))
    assert [each.name for each in aspects(a, b, SHARE)] == expected


@pytest.mark.parametrize(("zero_point", "differs"), [(63 + 25, False), (63 - 25, False), (63 + 26, True)])
def test_zero_points_count_beyond_the_tolerance_of_256(zero_point, differs):
    a, b = (node("q", kind="quantize", quant=Quant(output=qparams(0.1, each))) for each in (63, zero_point))
    assert bool(list(aspects(a, b, 0.1))) is differs


def test_other_channels_are_other_scales():
    a, b = (node("fc", quant=Quant(weight=qparams((0.1,) * n, (0,) * n))) for n in (2, 3))
    assert [each.name for each in aspects(a, b, SHARE)] == ["weight scale", "weight zero point"]


def test_a_range_that_is_not_given_is_that_of_the_dtype():
    none, given, other = (
        node("q", quant=Quant(output=qparams(quant_min=low, quant_max=low and 127))) for low in (None, -128, -127)
    )
    assert list(aspects(none, given, SHARE)) == []
    assert [each.name for each in aspects(given, other, SHARE)] == ["output range"]


def test_the_type_of_the_root_says_nothing_of_a_function():
    a, b = (node("add", op="call_function", target="_operator.add", type=root) for root in ("Net", "GraphModule"))
    assert list(aspects(a, b, SHARE)) == []


def test_all_that_differs_is_named():
    a = node("conv", path="conv", type="Conv2d", values=[value(1, 8)], attributes={"groups": 1})
    b = node(
        "conv",
        path="conv",
        type="ConvReLU2d",
        kind="quantized_op",
        values=[value(2, 8, dtype="torch.quint8")],
        attributes={"groups": 2},
        quant=Quant(weight=qparams((0.1, 0.2), (0, 0), "torch.qint8")),
    )
    names = ["kind", "module type", "shape", "dtype", "weight dtype", "groups"]
    assert [each.name for each in aspects(a, b, SHARE)] == names


def test_the_number_of_an_observer_is_no_change():
    a, b = (node(f"post_{i}", kind="observer", op="call_module", target=f"post_{i}", path="fc") for i in (1, 2))
    assert list(aspects(a, b, SHARE)) == []
    assert [each.name for each in aspects(a, msgspec.structs.replace(b, id="post_1"), SHARE)] == ["target"]


def test_stages_findings_and_coverage():
    fc, low = (node("fc", "x", path="fc", type="Linear", kind=kind) for kind in ("op", "quantized_op"))
    x = node("x", kind="input")
    here, there, both = (kept_finding(r, Level.INFO, "converted", ("fc",), "", "", "") for r in ("a", "b", "both"))
    a = snapshot(stage("captured", x, fc), stage("fused", x, fc), stage("converted", x, fc), findings=[here, both])
    b = snapshot(stage("captured", x, fc), stage("converted", x, low), stage("lowered", x, low), findings=[both, there])
    found = difference(a, b, SHARE)
    assert (found.stages_only_a, found.stages_only_b) == (("fused",), ("lowered",))
    captured, converted = found.stages
    assert captured.is_same
    assert [(change.a, change.aspects[0].b) for change in converted.changed] == [("fc", "quantized_op")]
    assert [(each.kind, each.a, each.b) for each in converted.kinds] == [(Kind.QUANTIZED_OP, 0, 1), (Kind.OP, 1, 0)]
    assert (found.gone, found.new) == ((here,), (there,))
    assert found.coverage_a is not None
    assert found.coverage_b is not None
    assert (found.coverage_a.low, found.coverage_b.low) == (0, 1)


def test_settings_are_compared_one_by_one():
    a = snapshot(config={"backend": "x86", "rules": {"fc": None}, "inputs": ["1×3"]}, versions={"torch": "2.8.0"})
    b = snapshot(config={"backend": "x86", "inputs": ["2×3"], "quantizer": "xnnpack"}, versions={"torch": "2.8.1"})
    told = {each.name: (each.a, each.b) for each in difference(a, b, SHARE).settings}
    assert told == {
        "config.inputs": (["1×3"], ["2×3"]),
        "config.quantizer": (None, "xnnpack"),
        "versions.torch": ("2.8.0", "2.8.1"),
    }


def test_a_run_does_not_differ_from_itself():
    assert difference(snapshot(), snapshot(), 0).is_same

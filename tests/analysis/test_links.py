from __future__ import annotations

from itertools import pairwise
from typing import get_args

import pytest

from qviz.analysis.linking.index import LinkIndex, way, ways
from qviz.analysis.linking.links import link_stages
from qviz.analysis.linking.relations import became, came_from
from qviz.document.graph import Kind, SourceLine
from qviz.document.snapshot import Link, Relation, Stage
from tests.factories import node, stage


def only(links: tuple[Link, ...], relation: str) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    return [(link.from_ids, link.to_ids) for link in links if link.relation == relation]


CAPTURED = stage(
    "captured",
    node("x", kind="input"),
    node("conv", "x", path="conv", type="Conv2d"),
    node("bn", "conv", path="bn", type="BatchNorm2d"),
    node("relu", "bn", path="relu", type="ReLU"),
    node("output", "relu", kind="output"),
)
FUSED = stage(
    "fused",
    node("x", kind="input"),
    node("conv", "x", kind="fused_op", path="conv", type="ConvReLU2d"),
    node("output", "conv", kind="output"),
)
PREPARED = stage(
    "prepared",
    node("x", kind="input"),
    node("obs_0", "x", kind="observer", type="HistogramObserver"),
    node("conv", "obs_0", kind="fused_op", path="conv", type="ConvReLU2d"),
    node("obs_1", "conv", kind="observer", type="HistogramObserver"),
    node("output", "obs_1", kind="output"),
)
CONVERTED = stage(
    "converted",
    node("x", kind="input"),
    node("scale", kind="constant"),
    node("quantize", "x", "scale", kind="quantize"),
    node("conv", "quantize", kind="quantized_op", path="conv", type="ConvReLU2d"),
    node("dequantize", "conv", kind="dequantize"),
    node("output", "dequantize", kind="output"),
)


def test_what_a_fused_module_took_in_is_linked_to_it():
    links = link_stages(CAPTURED, FUSED)
    assert only(links, "fused") == [(("conv", "bn", "relu"), ("conv",))]
    assert only(links, "same") == [(("x",), ("x",)), (("output",), ("output",))]


def test_what_nothing_read_is_removed_and_not_taken_in():
    shape, size = node("getattr_1", "x", target="getattr"), node("getitem_1", "getattr_1", target="getitem")
    used = node("getitem", "getattr_1", target="getitem")
    before = stage("prepared", node("x", kind="input"), shape, used, size, node("output", "getitem", kind="output"))
    after = stage("converted", node("x", kind="input"), shape, used, node("output", "getitem", kind="output"))
    links = link_stages(before, after)
    assert only(links, "removed") == [(("getitem_1",), ())]
    assert only(links, "fused") == only(links, "folded") == []
    assert next(link for link in links if link.relation == "removed").code == "link.gone.unused"


def test_batch_norm_folded_into_a_plain_convolution_takes_its_constants_along():
    before = stage(
        "captured",
        node("x", kind="input"),
        node("mean", kind="constant"),
        node("conv2d", "x", target="aten.conv2d.default"),
        node("batch_norm", "conv2d", "mean", target="aten.batch_norm.default"),
        node("output", "batch_norm", kind="output"),
    )
    after = stage(
        "prepared",
        node("x", kind="input"),
        node("conv2d", "x", target="aten.conv2d.default"),
        node("output", "conv2d", kind="output"),
    )
    assert only(link_stages(before, after), "folded") == [(("conv2d", "mean", "batch_norm"), ("conv2d",))]


def test_observers_are_inserted_and_become_casts_or_the_scale_of_the_operator():
    assert only(link_stages(FUSED, PREPARED), "inserted") == [((), ("obs_0",)), ((), ("obs_1",))]
    links = link_stages(PREPARED, CONVERTED)
    assert (("obs_0",), ("quantize",)) in only(links, "replaced")
    assert (("obs_1",), ("dequantize",)) in only(links, "replaced")
    assert (("conv",), ("conv",)) in only(links, "replaced")
    assert only(links, "inserted") == [((), ("scale",))]


def test_an_observer_between_low_precision_operators_is_folded_into_the_one_before():
    before = stage(
        "prepared",
        node("x", kind="input"),
        node("fc", "x", path="fc", type="Linear"),
        node("obs", "fc", kind="observer"),
        node("fc2", "obs", path="fc2", type="Linear"),
    )
    after = stage(
        "converted",
        node("x", kind="input"),
        node("fc", "x", kind="quantized_op", path="fc", type="Linear"),
        node("fc2", "fc", kind="quantized_op", path="fc2", type="Linear"),
    )
    assert only(link_stages(before, after), "folded") == [(("obs",), ("fc",))]


def test_a_rewritten_function_is_found_by_its_source_line_and_takes_in_what_follows():
    line = SourceLine("model.py", 7, "out = out + x")
    before = stage(
        "prepared",
        node("x", kind="input"),
        node("add", "x", target="_operator.add", source=line),
        node("relu", "add", path="relu", type="ReLU"),
        node("output", "relu", kind="output"),
    )
    after = stage(
        "converted",
        node("x", kind="input"),
        node("add_relu", "x", kind="quantized_op", target="quantized.add_relu", source=line),
        node("output", "add_relu", kind="output"),
    )
    links = link_stages(before, after)
    assert only(links, "fused") == [(("add", "relu"), ("add_relu",))]
    assert not only(links, "inserted")


def test_every_node_has_a_link_and_what_is_gone_has_a_reason():
    for before, after in ((CAPTURED, FUSED), (FUSED, PREPARED), (PREPARED, CONVERTED)):
        links = link_stages(before, after)
        assert {i for link in links for i in link.from_ids} == {n.id for n in before.graph.nodes}
        assert {i for link in links for i in link.to_ids} == {n.id for n in after.graph.nodes}
        assert all(link.reason for link in links if link.relation == "removed")
        assert all(link.evidence for link in links)


def test_a_relation_is_told_from_the_node():
    fused = next(link for link in link_stages(CAPTURED, FUSED) if link.relation == "fused")
    assert came_from(fused, "conv").text == "Fused with bn and relu (from Captured)"
    assert became(fused, "bn").text == "Fused with conv and relu (in Fused)"
    for relation in get_args(Relation):
        link = Link("captured", "converted", ("a",), ("a",), relation, 1.0, "link.same_name")
        assert relation == "removed" or came_from(link, "a").text
        assert relation == "inserted" or became(link, "a").text


@pytest.fixture
def index() -> LinkIndex:
    stages: list[Stage] = [CAPTURED, FUSED, PREPARED, CONVERTED]
    links = [link for before, after in pairwise(stages) for link in link_stages(before, after)]
    return LinkIndex(links)


def test_partners_are_found_over_several_stages_both_ways(index: LinkIndex):
    assert index.partners("captured", "converted", ["bn"]) == ("conv",)
    assert index.partners("converted", "captured", ["conv"]) == ("conv", "bn", "relu")
    assert index.partners("captured", "captured", ["bn"]) == ("bn",)
    assert index.partners("converted", "prepared", ["quantize"]) == ("obs_0",)
    assert index.partners("captured", "nowhere", ["bn"]) == ()


def test_an_unused_constant_is_said_to_be_gone_with_its_user():
    before = stage("a", node("x", kind="input"), node("count", kind="constant"), node("output", "x", kind="output"))
    after = stage("b", node("x", kind="input"), node("output", "x", kind=Kind.OUTPUT))
    (gone,) = [link for link in link_stages(before, after) if link.relation == "removed"]
    assert (gone.from_ids, gone.code) == (("count",), "link.gone.constant")


def test_the_shortest_way_is_the_one_whose_links_come_first():
    """In a square of stages both ways are as short; the answer does not depend on the order of a set."""
    square = [("a", "b"), ("b", "c"), ("A", "B"), ("B", "C"), ("a", "A"), ("b", "B"), ("c", "C")]
    found = ways(Link(one, other, (), (), "same", 1.0, "link.same_name") for one, other in square)
    assert way(found, "a", "C") == ("a", "b", "c", "C")
    assert way(found, "C", "a") == ("C", "B", "A", "a")
    assert way(found, "a", "B") == ("a", "b", "B")
    assert (way(found, "a", "a"), way(found, "b", "a")) == (("a",), ("b", "a"))
    assert way({"a": ["b"], "b": ["a"], "c": []}, "a", "c") == way(found, "a", "nowhere") == ()

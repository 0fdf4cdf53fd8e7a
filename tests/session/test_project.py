from __future__ import annotations

from qviz.document.snapshot import Facts, Integers
from qviz.session.project import Project
from tests.factories import node, snapshot, stage

WEIGHT = Integers("torch.qint8", (2, 2), ((1, 2), (3, 4)), 1, 4, 0, 0.1, 0, 2)


def test_a_weight_is_that_of_the_node_or_of_the_constant_that_it_reads():
    converted = stage(
        "converted",
        node("x", kind="quantize"),
        node("w", kind="constant"),
        node("dequantize_w", "w", kind="dequantize"),
        node("fc", "x", kind="quantized_op", path="fc", type="Linear"),
        node("dequantize", "fc", kind="dequantize"),
        node("gelu", "dequantize"),
        node("linear", "gelu", "dequantize_w"),
    )
    facts = {"converted": {"fc": Facts(integers=WEIGHT), "w": Facts(integers=WEIGHT)}}
    project = Project.of_snapshot(snapshot(converted, facts=facts))
    have = [each.id for each in converted.graph.nodes if project.integers("converted", each.id) is not None]
    assert have == ["w", "fc", "linear"]

"""Questions about a graph are answered in the graph's order."""

from __future__ import annotations

import pytest

from qviz.document.flows import FLOWS, flow
from qviz.document.graph import Edge, Graph, Kind, Node, Value
from qviz.document.plan import Plan, expected_stages
from qviz.document.query import Index, count_kinds
from qviz.document.snapshot import Run, Snapshot, Stage
from qviz.errors import QvizError


def node(node_id: str, kind: Kind = Kind.OP, target: str = "", path: str = "", dtype: str = "torch.float32") -> Node:
    return Node(node_id, node_id, "call_function", target, kind, [], {}, path, "", (Value((1,), dtype),), {})


GRAPH = Graph(
    nodes=(
        node("x", Kind.INPUT),
        node("conv", target="aten.conv2d", path="stem.conv"),
        node("conv_q", Kind.QUANTIZE, dtype="torch.quint8"),
        node("add", target="aten.add"),
    ),
    edges=(Edge("conv_q", "add", 1), Edge("x", "conv", 0), Edge("conv", "conv_q", 0), Edge("x", "add", 0)),
    groups=(),
)


def test_producers_stand_in_the_order_of_inputs():
    index = Index(GRAPH)
    assert index.producers == {"x": [], "conv": ["x"], "conv_q": ["conv"], "add": ["x", "conv_q"]}
    assert index.users["x"] == ["conv", "add"]
    assert index.users["add"] == []


def test_kinds_are_counted():
    assert count_kinds(GRAPH) == {Kind.INPUT: 1, Kind.OP: 2, Kind.QUANTIZE: 1}


def test_the_inferred_path_comes_first():
    inserted = Node("q", "q", "call_function", "", Kind.QUANTIZE, [], {}, "", "", (), {}, inferred_path="stem")
    assert inserted.place == "stem"


def test_a_missing_stage_names_those_there_are():
    run = Run("m", "fx-static", "done", {}, {}, "")
    snapshot = Snapshot("qviz", 1, run, (Stage("captured", GRAPH),), (), {}, (), {}, ())
    assert snapshot.stage("captured").graph is GRAPH
    with pytest.raises(KeyError, match="no stage 'prepared'; there are: captured"):
        snapshot.stage("prepared")


def test_flows_are_found_by_id():
    assert [flow(each.id) for each in FLOWS] == list(FLOWS)
    assert flow("none") is None


def test_an_error_reads_as_what_and_what_to_do():
    assert str(QvizError("It broke.", "Mend it.")) == "It broke.\nMend it."
    assert str(QvizError("It broke.")) == "It broke."


def test_stages_that_were_asked_for_have_their_place():
    assert expected_stages(Plan("m", "fx-static", reference=True))[-2:] == ("reference", "converted")
    assert expected_stages(Plan("m", "pt2e-static", reference=True)) == ("captured", "prepared", "reference")
    assert expected_stages(Plan("m", "pt2e-static", lower=True))[-2:] == ("converted", "lowered")
    assert expected_stages(Plan("m", "fx-fuse", reference=True, lower=True)) == ("captured", "fused")
    assert expected_stages(Plan("m")) == ("captured",)

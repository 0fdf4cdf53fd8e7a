"""The graphs that nodes call, in place in the graph around them."""

from __future__ import annotations

from qviz.analysis.linking.links import link_stages
from qviz.analysis.searching.search import SearchIndex
from qviz.analysis.verdicts.summary import summarize
from qviz.analysis.views.folding import fold, unfold_all
from qviz.analysis.views.groups import Hierarchy
from qviz.document.graph import Graph, Kind, Why, lint
from qviz.document.snapshot import Stage
from tests.factories import graph, node

COND = "higher_order.cond"
WHILE = "higher_order.while_loop"


def branch(operator: str, path: str = "body") -> Graph:
    """A branch of one operator on what it is handed."""
    return graph(
        node("arg0_1", kind="input"),
        node(operator, "arg0_1", path=path, why=Why("operator.float", {"subject": (operator, "output")})),
        node("output", operator, kind="output"),
    )


def branching(name: str = "captured") -> Stage:
    """``c(cond(p, sin, cos, (a,)))``."""
    refs = [{"node": each} for each in ("p", "true_graph_0", "false_graph_0")]
    outer = graph(
        node("a", kind="input"),
        node("p", "a"),
        node("true_graph_0", kind="constant"),
        node("false_graph_0", kind="constant"),
        node("cond", target=COND, args=[*refs, [{"node": "a"}]]),
        node("c", "cond"),
        node("output", "c", kind="output"),
    )
    return Stage(name, outer, None, {"true_graph_0": branch("sin"), "false_graph_0": branch("cos")})


def read(whole: Graph, node_id: str) -> list[str]:
    edges = sorted((each for each in whole.edges if each.to_id == node_id), key=lambda each: each.input_index)
    return [each.from_id for each in edges]


def test_values_flow_through_what_is_called() -> None:
    whole = branching().whole
    assert not lint(whole)
    ids = [each.id for each in whole.nodes]
    assert ids == [
        "a",
        "p",
        "true_graph_0",
        "false_graph_0",
        "true_graph_0/sin",
        "false_graph_0/cos",
        "cond",
        "c",
        "output",
    ]
    assert read(whole, "true_graph_0/sin") == ["a"]
    assert read(whole, "cond") == ["p", "true_graph_0", "true_graph_0/sin", "false_graph_0", "false_graph_0/cos"]
    inside = whole.nodes[4]
    assert inside.args == [{"node": "a"}]
    assert inside.why == Why("operator.float", {"subject": ("true_graph_0/sin", "cond")})
    assert inside.module_path == "body"


def test_a_stage_without_nested_graphs_is_its_graph() -> None:
    plain = Stage("captured", graph(node("a", kind="input")))
    assert plain.whole is plain.graph


def test_loops_hand_in_numbers_too_and_graphs_may_be_nested_in_nested_ones() -> None:
    step = graph(
        node("i", kind="input"),
        node("y", kind="input"),
        node("inner", kind="constant"),
        node("wrap", target="higher_order.wrap_with_set_grad_enabled", args=[False, {"node": "inner"}, {"node": "y"}]),
        node("output", "wrap", kind="output"),
    )
    stop = graph(node("i", kind="input"), node("y", kind="input"), node("lt", "i"), node("output", "lt", kind="output"))
    graphs = [{"node": "cond_fn"}, {"node": "body_fn"}]
    outer = graph(
        node("x", kind="input"),
        node("cond_fn", kind="constant"),
        node("body_fn", kind="constant"),
        node("loop", target=WHILE, args=[*graphs, [0, {"node": "x"}], []]),
        node("output", "loop", kind="output"),
    )
    nested = {"cond_fn": stop, "body_fn": step, "body_fn/inner": branch("sin", "")}
    whole = Stage("captured", outer, None, nested).whole
    assert not lint(whole)
    found = {each.id: each for each in whole.nodes}
    assert found["cond_fn/lt"].args == [0]
    assert read(whole, "cond_fn/lt") == []
    assert read(whole, "body_fn/inner/sin") == ["x"]
    assert read(whole, "body_fn/wrap") == ["body_fn/inner", "body_fn/inner/sin"]
    assert found["body_fn/inner/sin"].place == "body_fn.inner"
    assert {each.path: each.type for each in whole.groups} == {
        "cond_fn": "while_loop",
        "body_fn": "while_loop",
        "body_fn.inner": "wrap_with_set_grad_enabled",
    }


def test_what_is_handed_in_otherwise_keeps_its_placeholders() -> None:
    body = graph(*(node(each, kind="input") for each in ("score", "batch")), node("add", "score"))
    outer = graph(node("q", kind="input"), node("mod", kind="constant"), node("flex", "q", "mod"))
    whole = Stage("captured", outer, None, {"mod": body}).whole
    assert not lint(whole)
    assert read(whole, "mod/add") == ["mod/score"]
    (group,) = Hierarchy(whole).root.groups
    assert group.nodes == ["mod/score", "mod/batch", "mod/add"]


def test_they_are_groups_that_open_however_small() -> None:
    whole = branching().whole
    assert [(each.path, each.type) for each in Hierarchy(whole).root.walk()] == [
        ("true_graph_0", "cond"),
        ("false_graph_0", "cond"),
    ]
    opened = fold(whole, unfold_all(whole), {})
    assert {box.id: box.parent for box in opened.boxes}["true_graph_0/sin"] == "group:true_graph_0"


def test_their_nodes_are_counted_linked_and_found() -> None:
    before, after = branching(), branching("prepared")
    assert summarize([before], (), {})["kinds"] == {"captured": {"input": 1, "output": 1, "constant": 2, "op": 5}}
    links = {link.from_ids: link.to_ids for link in link_stages(before, after)}
    assert links["true_graph_0/sin",] == ("true_graph_0/sin",)
    assert SearchIndex(before.whole).search("sin").ids == ("true_graph_0/sin",)
    assert SearchIndex(before.whole).search("module:body").ids == ("true_graph_0/sin", "false_graph_0/cos")
    assert Kind.INPUT not in {each.kind for each in before.whole.nodes[1:]}

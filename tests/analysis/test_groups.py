"""The module hierarchy: calm where modules are trivial, acyclic where they are called again."""

from __future__ import annotations

from collections import defaultdict
from unittest.mock import patch

from hypothesis import given, settings

from qviz.analysis.views.group import ModuleGroup
from qviz.analysis.views.groups import Hierarchy
from qviz.analysis.views.tangles import Tangles
from qviz.document.graph import Graph
from tests.factories import graph, node
from tests.layout.geometry import graphs


def paths(each: Graph) -> list[str]:
    return [group.path for group in Hierarchy(each).root.walk()]


def chain(*nodes: tuple[str, str], **fields: str) -> Graph:
    """A chain of operators: (id, module path)."""
    made = [node("x", kind="input")]
    for id_, path in nodes:
        made.append(node(id_, made[-1].id, path=path, target=fields.get(id_, f"aten.{id_}.default")))
    return graph(*made, node("output", made[-1].id, kind="output"), groups={"block": "BasicBlock"})


def test_leaf_with_one_operator_is_no_group_and_names_it() -> None:
    each = chain(("conv2d", "block.conv"), ("relu", "block.relu"))
    tree = Hierarchy(each)
    assert [group.path for group in tree.root.walk()] == ["block"]
    assert next(tree.root.walk()).type == "BasicBlock"
    assert tree.leaf_names == {"conv2d": "block.conv", "relu": "block.relu"}


def test_observers_and_casts_of_a_leaf_stand_beside_its_operator() -> None:
    each = graph(
        node("x", kind="input"),
        node("w", kind="constant", path="block.conv"),
        node("weight_observer", "w", kind="observer", inferred_path="block.conv"),
        node("conv2d", "x", "weight_observer", path="block.conv"),
        node("observer", "conv2d", kind="observer", inferred_path="block.conv"),
        node("add", "observer", "x", path="block"),
        node("output", "add", kind="output"),
    )
    tree = Hierarchy(each)
    (block,) = tree.root.groups
    assert block.items == ["weight_observer", "conv2d", "observer", "add"]
    assert tree.contents.members(block) == ("weight_observer", "w", "conv2d", "observer", "add")


def test_leaf_with_several_operators_is_a_group() -> None:
    assert paths(chain(("matmul", "attention"), ("softmax", "attention"), ("head", ""))) == ["attention"]


def test_group_that_holds_one_group_is_one_with_it() -> None:
    each = chain(
        ("a", "encoder.layers.0"), ("b", "encoder.layers.0"), ("c", "encoder.layers.1"), ("d", "encoder.layers.1")
    )
    assert paths(each) == ["encoder.layers", "encoder.layers.0", "encoder.layers.1"]


def test_leaf_called_again_is_no_group() -> None:
    each = chain(("conv", "b.conv"), ("relu", "b.relu"), ("add", "b"), ("relu_1", "b.relu"), relu_1="aten.relu.default")
    assert paths(each) == ["b"]


def test_module_called_again_is_one_group_per_call() -> None:
    each = chain(("a1", "tied"), ("b1", "tied"), ("middle", ""), ("a2", "tied"), ("b2", "tied"))
    groups = list(Hierarchy(each).root.walk())
    assert [(group.path, group.call, group.nodes) for group in groups] == [
        ("tied", 1, ["a1", "b1"]),
        ("tied", 2, ["a2", "b2"]),
    ]


def test_repeated_dequantize_stands_where_all_its_uses_are() -> None:
    each = graph(
        node("x", kind="input"),
        node("q", "x", kind="quantize"),
        node("dq", "q", kind="dequantize", target="dq", inferred_path="block.conv"),
        node("conv", "dq", path="block.conv", target="conv"),
        node("more", "conv", path="block.conv", target="more"),
        node("dq_1", "q", kind="dequantize", target="dq", inferred_path="block"),
        node("add", "more", "dq_1", path="block"),
        node("output", "add", kind="output"),
    )
    (block, conv) = Hierarchy(each).root.walk()
    assert "dq" in block.items
    assert conv.nodes == ["conv", "more"]


@settings(max_examples=50, deadline=None, derandomize=True)
@given(graphs())
def test_every_box_is_in_one_place_and_no_group_awaits_itself(each: Graph) -> None:
    tree = Hierarchy(each)
    units = [node_id for node_id in tree.index.nodes if node_id not in tree.plumbing.hosts]
    units = [unit for unit in units if unit not in tree.plumbing.repeats]
    assert sorted(placed(tree.root)) == sorted(units)
    for group in (tree.root, *tree.root.walk()):
        assert is_acyclic(group, tree)


def placed(group: ModuleGroup) -> list[str]:
    return [unit for item in group.items for unit in (placed(item) if isinstance(item, ModuleGroup) else [item])]


def is_acyclic(group: ModuleGroup, tree: Hierarchy) -> bool:
    item_of = {
        unit: number
        for number, item in enumerate(group.items)
        for unit in (placed(item) if isinstance(item, ModuleGroup) else [item])
    }
    after = defaultdict(set)
    for edge in tree.graph.edges:
        one, other = (tree.plumbing.repeats.get(end, end) for end in (edge.from_id, edge.to_id))
        if one in item_of and other in item_of and item_of[one] != item_of[other]:
            after[item_of[one]].add(item_of[other])
    left = set(item_of.values())
    while free := {each for each in left if not any(each in after[other] for other in left)}:
        left -= free
    return not left


def told(group: ModuleGroup) -> object:
    return group.path, group.call, group.nodes, [each if isinstance(each, str) else told(each) for each in group.items]


@given(graphs())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_the_search_for_what_awaits_itself_finds_nothing_where_it_is_left_out(each: Graph) -> None:
    found = told(Hierarchy(each).root)
    with patch.object(Tangles, "may_be", return_value=True):
        assert found == told(Hierarchy(each).root)


def test_a_module_with_a_gap_that_does_not_feed_it_is_one_group() -> None:
    each = graph(
        node("x", kind="input"),
        node("a", "x", path="block", target="aten.a"),
        node("b", "x", path="other", target="aten.b"),
        node("c", "a", "b", path="block", target="aten.c"),
        node("output", "c", kind="output"),
    )
    assert [(group.path, group.call, group.nodes) for group in Hierarchy(each).root.walk()] == [
        ("block", 1, ["a", "c"])
    ]


def test_a_weight_that_two_layers_read_is_one_node_of_the_list_around_them() -> None:
    each = graph(
        node("x", kind="input"),
        node("w", kind="constant", path="layers.0"),
        *(
            made
            for number, before in enumerate(("x", "b0"))
            for made in (
                node(f"a{number}", before, "w", path=f"layers.{number}"),
                node(f"b{number}", f"a{number}", path=f"layers.{number}"),
            )
        ),
        node("output", "b1", kind="output"),
        groups={"layers": "ModuleList"},
    )
    tree = Hierarchy(each)
    (layers,) = tree.root.groups
    assert tree.contents.members(layers) == ("a0", "w", "b0", "a1", "b1")
    assert sum(tree.contents.counts(layers).values()) == 5
    assert [tree.contents.members(layer) for layer in layers.groups] == [("a0", "w", "b0"), ("a1", "w", "b1")]

"""Blocks that repeat are recognised, and where one differs is said."""

from __future__ import annotations

from qviz.analysis.views.folding import fold
from qviz.analysis.views.groups import Hierarchy
from qviz.analysis.views.repeats import Repeat, in_words
from qviz.analysis.views.view import Folds
from tests.factories import graph, node


def layers(count: int, odd: int | None = None):
    nodes, last = [node("x", kind="input")], "x"
    for number in range(count):
        path = f"layers.{number}"
        nodes.append(node(f"a{number}", last, path=f"{path}.a", type="Linear", target="aten.linear.default"))
        nodes.append(node(f"b{number}", f"a{number}", path=f"{path}.b", type="ReLU", target="aten.relu.default"))
        last = f"b{number}"
        if number == odd:
            nodes.append(node("q", last, path=path, kind="quantize"))
            last = "q"
    return graph(*nodes, node("output", last, kind="output"), groups={f"layers.{n}": "Block" for n in range(count)})


def repeat(made) -> Repeat | None:
    tree = Hierarchy(made)
    group = next((each for each in tree.root.walk() if each.path == "layers"), tree.root)
    return tree.repeats.of(group)


def test_equal_blocks_are_counted():
    found = repeat(layers(5))
    assert found is not None
    assert (found.alike, found.different) == (5, ())
    assert in_words(found).startswith("5 × ")


def test_the_one_that_differs_is_named():
    found = repeat(layers(5, odd=2))
    assert found is not None
    assert (found.alike, found.different) == (4, ("layers.2",))
    assert in_words(found).endswith("; 2 differs")


def test_two_are_no_repeat():
    assert repeat(layers(2)) is None


def test_a_folded_group_says_it():
    boxes = fold(layers(5), Folds(), {}).boxes
    assert any("5 × " in box.subtitle and "identical" in box.subtitle for box in boxes if box.kind is None)


def test_whether_a_weight_or_a_bias_is_read_first_makes_no_difference():
    nodes, last = [node("x", kind="input")], "x"
    for at in range(4):
        path = f"layers.{at}.fc"
        weight = node(f"w{at}", kind="constant", path=path)
        cast = node(f"d{at}", f"w{at}", kind="dequantize", path=path, target="dequantize")
        bias = node(f"b{at}", kind="constant", path=path)
        nodes += [weight, cast, bias] if at else [weight, bias, cast]
        nodes += [node(f"fc{at}", last, f"d{at}", f"b{at}", path=path, target="linear")]
        nodes += [node(f"r{at}", f"fc{at}", path=f"layers.{at}", target="relu")]
        last = f"r{at}"
    groups = {f"layers.{at}": "Layer" for at in range(4)}
    found = repeat(graph(*nodes, node("output", last, kind="output"), groups=groups))
    assert found is not None
    assert (found.alike, found.different) == (4, ())

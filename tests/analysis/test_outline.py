"""The modules of a run, in the order in which they compute, with their shares."""

from __future__ import annotations

import msgspec

from qviz.analysis.tables.outline import OutlineRow, outline
from qviz.document.snapshot import Facts, Link, OperatorSize
from qviz.ui.panels.outline import ModuleTree
from tests.factories import node, snapshot, stage


def test_modules_stand_in_the_order_in_which_they_compute_with_their_share_of_the_work():
    groups = {"": "Net", "a": "Linear", "z": "Block", "z.b": "Linear", "z.c": "Linear"}
    before = stage(
        "captured",
        node("x", kind="input"),
        node("b", "x", path="z.b", type="Linear"),
        node("c", "b", path="z.c", type="Linear"),
        node("a", "c", path="a", type="Linear"),
        groups=groups,
    )
    after = stage(
        "converted",
        node("x", kind="input"),
        node("b", "x", path="z.b", type="Linear", kind="quantized_op"),
        node("c", "b", path="z.c", type="Linear"),
        node("a", "c", path="a", type="Linear", kind="quantized_op"),
        groups=groups,
    )
    links = tuple(Link("captured", "converted", (each,), (each,), "same", 1.0, "test") for each in "xbca")
    sizes = {
        "b": Facts(size=OperatorSize(300, 1)),
        "c": Facts(size=OperatorSize(100, 1)),
        "a": Facts(size=OperatorSize(0, 1)),
    }
    made = snapshot(before, after, links=links, facts={"captured": sizes})
    assert outline(made) == (
        OutlineRow("", "Net", 0.75),
        OutlineRow("z", "Block", 0.75),
        OutlineRow("z.b", "Linear", 1.0),
        OutlineRow("z.c", "Linear", 0.0),
        OutlineRow("a", "Linear", 1.0),
    )
    assert {each.low for each in outline(msgspec.structs.replace(made, stages=(before,)))} == {None}


def test_the_tree_follows_the_result_on_screen(qapp):
    tree = ModuleTree()
    first, second = (
        snapshot(stage("converted", node("a", path=path, type="Linear", kind=kind), groups={path: "Linear"}))
        for path, kind in (("one", "quantized_op"), ("two", "op"))
    )
    for result, name, low in ((first, "one", "100 %"), (second, "two", "0 %"), (first, "one", "100 %")):
        tree.show_result(result)
        item = tree.topLevelItem(0)
        assert item is not None
        assert (item.text(0), item.text(1)) == (name, low)
    tree.show_modules(())
    assert tree.topLevelItemCount() == 0


def test_an_empty_tree_says_what_will_be_there(qapp):
    tree = ModuleTree()
    tree.resize(240, 80)
    said = tree.grab().toImage()
    assert len({said.pixel(x, y) for x in range(8, 200) for y in range(4, 40)}) > 1
    tree.show_modules((OutlineRow("one", "Linear", None),))
    assert said != tree.grab().toImage()

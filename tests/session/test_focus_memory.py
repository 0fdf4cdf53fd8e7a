from __future__ import annotations

from qviz.document.query import Index
from qviz.session.focus import Focus
from qviz.session.focus_memory import FocusMemory
from tests.factories import graph, node

INDEX = Index(
    graph(node("x", kind="input"), node("a", "x"), node("b", "a"), node("c", "b"), node("z", kind="constant"))
)


def test_each_press_takes_one_hop_more_and_another_node_begins_anew():
    memory = FocusMemory()
    assert memory.shown(Focus.NEIGHBOURS, INDEX, "b")[0] == {"a", "b", "c"}
    assert memory.shown(Focus.NEIGHBOURS, INDEX, "b")[0] == {"x", "a", "b", "c"}
    assert memory.shown(Focus.NEIGHBOURS, INDEX, "a")[0] == {"x", "a", "b"}


def test_ways_lead_from_the_node_selected_before():
    memory = FocusMemory()
    assert "Select one node" in memory.shown(Focus.PATHS, INDEX, "b")[1]
    for each in ("a", "c", "c"):
        memory.select(each)
    assert memory.shown(Focus.PATHS, INDEX, "c")[0] == {"a", "b", "c"}
    memory.select("z")
    found, told = memory.shown(Focus.PATHS, INDEX, "z")
    assert not found
    assert told == "There is no path between c and z."


def test_what_feeds_and_what_is_fed():
    memory = FocusMemory()
    assert memory.shown(Focus.UPSTREAM, INDEX, "b") == (
        frozenset({"x", "a", "b"}),
        "2 nodes feed b. Press Esc to show all nodes.",
    )
    assert memory.shown(Focus.DOWNSTREAM, INDEX, "b")[0] == {"b", "c"}

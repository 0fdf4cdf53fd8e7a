from __future__ import annotations

from qviz.document.query import Index
from qviz.session.focusing import Focusing
from tests.factories import graph, node

INDEX = Index(
    graph(node("x", kind="input"), node("a", "x"), node("b", "a"), node("c", "b"), node("z", kind="constant"))
)


def test_each_press_takes_one_hop_more_and_another_node_begins_anew():
    focusing = Focusing()
    assert focusing.shown("focus_neighbours", INDEX, "b")[0] == {"a", "b", "c"}
    assert focusing.shown("focus_neighbours", INDEX, "b")[0] == {"x", "a", "b", "c"}
    assert focusing.shown("focus_neighbours", INDEX, "a")[0] == {"x", "a", "b"}


def test_ways_lead_from_the_node_selected_before():
    focusing = Focusing()
    assert "Select one node" in focusing.shown("focus_paths", INDEX, "b")[1]
    for each in ("a", "c", "c"):
        focusing.select(each)
    assert focusing.shown("focus_paths", INDEX, "c")[0] == {"a", "b", "c"}
    focusing.select("z")
    found, told = focusing.shown("focus_paths", INDEX, "z")
    assert not found
    assert told == "No way leads from c to z or back."


def test_what_feeds_and_what_is_fed():
    focusing = Focusing()
    assert focusing.shown("focus_upstream", INDEX, "b") == ({"x", "a", "b"}, "2 nodes feed b; Esc shows all.")
    assert focusing.shown("focus_downstream", INDEX, "b")[0] == {"b", "c"}

"""Stages become one graph where they are placed: of any size, once, and in no thread that a window waits for."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.linking.links import link_stages
from qviz.analysis.views.folding import opening
from qviz.analysis.views.view import Folds
from qviz.document.graph import Node
from qviz.document.snapshot import Stage
from qviz.layout.graphlay_engine import GraphlayEngine
from qviz.layout.place import Rect, Size
from qviz.ui.canvas.family import Family, Shared, boxes_to_measure
from qviz.ui.canvas.metrics import TWO_ROWED, measure_in_slices
from tests.factories import graph, node
from tests.two_stages import AFTER, BEFORE, LINKS

LAYERS = 2_600
"""Their nodes in both stages are more than 20,000."""


def layers(count: int, is_cast: bool) -> Stage:
    """Return a stack of layers of three operators, with a quantize and a dequantize before each layer or without."""

    def nodes() -> Iterator[Node]:
        yield node("x", kind="input")
        last = "x"
        for number in range(count):
            path = f"layers.{number}"
            if is_cast:
                yield node(f"q{number}", last, kind="quantize", target="q", path=path)
                yield node(f"dq{number}", f"q{number}", kind="dequantize", target="dq", path=path)
                last = f"dq{number}"
            for name in ("a", "b", "c"):
                yield node(f"{name}{number}", last, path=f"{path}.{name}", type=name, target=name)
                last = f"{name}{number}"
        yield node("output", last, kind="output")

    groups = {"layers": "ModuleList", **{f"layers.{number}": "Block" for number in range(count)}}
    return Stage("b" if is_cast else "a", graph(*nodes(), groups=groups), "")


def test_large_stages_share_one_axis():
    before, after = layers(LAYERS, False), layers(LAYERS, True)
    assert len(before.whole.nodes) + len(after.whole.nodes) > 20_000
    family = Family((before, after), link_stages(before, after), {})
    whole = family.folded(opening(family.tree))
    assert family.has(before)
    assert family.has(after)
    for stage, part in zip((before, after), whole.stages, strict=True):
        assert set(part.view.box_of) == {each.id for each in stage.whole.nodes}
    alike = next(box for box in whole.view.boxes if box.alike)
    assert [part.view.box_of["a7"] for part in whole.stages] == [alike.id, alike.id]


def test_what_is_shown_of_closed_groups_is_found_once():
    before, after = layers(5, False), layers(5, True)
    family = Family((before, after), link_stages(before, after), {})
    shares = family.join()
    assert shares is not None
    box = next(box for box in family.folded(opening(family.tree)).view.boxes if box.alike)
    for share in shares.stages:
        assert share.holding(box) is share.holding(box)
        # One runs into the layers, one out of them, one from each to the next: what is inside is not looked at.
        layers_ = next(group for group in shares.tree.root.groups if group.path == "layers")
        assert len(list(share.edges_between([shares.tree.root, layers_]))) == 2 + 4


def test_nobody_who_asks_whether_stages_share_an_axis_waits_for_it():
    family = Family((BEFORE, AFTER), LINKS, {})
    assert not family.has(BEFORE), "nothing is joined yet"
    assert family.join() is family.join()
    assert family.has(BEFORE)
    assert not family.has(Stage(BEFORE.name, BEFORE.graph, "")), "another stage of that name"


def test_stages_beside_others_are_not_looked_at_again():
    first = Family((BEFORE, AFTER), LINKS, {})
    tree = first.trees.of(BEFORE.whole)
    next_ = Family((BEFORE, AFTER), LINKS, {}, {"b"}, kin=first)
    assert next_.trees.of(BEFORE.whole) is tree
    assert next_.identities is first.identities
    other = Family((AFTER,), (), {}, kin=first)
    assert other.trees is not first.trees, "of another run"


def test_seams_beside_which_nothing_stands_are_found_once_for_both_stages(qapp):
    before, after = layers(3, False), layers(3, True)
    family = Family((before, after), link_stages(before, after), {})
    whole = family.folded(Folds(groups=frozenset({"layers", *(f"layers.{number}" for number in range(3))})))
    sizes: dict[str, Size] = {}
    assert list(measure_in_slices(boxes_to_measure(whole), sizes, 10**6)) == []
    places = GraphlayEngine().place(whole.view, sizes)
    bands = [Shared(whole, places, TWO_ROWED).bands(stage) for stage in range(2)]
    assert [each.rect for each in bands[0]] == [each.rect for each in bands[1]]
    assert len(bands[0]) == 3
    assert ["only" in each.words for each in bands[0]] == [True] * 3, "told where they are not"
    assert {each.words for each in bands[1]} == {""}
    for band in bands[0]:
        row = Rect(places.bounds.x, band.rect.y(), places.bounds.width, band.rect.height())
        assert set(places.boxes_within(row)) <= set(places.within(row).boxes)

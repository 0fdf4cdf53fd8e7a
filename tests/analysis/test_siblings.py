"""Equal siblings stand in one box, in both stages alike; what differs, is open or has a finding stands alone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from qviz.analysis.views.folding import fold, opening, unfold_all
from qviz.analysis.views.groups import Hierarchy
from qviz.analysis.views.hierarchies import Hierarchies
from qviz.analysis.views.projection import Whole, projected
from qviz.analysis.views.repeats import LEAST, SeveralStages
from qviz.analysis.views.stage_share import UnionShares
from qviz.analysis.views.union import unite
from qviz.analysis.views.view import Box, Folds, View
from qviz.document.graph import Node, Value
from qviz.document.kept import kept_link
from qviz.document.snapshot import Link, Stage
from qviz.ui.canvas.folding_moves import toggled
from tests.analysis.test_seams import _is_acyclic
from tests.factories import graph, node

OPEN = Folds(groups=frozenset({"layers"}))


class Block(NamedTuple):
    """A layer: how wide it is, whether it stays in float, whether a finding speaks of it, whether it is read late."""

    width: int = 8
    is_float: bool = False
    is_found: bool = False
    is_read_late: bool = False

    @property
    def code(self) -> tuple[int, bool, bool]:
        return self.width, self.is_float, self.is_found


class Made(NamedTuple):
    before: Stage
    after: Stage
    links: tuple[Link, ...]
    told: dict[str, str]


def sized(each: Node, width: int) -> Node:
    return replace(each, values=(Value((1, width), "torch.float32"),))


def made(blocks: list[Block]) -> Made:
    """Return two stages: in the second, layers that do not stay in float cast a value inside."""
    before, after = [node("x", kind="input")], [node("x", kind="input")]
    links, told, last, late = [kept_link("a", "b", ("x",), ("x",), "same", 1.0, "t")], {}, "x", []
    for number, block in enumerate(blocks):
        path, one, two = f"layers.{number}", f"l{number}", f"r{number}"
        first = sized(node(one, last, path=f"{path}.lin", type="Linear", target="aten.linear.default"), block.width)
        second = sized(node(two, one, path=f"{path}.act", type="ReLU", target="aten.relu.default"), block.width)
        before += [first, second]
        if block.is_float:
            after += [first, second]
        else:
            q, dq = f"q{number}", f"dq{number}"
            # Inside: a cast of what comes in would decide on the precision of the layer before.
            after += [
                first,
                node(q, one, path=f"{path}.act", kind="quantize", target="quantize"),
                node(dq, q, path=f"{path}.act", kind="dequantize", target="dequantize"),
                sized(node(two, dq, path=f"{path}.act", type="ReLU", target="aten.relu.default"), block.width),
            ]
            links += [kept_link("a", "b", (), (each,), "inserted", 1.0, "t") for each in (q, dq)]
        links += [kept_link("a", "b", (each,), (each,), "same", 1.0, "t") for each in (one, two)]
        if block.is_found:
            told[one] = "rule"
        if block.is_read_late:
            late.append(two)
        last = two
    for graph_ in (before, after):
        graph_.append(node("output", last, *late, kind="output"))
    links.append(kept_link("a", "b", ("output",), ("output",), "same", 1.0, "t"))
    groups = {f"layers.{number}": "Block" for number in range(len(blocks))}
    first_stage, second_stage = (
        Stage(name, graph(*each, groups=groups), "") for name, each in (("a", before), ("b", after))
    )
    return Made(first_stage, second_stage, tuple(links), told)


def shown(case: Made, folds: Folds = OPEN) -> Whole:
    return projected(shares(case), folds, tuple(case.told))


def shares(case: Made) -> UnionShares:
    stages, trees = (case.before, case.after), Hierarchies()
    union = unite(stages, case.links)
    assert union is not None
    signs = []
    for stage in stages:
        sign = trees.of(stage.whole).sign
        signs.append({each: sign(own) for own, each in union.ids[stage.name].items()})
    return UnionShares(union, stages, {}, trees, Hierarchy(union.graph, SeveralStages(signs, case.told)))


def rows(view: View) -> list[Box]:
    return [box for box in view.boxes if box.parent == "group:layers" and box.kind is None and not box.is_seam]


def paths(box: Box) -> tuple[str, ...]:
    return box.alike or (box.id.removeprefix("group:"),)


def expected(blocks: list[Block], folds: Folds) -> Iterator[tuple[str, ...]]:
    """Yield what stands in a box: by the definition, from what the blocks were made of."""
    codes = [block.code for block in blocks]

    def key(number: int) -> object:
        path = f"layers.{number}"
        is_alone = path in folds.groups or path in folds.apart or codes.count(codes[number]) < LEAST
        return number if is_alone else codes[number]

    for _, run in groupby(range(len(blocks)), key):
        yield tuple(f"layers.{number}" for number in run)


blocks = st.lists(
    st.builds(Block, st.sampled_from([8, 16]), st.booleans(), st.sampled_from([False, False, True]), st.booleans()),
    min_size=2,
    max_size=9,
)


@given(blocks, st.data())
def test_equal_neighbors_stand_in_one_box_and_nothing_else_does(made_of: list[Block], data: st.DataObject):
    names = [f"layers.{number}" for number in range(len(made_of))]
    some = st.frozensets(st.sampled_from(names), max_size=2)
    folds = Folds(groups=OPEN.groups | data.draw(some), apart=data.draw(some), has_seams=data.draw(st.booleans()))
    case = made(made_of)
    whole = shown(case, folds)
    wanted = list(expected(made_of, folds))
    for stage, part in zip((case.before, case.after), whole.stages, strict=True):
        assert [paths(box) for box in rows(part.view)] == wanted, "both panes alike"
        assert set(part.view.box_of) == {each.id for each in stage.graph.nodes}
        inside = {box.id: {*box.members} for box in part.view.boxes}
        assert all(node_id in inside[box_id] for node_id, box_id in part.view.box_of.items())
    assert _is_acyclic(whole.view)


@given(blocks)
def test_expand_all_hides_none(made_of: list[Block]):
    case = made(made_of)
    tree = shares(case).tree
    assert not any(box.alike for box in shown(case, unfold_all(tree)).view.boxes)


def test_a_click_sets_them_apart_and_closing_the_list_joins_them_again():
    case = made([Block()] * 5)
    (run,) = rows(shown(case).view)
    assert (run.title, run.subtitle) == ("0 … 4", "5 identical")
    apart = toggled(OPEN, run)
    assert [box.title for box in rows(shown(case, apart).view)] == ["0", "1", "2", "3", "4"]
    frame = next(box for box in shown(case, apart).view.boxes if box.id == "group:layers")
    closed = toggled(apart, frame)
    assert not closed.apart
    assert not closed.groups


def test_one_that_is_open_parts_the_run_and_keeps_its_name():
    case = made([Block()] * 6)
    view = shown(case, Folds(groups=OPEN.groups | {"layers.2"})).stages[1].view
    assert [(box.title, box.is_open) for box in rows(view)] == [("0 … 1", False), ("2", True), ("3 … 5", False)]


def test_the_frame_says_how_many_there_are_and_which_differs():
    case = made([*[Block()] * 3, Block(is_float=True), *[Block()] * 2])
    for part in shown(case).stages:
        frame = next(box for box in part.view.boxes if box.id == "group:layers")
        assert (frame.title, frame.subtitle) == ("layers 0 … 5", "6 × Block")
        assert (frame.note, frame.odd) == ("5 identical", "3 differs")
        assert not frame.is_bracket


def test_scales_make_no_difference():
    case = made([Block()] * 4)
    nodes = [
        replace(each, args=[{"node": each.id}, 0.1 * number]) for number, each in enumerate(case.after.graph.nodes)
    ]
    other = case._replace(after=replace(case.after, graph=replace(case.after.graph, nodes=tuple(nodes))))
    assert [paths(box) for box in rows(shown(other).view)] == [tuple(f"layers.{number}" for number in range(4))]


def test_what_lies_between_them_is_not_jumped_over():
    """An operator that reads the first and feeds the third would feed the box that feeds it."""
    nodes = [node("x", kind="input")]
    last = "x"
    for number in range(4):
        reads = (last, "side") if number == 2 else (last, last)
        nodes.append(node(f"l{number}", *reads, path=f"layers.{number}.a", type="A", target="a"))
        nodes.append(node(f"r{number}", f"l{number}", path=f"layers.{number}.b", type="B", target="b"))
        if number == 0:
            nodes.append(node("side", "r0", path="layers", type="Side", target="side"))
        last = f"r{number}"
    made_graph = graph(
        *nodes, node("output", last, kind="output"), groups={f"layers.{number}": "Block" for number in range(4)}
    )
    view = fold(made_graph, OPEN, {})
    assert _is_acyclic(view)
    assert any(box.id == "side" for box in view.boxes)


def test_at_first_one_of_equal_layers_is_open_or_the_one_that_differs():
    alike, odd = made([Block()] * 6), made([*[Block()] * 3, Block(is_float=True), *[Block()] * 3])
    assert opening(shares(alike).tree, 9).groups == {"layers", "layers.0"}
    assert opening(shares(odd).tree, 9).groups == {"layers", "layers.3"}

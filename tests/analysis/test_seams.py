"""What only one of two stages has goes into seams, or into the operator that took it in; nothing is lost or hidden."""

from __future__ import annotations

from collections import Counter, defaultdict

from hypothesis import given
from hypothesis import strategies as st

from qviz.analysis.views.hierarchies import Hierarchies
from qviz.analysis.views.projection import Whole, project
from qviz.analysis.views.union import Union, unite
from qviz.analysis.views.view import Folds, View
from qviz.document.kept import kept_link
from qviz.document.snapshot import Link, Stage
from tests.factories import graph, node


def link(relation: str, before: tuple[str, ...], after: tuple[str, ...]) -> Link:
    return kept_link("a", "b", before, after, relation, 1.0, "test")  # type: ignore[arg-type]


def united(before: Stage, after: Stage, links: tuple[Link, ...]) -> Union:
    union = unite((before, after), links)
    assert union is not None
    return union


BEFORE = Stage(
    "a",
    graph(
        node("x", kind="input"),
        node("conv", "x", path="m.0", type="Conv2d"),
        node("bn", "conv", path="m.1", type="BatchNorm2d"),
        node("relu", "bn", path="m.2", type="ReLU"),
        node("output", "relu", kind="output"),
    ),
    "",
)
AFTER = Stage(
    "b",
    graph(
        node("x", kind="input"),
        node("q", "x", kind="quantize"),
        node("dq", "q", kind="dequantize"),
        node("conv", "dq", path="m.0", type="ConvReLU2d", kind="fused_op"),
        node("q2", "conv", kind="quantize"),
        node("dq2", "q2", kind="dequantize"),
        node("output", "dq2", kind="output"),
    ),
    "",
)
LINKS = (
    link("same", ("x",), ("x",)),
    link("fused", ("conv", "bn", "relu"), ("conv",)),
    *(link("inserted", (), (each,)) for each in ("q", "dq", "q2", "dq2")),
    link("same", ("output",), ("output",)),
)
OPEN = Folds(groups=frozenset({"m"}))


def shown(folds: Folds = OPEN, loud: frozenset[str] = frozenset()) -> Whole:
    return project(united(BEFORE, AFTER, LINKS), folds, (BEFORE, AFTER), {}, Hierarchies(), loud)


def titles(view: View) -> list[str]:
    return [box.title for box in view.boxes if not box.is_open]


def test_a_run_of_casts_is_one_seam_and_what_was_taken_in_stands_in_its_operator():
    before, after = (each.view for each in shown().stages)
    assert [box.members for box in before.boxes if not box.is_open] == [("x",), ("conv", "bn", "relu"), ("output",)]
    assert next(box for box in before.boxes if box.parts).subtitle == "3 nodes"
    seams = [box for box in after.boxes if box.is_seam]
    assert [box.members for box in seams] == [("q", "dq"), ("q2", "dq2")]
    assert [box.title for box in seams] == ["2 casts only in B"] * 2
    assert {line.to_box for line in after.lines} >= {"seam:q", "conv"}


def test_a_seam_opens_by_any_of_its_nodes_and_hides_nothing_loud():
    opened = shown(Folds(groups=OPEN.groups, seams=frozenset({"dq"})))
    after = opened.stages[1].view
    assert [box.id for box in after.boxes if box.seam == "q"] == ["q", "dq"]
    assert opened.seams["q"].is_open
    assert not opened.seams["q2"].is_open
    loud = shown(loud=frozenset({"q2"})).stages[1].view
    assert not any("q2" in box.members for box in loud.boxes if box.is_seam)
    assert "seam:q" in {box.id for box in loud.boxes}


def test_parts_stand_alone_where_the_operator_is_open_or_seams_are_not_wanted():
    for folds in (Folds(OPEN.groups, has_seams=False), Folds(OPEN.groups, plumbing=frozenset({"conv"}))):
        before = shown(folds).stages[0].view
        assert [box.members for box in before.boxes if not box.is_open and box.kind is not None][1:4] == [
            ("conv",),
            ("bn",),
            ("relu",),
        ]


@st.composite
def stages(draw: st.DrawFn) -> tuple[Stage, Stage, tuple[Link, ...]]:
    """A float graph, and what becomes of it: casts on some edges, some operators taken in by the one before."""
    count = draw(st.integers(1, 9))
    reads = {
        0: [],
        **{i: sorted(draw(st.sets(st.integers(0, i - 1), min_size=1, max_size=2))) for i in range(1, count)},
    }
    users = Counter(source for sources in reads.values() for source in sources)
    taken = {
        i: reads[i][0]
        for i in range(1, count)
        if len(reads[i]) == 1 and users[reads[i][0]] == 1 and reads[i][0] > 0 and draw(st.booleans())
    }

    def host(i: int) -> int:
        while i in taken:
            i = taken[i]
        return i

    paths = {i: draw(st.sampled_from(["", "m", "m.n"])) for i in range(count)}
    before = [
        node(f"n{i}", *(f"n{each}" for each in reads[i]), kind="op" if i else "input", path=paths[i] if i else "")
        for i in range(count)
    ]
    after, links = [], [link("same", ("n0",), ("n0",))]
    after.append(node("n0", kind="input"))
    for i in range(1, count):
        if i in taken:
            continue
        sources = []
        for source in dict.fromkeys(host(each) for each in reads[i]):
            name = f"n{source}"
            if draw(st.booleans()):
                after += [
                    node(f"q{i}_{source}", name, kind="quantize", path=paths[i]),
                    node(f"dq{i}_{source}", f"q{i}_{source}", kind="dequantize", path=paths[i]),
                ]
                links += [link("inserted", (), (f"q{i}_{source}",)), link("inserted", (), (f"dq{i}_{source}",))]
                name = f"dq{i}_{source}"
            sources.append(name)
        after.append(node(f"n{i}", *sources, path=paths[i]))
        parts = tuple(f"n{j}" for j in range(count) if host(j) == i)
        links.append(link("fused" if len(parts) > 1 else "same", parts, (f"n{i}",)))
    return Stage("a", graph(*before), ""), Stage("b", graph(*after), ""), tuple(links)


@given(stages(), st.data())
def test_nothing_is_lost_and_no_box_feeds_itself(made: tuple[Stage, Stage, tuple[Link, ...]], data: st.DataObject):
    before, after, links = made
    union = unite((before, after), links)
    if union is None:
        return
    names = [each.id for each in union.graph.nodes]
    loud = data.draw(st.frozensets(st.sampled_from(names)))
    folds = Folds(groups=data.draw(st.sampled_from([frozenset(), frozenset({"m"}), frozenset({"m", "m.n"})])))
    whole = project(union, folds, (before, after), {}, Hierarchies(), loud)
    for stage, part in zip((before, after), whole.stages, strict=True):
        assert set(part.view.box_of) == {each.id for each in stage.graph.nodes}
        ids = {box.id for box in part.view.boxes}
        assert {*part.view.box_of.values()} <= ids
        assert all(line.from_box in ids and line.to_box in ids for line in part.view.lines)
    hidden = {each for box in whole.view.boxes if box.is_seam for each in box.members}
    assert not hidden & loud
    assert _is_acyclic(whole.view)


def _is_acyclic(view: View) -> bool:
    after: defaultdict[str, set[str]] = defaultdict(set)
    waits: Counter[str] = Counter()
    for line in view.lines:
        if line.to_box not in after[line.from_box]:
            after[line.from_box].add(line.to_box)
            waits[line.to_box] += 1
    boxes = {each for line in view.lines for each in (line.from_box, line.to_box)}
    free = [each for each in boxes if not waits[each]]
    done = 0
    while free:
        done += 1
        for each in after[free.pop()]:
            waits[each] -= 1
            if not waits[each]:
                free.append(each)
    return done == len(boxes)

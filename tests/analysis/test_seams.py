"""What only one of two stages has goes into seams, or into the operator that took it in; nothing is lost or hidden."""

from __future__ import annotations

from collections import Counter, defaultdict

from hypothesis import given
from hypothesis import strategies as st

from qviz.analysis.views.hierarchies import Hierarchies
from qviz.analysis.views.projection import Whole, project
from qviz.analysis.views.union import Union, unite
from qviz.analysis.views.view import Folds, View
from qviz.document.snapshot import Link, Stage
from tests.two_stages import AFTER, BEFORE, LINKS, stages


def united(before: Stage, after: Stage, links: tuple[Link, ...]) -> Union:
    union = unite((before, after), links)
    assert union is not None
    return union


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

"""Layouts in columns: nothing is lost, nothing overlaps, groups stay whole where they can."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qviz.analysis.views.folding import fold, unfold_all
from qviz.analysis.views.view import View
from qviz.layout.graphlay_engine import GraphlayEngine
from qviz.layout.place import Point, Rect
from qviz.layout.wrap import InColumns, wrap, wrap_together
from tests.factories import graph, node
from tests.layout.geometry import sizes_of, views


def placed(view: View, columns: int) -> InColumns:
    return wrap(view, GraphlayEngine().place(view, sizes_of(view)), columns)


def chain(count: int, path: str = "") -> View:
    nodes = [node("x", kind="input")]
    for number in range(count):
        inside = path.format(number // 4) if path else ""
        nodes.append(node(f"n{number}", nodes[-1].id, path=f"{inside}.m{number}" if inside else "", type="ReLU"))
    whole = graph(*nodes, node("y", nodes[-1].id, kind="output"))
    return fold(whole, unfold_all(whole), {})


def meet(one: Rect, other: Rect) -> bool:
    return (
        min(one.right, other.right) - max(one.x, other.x) > 0.6
        and min(one.bottom, other.bottom) - max(one.y, other.y) > 0.6
    )


def columns_of(wrapped: InColumns) -> dict[float, list[str]]:
    """Return the boxes of a chain by the middle of their column."""
    found: dict[float, list[str]] = {}
    for box in wrapped.view.boxes:
        if not box.is_open:
            rect = wrapped.places.boxes[box.id]
            found.setdefault(round(rect.x + rect.width / 2), []).append(box.id)
    return found


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(views(), st.integers(2, 5))
def test_any_view_is_wrapped_without_faults(view: View, columns: int) -> None:
    whole = GraphlayEngine().place(view, sizes_of(view))
    wrapped = wrap(view, whole, columns)
    leaves = [box.id for box in view.boxes if not box.is_open]
    assert [box.id for box in wrapped.view.boxes if not box.is_open] == leaves
    rects = {each: wrapped.places.boxes[each] for each in leaves}
    assert all(rects[each][2:] == whole.boxes[each][2:] for each in leaves)
    assert not [pair for pair in combinations(leaves, 2) if meet(rects[pair[0]], rects[pair[1]])]
    frames = {box.id: wrapped.places.boxes[box.id] for box in wrapped.view.boxes if box.is_open}
    for box in wrapped.view.boxes:
        if not box.is_open and box.parent is not None:
            rect = rects[box.id]
            around = [each for name, each in frames.items() if name.partition("|")[0] == box.parent]
            assert any(meet(rect, each) and each.x <= rect.x and rect.right <= each.right for each in around)
    assert all(each.width <= wrapped.bounds.width and each.bottom <= wrapped.bounds.bottom for each in rects.values())


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(views(), st.integers(2, 4))
def test_the_pieces_of_a_line_and_its_joins_hang_together(view: View, columns: int) -> None:
    wrapped = placed(view, columns)
    steps = {join.route[0]: join.route[-1] for join in wrapped.joins}
    steps |= {join.route[-1]: join.route[0] for join in wrapped.joins}
    pieces: dict[tuple[object, ...], list[int]] = {}
    for number, line in enumerate(wrapped.view.lines):
        pieces.setdefault((line.from_box, line.to_box, line.pairs), []).append(number)
    assert len(pieces) == len(view.lines)
    for (source, target, _), numbers in pieces.items():
        routes = [wrapped.places.routes[number] for number in numbers]
        assert abs(routes[0][0].y - wrapped.places.boxes[str(source)].bottom) < 0.6
        assert abs(routes[-1][-1].y - wrapped.places.boxes[str(target)].y) < 0.6
        assert all(steps[one[-1]] == other[0] for one, other in pairwise(routes))


def test_a_chain_is_cut_into_even_columns_from_left_to_right() -> None:
    found = columns_of(placed(chain(28), 3))
    assert [len(each) for _, each in sorted(found.items())] == [10, 10, 10]
    assert [each for _, column in sorted(found.items()) for each in column][1:4] == ["n0", "n1", "n2"]


def test_columns_end_between_groups() -> None:
    view = chain(24, "layer{}")
    found = columns_of(placed(view, 3))
    assert not [box for box in placed(view, 3).view.boxes if "|" in box.id]
    assert [len(each) for _, each in sorted(found.items())] == [9, 8, 9]


def test_a_group_too_tall_for_a_column_goes_on_under_its_name() -> None:
    wrapped = placed(chain(40, "encoder"), 2)
    frames = [box for box in wrapped.view.boxes if box.is_open]
    assert [box.title for box in frames] == ["encoder", "encoder"]
    assert len({box.id for box in frames}) == 2
    one, other = (wrapped.places.boxes[box.id] for box in frames)
    assert one.right < other.x


def test_joins_of_one_cut_do_not_cross() -> None:
    inputs = [node(f"x{number}", kind="input") for number in range(4)]
    nodes = [*inputs]
    for step in range(12):
        nodes += [node(f"a{step}_{lane}", nodes[-4].id, path="", type="ReLU") for lane in range(4)]
    whole = graph(*nodes, node("y", *(each.id for each in nodes[-4:]), kind="output"))
    wrapped = placed(fold(whole, unfold_all(whole), {}), 2)
    assert len(wrapped.joins) == 4
    runs = [list(pairwise(join.route)) for join in wrapped.joins]
    for one, other in combinations(runs, 2):
        assert not [1 for a in one for b in other if _cross(*a, *b)]


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Return whether a level and an upright run meet."""
    if (a.y == b.y) == (c.y == d.y):
        return False
    level, upright = ((a, b), (c, d)) if a.y == b.y else ((c, d), (a, b))
    return min(level[0].x, level[1].x) < upright[0].x < max(level[0].x, level[1].x) and min(
        upright[0].y, upright[1].y
    ) < level[0].y < max(upright[0].y, upright[1].y)


def test_layouts_of_one_axis_share_it_in_every_column() -> None:
    view = chain(28)
    whole = GraphlayEngine().place(view, sizes_of(view))
    few = [number for number, box in enumerate(view.boxes) if box.id not in ("n5", "n6", "n20")]
    part = View(tuple(view.boxes[number] for number in few), (), {})
    one, other = wrap_together([(view, whole), (part, whole.part(part, few, ()))], 3)
    assert [one.places.boxes[box.id].y for box in part.boxes] == [other.places.boxes[box.id].y for box in part.boxes]
    assert len({one.places.boxes[box.id].x for box in part.boxes}) > 2


@pytest.mark.parametrize("columns", [1, 9])
def test_what_cannot_be_cut_stays_whole(columns: int) -> None:
    whole = graph(node("x", kind="input"))
    view = fold(whole, unfold_all(whole), {})
    assert placed(view, columns).view is view

"""dot: the same promises, where it is installed."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from qviz.analysis.views.folding import fold, unfold_all
from qviz.analysis.views.view import View
from qviz.errors import QvizError
from qviz.layout.dot_engine import DotEngine, is_installed, place_level
from qviz.layout.frame import framed
from tests.factories import small_stages
from tests.layout.geometry import faults, sizes_of, views

with_dot = pytest.mark.skipif(not is_installed(), reason="graphviz is not installed")


@with_dot
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(views())
def test_any_view_is_placed_without_faults(view: View) -> None:
    sizes = sizes_of(view)
    # A curve of dot may graze a box, once in hundreds of graphs.
    found = [each for each in faults(view, sizes, DotEngine().place(view, sizes)) if "runs through" not in each]
    assert found == []


@with_dot
def test_chain_is_a_straight_column() -> None:
    view = small_view()
    places = DotEngine().place(view, sizes_of(view))
    middles = [rect.x + rect.width / 2 for each, rect in places.boxes.items() if not each.startswith("group:")]
    assert max(middles) - min(middles) < 0.6
    assert all(len(route) == 2 for route in places.routes)


@with_dot
def test_left_to_right() -> None:
    view = small_view()
    places = DotEngine().place(view, sizes_of(view), "right")
    assert all(places.boxes[line.from_box].right <= places.boxes[line.to_box].x for line in view.lines)


def test_says_what_to_do_without_dot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    place_level.cache_clear()
    framed.cache_clear()
    view = small_view()
    with pytest.raises(QvizError, match="not installed") as caught:
        DotEngine().place(view, sizes_of(view))
    assert "graphlay" in caught.value.hint


def small_view() -> View:
    graph = small_stages()[0].graph
    return fold(graph, unfold_all(graph), {})

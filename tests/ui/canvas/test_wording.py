"""What a box is in words."""

from __future__ import annotations

from qviz.analysis.views.view import Box
from qviz.document.graph import Kind
from qviz.ui.canvas.wording import tooltip


def test_an_observer_that_several_nodes_share_is_told_with_its_number():
    shared = Box("obs", "MinMaxObserver", "", Kind.OBSERVER, ("obs",), ring=2)
    assert "Shares observer 2" in tooltip(shared, None)
    assert "observer 2" not in tooltip(Box("obs", "MinMaxObserver", "", Kind.OBSERVER, ("obs",)), None)

"""What a box is in words."""

from __future__ import annotations

from qviz.analysis.views.view import Box
from qviz.document.graph import Kind
from qviz.ui.canvas.wording import spoken, tooltip


def test_an_observer_that_several_nodes_share_is_told_with_its_number():
    shared = Box("obs", "MinMaxObserver", "", Kind.OBSERVER, ("obs",), ring=2)
    assert "Shares observer 2" in tooltip(shared, None)
    assert "observer 2" not in tooltip(Box("obs", "MinMaxObserver", "", Kind.OBSERVER, ("obs",)), None)


def test_the_precision_is_told_whether_the_row_has_room_or_not():
    box = Box("fc", "fc", "linear 64 → 10", Kind.OP, ("fc",), low=(1, 1), precision="int8")
    assert tooltip(box, None).split("<br>")[2] == "int8"
    assert spoken(box).endswith("fc, linear 64 → 10, int8")

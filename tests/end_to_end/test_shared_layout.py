"""What survives stands where it stood, in every stage of real runs."""

from __future__ import annotations

from typing import Any

import pytest

from qviz.analysis.views.folding import opening, unfold_all
from qviz.analysis.views.hierarchies import Hierarchies
from qviz.analysis.views.projection import project
from qviz.analysis.views.union import unite
from qviz.document.plan import Plan
from qviz.engine.serving.run import run_plan
from qviz.layout.graphlay_engine import GraphlayEngine
from qviz.layout.place import Size
from qviz.ui.canvas.family import boxes_to_measure
from qviz.ui.canvas.metrics import measure_in_slices
from tests.layout.geometry import faults

SLOW = {("residual", "pt2e-qat"), ("mobile", "pt2e-qat")}
FLOWS = ("fx-static", "fx-qat", "pt2e-static", "pt2e-qat", "eager-static")
RUNS = [
    # torch exports dozens of patterns for each of these
    pytest.param(sample, flow, marks=pytest.mark.slow if (sample, flow) in SLOW else ())
    for sample in ("conv-bn-relu", "residual", "transformer", "mobile")
    for flow in FLOWS
]


@pytest.mark.parametrize(("sample", "flow"), RUNS)
@pytest.mark.parametrize("is_all", [False, True])
def test_every_stage_is_drawn_in_the_places_of_all(qapp, sample: str, flow: str, is_all: bool):
    snapshot = run_plan(Plan(source=f"sample:{sample}", flow=flow), lambda _: None)
    union = unite(snapshot.stages, snapshot.links)
    assert union is not None
    folds = unfold_all(union.graph) if is_all else opening(union.graph)
    whole = project(union, folds, snapshot.stages, snapshot.facts, Hierarchies())
    sizes: dict[str, Size] = {}
    assert list(measure_in_slices(boxes_to_measure(whole), sizes, 10**6)) == []
    places = GraphlayEngine().place(whole.view, sizes)
    assert faults(whole.view, sizes, places) == []
    at: dict[tuple[str, str], Any] = {}
    for stage, part in zip(snapshot.stages, whole.stages, strict=True):
        assert {member for box in part.view.boxes for member in box.members} == {each.id for each in stage.graph.nodes}
        mine = places.part(part.view, part.boxes, part.lines)
        for link in snapshot.links:
            if link.relation == "same" and link.to_stage == stage.name:
                before = at.get((link.from_stage, link.from_ids[0]))
                box = part.view.box_of[link.to_ids[0]]
                if before is not None and box == link.to_ids[0]:
                    assert mine.boxes[box] == before
        at |= {(stage.name, box.id): mine.boxes[box.id] for box in part.view.boxes if box.kind is not None}
        for number, line in enumerate(part.view.lines):
            route = mine.routes[number]
            for end, point in ((line.from_box, route[0]), (line.to_box, route[-1])):
                rect = mine.boxes[end]
                assert rect.x - 0.6 <= point.x <= rect.right + 0.6
                assert rect.y - 0.6 <= point.y <= rect.bottom + 0.6

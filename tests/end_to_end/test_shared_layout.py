"""What survives stands where it stood, in every stage of real runs."""

from __future__ import annotations

from typing import Any

import pytest

from qviz.analysis.views.folding import opening, unfold_all
from qviz.analysis.views.hierarchies import Hierarchies
from qviz.analysis.views.projection import project
from qviz.analysis.views.union import Union, unite
from qviz.analysis.views.view import Folds
from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.engine.serving.run import run_plan
from qviz.layout.graphlay_engine import GraphlayEngine
from qviz.layout.place import Size
from qviz.ui.canvas.family import boxes_to_measure
from qviz.ui.canvas.metrics import measure_in_slices
from tests.layout.geometry import faults
from tests.sweeps import pairs

FLOWS = ("fx-static", "fx-qat", "pt2e-static", "eager-static")
RUNS = [
    *pairs(("conv-bn-relu", "residual", "transformer", "mobile"), FLOWS, one_in=2),
    pytest.param("transformer", "pt2e-qat"),
    # torch exports dozens of patterns for each of these
    *(pytest.param(sample, "pt2e-qat", marks=pytest.mark.slow) for sample in ("conv-bn-relu", "residual", "mobile")),
]


@pytest.mark.parametrize(("sample", "flow"), RUNS)
def test_every_stage_is_drawn_in_the_places_of_all(qapp, sample: str, flow: str):
    snapshot = run_plan(Plan(source=f"sample:{sample}", flow=flow), lambda _: None)
    union = unite(snapshot.stages, snapshot.links)
    assert union is not None
    for folds in (opening(union.graph), unfold_all(union.graph)):
        check(snapshot, union, folds)


def check(snapshot: Snapshot, union: Union, folds: Folds) -> None:
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

"""Before and after stand on one axis in real runs: linked boxes at one height, no empty row, nothing lost."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from qviz.analysis.linking.index import LinkIndex
from qviz.analysis.views.folding import opening, unfold_all
from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.engine.serving.run import run_plan
from qviz.layout.graphlay_engine import GraphlayEngine
from qviz.layout.place import Rect, Size
from qviz.layout.spacing import NARROW, ROOMY, TIGHT
from qviz.ui.canvas.family import Family, Shared, boxes_to_measure
from qviz.ui.canvas.metrics import BoxForm, measure_in_slices
from qviz.ui.canvas.shapes import FRAME_BAR
from tests.layout.geometry import faults

MOST_EMPTY = 30.0
"""Pixels between rows."""


@cache
def result(sample: str, flow: str) -> Snapshot:
    return run_plan(Plan(source=f"sample:{sample}", flow=flow, measure=False), lambda _: None)


@pytest.mark.parametrize("sample", ["conv-bn-relu", "residual", "transformer", "mobile"])
@pytest.mark.parametrize("flow", ["fx-static", "pt2e-static"])
@pytest.mark.parametrize("form", [BoxForm(1), BoxForm(2), BoxForm(1, is_narrow=True)])
@pytest.mark.parametrize("is_all", [False, True])
def test_linked_boxes_stand_at_one_height_without_empty_rows(qapp, sample: str, flow: str, form: BoxForm, is_all: bool):
    snapshot = result(sample, flow)
    first, last = snapshot.stages[0], snapshot.stages[-1]
    family = Family(snapshot.stages, snapshot.links, snapshot.facts, {first.name, last.name})
    assert family.union is not None
    folds = unfold_all(family.union.graph, plumbing=False) if is_all else opening(family.union.graph)
    whole = family.folded(folds)
    sizes: dict[str, Size] = {}
    assert list(measure_in_slices(boxes_to_measure(whole), sizes, 10**6, form)) == []
    places = GraphlayEngine(NARROW if form.is_narrow else TIGHT if form.rows == 1 else ROOMY).place(whole.view, sizes)
    assert faults(whole.view, sizes, places) == []
    shared = Shared(whole, places, form)
    index, ys = LinkIndex(snapshot.links), []
    for number, part in enumerate(whole.stages):
        mine = places.part(part.view, part.boxes, part.lines)
        ys.append((part.view.box_of, mine.boxes))
        bands = [
            Rect(each.x(), each.y(), each.width(), each.height()) for each in (b.rect for b in shared.bands(number))
        ]
        rects = [mine.boxes[box.id] for box in part.view.boxes if not box.is_open]
        heads = [mine.boxes[box.id]._replace(height=FRAME_BAR) for box in part.view.boxes if box.is_open]
        empty = max(_gaps([*rects, *heads, *bands, *_feet(part, mine)]), default=0.0)
        assert empty <= MOST_EMPTY, f"{empty} px are empty in {snapshot.stages[-number].name}"
    (boxes_of, before), (others_of, after) = ys
    for node_id, box in boxes_of.items():
        for partner in index.partners(first.name, last.name, (node_id,))[:1]:
            other = others_of[partner]
            if box == other:
                assert abs(before[box].y - after[other].y) <= 1.0


def _feet(part, mine) -> list[Rect]:
    """Return the lower borders of frames, with the air inside and below."""
    found = []
    for box in part.view.boxes:
        if box.is_open:
            rect = mine.boxes[box.id]
            found.append(rect._replace(y=rect.bottom - 16.0, height=16.0))
    return found


def _gaps(rects: list[Rect]) -> Iterator[float]:
    end = None
    for rect in sorted(rects, key=lambda each: each.y):
        if end is not None and rect.y > end:
            yield rect.y - end
        end = rect.bottom if end is None else max(end, rect.bottom)

"""What stays open when another stage comes into view."""

from __future__ import annotations

from qviz.analysis.views.view import Folds
from qviz.document.snapshot import Stage
from qviz.ui.canvas.family import Family
from qviz.ui.canvas.view import GraphCanvas


def carried_folds(canvas: GraphCanvas, stage: Stage | None, family: Family | None) -> Folds | None:
    """Return what is open on a canvas, for another stage of the same run."""
    before = canvas.family
    if before is None or family is None or canvas.own_folds is None or canvas.stage is None or stage is None:
        return None
    if not family.is_kin(before) or not before.has(canvas.stage):
        return None
    return family.of_union(stage, before.to_union(canvas.stage, canvas.own_folds))

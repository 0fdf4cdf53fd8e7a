"""What is open belongs to all stages in view: what a canvas that shows one of them asks about the others."""

from __future__ import annotations

from typing import NamedTuple

from qviz.analysis.views.folding import unfold_all
from qviz.analysis.views.hierarchies import Hierarchies
from qviz.analysis.views.view import Folds
from qviz.document.graph import NodeId
from qviz.document.snapshot import Stage
from qviz.ui.canvas.family import Family


class PairFolds(NamedTuple):
    """A stage, and those that it shares its rows with; None where it shares them with none."""

    stage: Stage
    family: Family | None

    def union_id(self, node_id: NodeId) -> str:
        """Return what a node is in the union of the stages in view, by which seams are known."""
        union = self.family.union if self.family is not None and self.family.has(self.stage) else None
        return node_id if union is None else union.ids[self.stage.name].get(node_id, node_id)

    def all_open(self, trees: Hierarchies) -> Folds:
        """Return the folds that show all: of all stages that share their rows."""
        if self.family is not None and self.family.has(self.stage):
            return self.family.all_open(self.stage)
        return unfold_all(trees.of(self.stage.whole))

"""Focus: which nodes stay bright around the selection, and what is said of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from qviz.analysis.views.reach import between, downstream, neighbours, upstream
from qviz.document.query import Index


@dataclass
class Focusing:
    """Remembers what was selected before, and how many hops were asked for.

    Attributes:
        recent: The last two nodes that were selected, the older first.
        hops: Of the neighbours shown last.
    """

    recent: list[str] = field(default_factory=list)
    hops: int = 0
    _around: str = ""

    def select(self, node_id: str) -> None:
        """Take note of a selection."""
        if node_id and (not self.recent or self.recent[-1] != node_id):
            self.recent = [*self.recent[-1:], node_id]

    def shown(self, focus: str, index: Index, node_id: str) -> tuple[frozenset[str], str]:
        """Return the nodes in focus, and a sentence about them."""
        if focus == "focus_neighbours":
            self.hops = self.hops + 1 if self._around == node_id else 1
            self._around = node_id
            found = neighbours(index, node_id, self.hops)
            return found, f"{len(found)} nodes within {self.hops} of {node_id}; K for one hop more, Esc shows all."
        self._around = ""
        if focus == "focus_upstream":
            found = upstream(index, node_id)
            return found, f"{len(found) - 1} nodes feed {node_id}; Esc shows all."
        if focus == "focus_downstream":
            found = downstream(index, node_id)
            return found, f"{node_id} feeds {len(found) - 1} nodes; Esc shows all."
        start = next((each for each in self.recent if each != node_id and each in index.nodes), None)
        if start is None:
            return frozenset(), "Select one node, then another: the ways between them are shown."
        found = between(index, start, node_id)
        if not found:
            return found, f"No way leads from {start} to {node_id} or back."
        return found, f"{len(found)} nodes on the ways between {start} and {node_id}; Esc shows all."

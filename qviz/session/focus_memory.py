"""Focus: which nodes stay bright around the selection, and what is said of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from qviz.analysis.views.reach import between, downstream, neighbours, upstream
from qviz.document.graph import NodeId
from qviz.document.query import Index
from qviz.session.focus import Focus


@dataclass
class FocusMemory:
    """Remembers what was selected before, and how many hops were asked for.

    Attributes:
        recent: The last two nodes that were selected, the older first.
        hops: Of the neighbours shown last.
    """

    recent: list[NodeId] = field(default_factory=list)
    hops: int = 0
    _around: NodeId = ""

    def select(self, node_id: NodeId) -> None:
        """Take note of a selection."""
        if node_id and (not self.recent or self.recent[-1] != node_id):
            self.recent = [*self.recent[-1:], node_id]

    def shown(self, focus: Focus, index: Index, node_id: NodeId) -> tuple[frozenset[NodeId], str]:
        """Return the nodes in focus, and a sentence about them."""
        if focus is Focus.NEIGHBOURS:
            self.hops = self.hops + 1 if self._around == node_id else 1
            self._around = node_id
            near = neighbours(index, node_id, self.hops)
            return near, f"{len(near)} nodes within {self.hops} of {node_id}; K for one hop more, Esc shows all."
        self._around = ""
        if focus is Focus.UPSTREAM:
            feeders = upstream(index, node_id)
            return feeders, f"{len(feeders) - 1} nodes feed {node_id}; Esc shows all."
        if focus is Focus.DOWNSTREAM:
            users = downstream(index, node_id)
            return users, f"{node_id} feeds {len(users) - 1} nodes; Esc shows all."
        return self._paths(index, node_id)

    def _paths(self, index: Index, node_id: NodeId) -> tuple[frozenset[NodeId], str]:
        start = next((recent for recent in self.recent if recent != node_id and recent in index.nodes), None)
        if start is None:
            return frozenset(), "Select one node, then another: the ways between them are shown."
        paths = between(index, start, node_id)
        if not paths:
            return paths, f"No way leads from {start} to {node_id} or back."
        return paths, f"{len(paths)} nodes on the ways between {start} and {node_id}; Esc shows all."

"""Focus: which nodes stay bright around the selection, and what is said of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from qviz.analysis.views.reach import between, downstream, neighbours, upstream
from qviz.document.graph import NodeId
from qviz.document.query import Index
from qviz.session.focus import Focus
from qviz.words import mark, tr, trn

_NEAR = (
    mark("{nodes} nodes within {count} hop of {node}. Press K for one hop more or Esc to show all nodes."),
    mark("{nodes} nodes within {count} hops of {node}. Press K for one hop more or Esc to show all nodes."),
)
_FEED = (
    mark("{count} node feeds {node}. Press Esc to show all nodes."),
    mark("{count} nodes feed {node}. Press Esc to show all nodes."),
)
_FED = (
    mark("{node} feeds {count} node. Press Esc to show all nodes."),
    mark("{node} feeds {count} nodes. Press Esc to show all nodes."),
)
_BETWEEN = (
    mark("{count} node on the paths between {start} and {end}. Press Esc to show all nodes."),
    mark("{count} nodes on the paths between {start} and {end}. Press Esc to show all nodes."),
)


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
            return near, trn(self.hops, *_NEAR, nodes=len(near), node=node_id)
        self._around = ""
        if focus is Focus.UPSTREAM:
            feeders = upstream(index, node_id)
            return feeders, trn(len(feeders) - 1, *_FEED, node=node_id)
        if focus is Focus.DOWNSTREAM:
            users = downstream(index, node_id)
            return users, trn(len(users) - 1, *_FED, node=node_id)
        return self._paths(index, node_id)

    def _paths(self, index: Index, node_id: NodeId) -> tuple[frozenset[NodeId], str]:
        start = next((recent for recent in self.recent if recent != node_id and recent in index.nodes), None)
        if start is None:
            return frozenset(), tr("Select one node, then another, to show the paths between them.")
        paths = between(index, start, node_id)
        if not paths:
            return paths, tr("There is no path between {start} and {end}.", start=start, end=node_id)
        return paths, trn(len(paths), *_BETWEEN, start=start, end=node_id)

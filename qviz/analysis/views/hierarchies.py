"""The hierarchies of the graphs that somebody has open: each is made once, and goes with its owner."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from qviz.analysis.views.groups import Hierarchy
from qviz.document.graph import Graph

KEPT = 8
"""The stages of a run, and all of them as one graph."""


class Hierarchies:
    """Keeps the hierarchies last asked for; several threads may ask."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, Hierarchy] = OrderedDict()
        self._lock = Lock()

    def of(self, graph: Graph) -> Hierarchy:
        """Return the groups and plumbing of a graph."""
        with self._lock:
            found = self._kept.pop(id(graph), None)
        # The kept hierarchy holds its graph, so that no other graph can have its id.
        found = found or Hierarchy(graph)
        with self._lock:
            self._kept[id(graph)] = found
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found

    def forget(self) -> None:
        """Keep none: another model comes."""
        with self._lock:
            self._kept.clear()

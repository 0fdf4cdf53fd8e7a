"""Lets go of a large model in slices: freeing millions of objects at once would hold the window up."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, QTimer

from qviz.document.snapshot import Stage
from qviz.ui.process.garbage import look_at_all

_AT_ONCE = 2000
"""Nodes, edges, boxes or lines freed between two events: about 3 ms."""
_LOOKS_AFTER = 20
"""Results put away after which Python looks for cycles in all that there is; nobody waits then."""


class Disposal(QObject):
    """Holds the nodes of closed models, and what a canvas showed, until they are freed, a few at a time."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._held: list[object] = []
        self._put_away = 0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.on_timer_timeout)

    @property
    def is_busy(self) -> bool:
        """Whether something is still held."""
        return bool(self._held)

    def take(self, stages: Iterable[Stage]) -> None:
        """Hold what is in stages for as long as it takes to free it slowly."""
        self._put_away += 1
        for stage in stages:
            for graph in (stage.graph, stage.whole):
                self.hold(graph.nodes)
                self.hold(graph.edges)

    def hold(self, objects: Iterable[object]) -> None:
        """Hold other objects so; of few it is not worth it."""
        self._held += objects
        if self._held:
            self._timer.start()

    def on_timer_timeout(self) -> None:
        """Free some."""
        del self._held[-_AT_ONCE:]
        if self._held:
            return
        self._timer.stop()
        if self._put_away >= _LOOKS_AFTER:
            self._put_away = 0
            look_at_all()

"""Keeps the rail beside the panes true: what both show, what of it is in sight, selected and flagged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QObject, QPointF, QTimer, Signal

from qviz.document.graph import NodeId
from qviz.document.snapshot import Finding
from qviz.session.sides import Side
from qviz.ui.canvas import wording
from qviz.ui.canvas.view import GraphCanvas
from qviz.ui.panels.overview_rail import OverviewRail, RailColumn
from qviz.ui.theme import Theme

SOON = 15
"""Milliseconds until the rail follows: one time for many moves."""


class Overview(QObject):
    """The rail of two canvases.

    Signals:
        chosen: `Side` and node id that the user pressed.
    """

    chosen = Signal(object, str)

    def __init__(self, parent: QObject, theme: Theme, canvases: Mapping[Side, GraphCanvas]) -> None:
        super().__init__(parent)
        self._canvases = canvases
        self._findings: Sequence[Finding] = ()
        self._is_wanted = True
        self.rail = OverviewRail(theme, self._say)
        self.rail.chosen.connect(self.chosen)
        self.rail.scrolled.connect(self.on_rail_scrolled)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON)
        self._soon.timeout.connect(self.refresh)
        for canvas in canvases.values():
            canvas.viewport.changed.connect(self._soon.start)
            canvas.laid_out.connect(self._soon.start)
            canvas.emphasis.changed.connect(self._soon.start)

    def show_findings(self, findings: Sequence[Finding]) -> None:
        """Flag other findings."""
        self._findings = findings
        self._soon.start()

    def want(self, is_wanted: bool) -> None:
        """Show the rail while there is something to show, or never."""
        self._is_wanted = is_wanted
        self.refresh()

    def refresh(self) -> None:
        """Show what is true now."""
        columns = {}
        for side, canvas in self._canvases.items():
            stage, family, scene = canvas.stage, canvas.family, canvas.scene
            if stage is None or family is None or scene is None or canvas.is_busy:
                continue
            ticks = family.ticks(stage)
            row_of = ticks.row_of
            flags = [
                (row_of[node], each.level)
                for each in self._findings
                if each.stage == stage.name
                for node in each.nodes
                if node in row_of
            ]
            marked = {canvas.selection.node or "", *canvas.emphasis.partners}
            rows = {row_of[each] for each in marked if each in row_of}
            columns[side] = RailColumn(ticks, _visible(canvas, row_of), frozenset(rows), tuple(flags))
        self.rail.setVisible(self._is_wanted and bool(columns))
        self.rail.show_columns(columns)

    def on_rail_scrolled(self, degrees: float) -> None:
        """Scroll the panes."""
        self._canvases[Side.LEFT].viewport.pan(QPointF(0.0, degrees / 2))

    def _say(self, side: Side, node_id: NodeId) -> str:
        canvas = self._canvases[side]
        box = canvas.scene.find(node_id) if canvas.scene else None
        said = wording.tooltip(box, canvas.surface.graph) if box is not None and box.id == node_id else ""
        return said or node_id


def _visible(canvas: GraphCanvas, row_of: Mapping[NodeId, int]) -> tuple[int, int] | None:
    """Return the first and the last row that a canvas has in sight."""
    assert canvas.scene is not None
    first, last = None, None
    for box in canvas.scene.visible(canvas.viewport.sight).boxes:
        if box.is_open or box.stub_of is not None:
            continue
        rows = [row_of[each] for each in (box.members[0], box.members[-1]) if each in row_of]
        if rows:
            first = min(rows) if first is None else min(first, *rows)
            last = max(rows) if last is None else max(last, *rows)
    return None if first is None or last is None else (first, last)

"""Keeps the rail beside the panes true: what both show, what of it is in sight, selected and flagged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QObject, QPointF, QTimer, Signal

from qviz.analysis.overlays.overlay import Overlay
from qviz.analysis.views.ticks import Ticks, recolored
from qviz.analysis.views.view import Box
from qviz.document.graph import NodeId
from qviz.document.snapshot import Finding, Stage
from qviz.session.sides import Side
from qviz.ui.canvas import wording
from qviz.ui.canvas.family import Family
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
        self._known: dict[Side, tuple[Ticks, Overlay, Ticks]] = {}
        self._spans: dict[Side, tuple[Box, Mapping[NodeId, int], frozenset[int]]] = {}
        self._shown: dict[Side, tuple[Family, Stage, RailColumn]] = {}
        self._gone: tuple[tuple[Sequence[str], Sequence[str]], frozenset[int]] | None = None
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
            if stage is None or family is None or scene is None:
                continue
            if canvas.is_busy:
                known = self._shown.get(side)
                if known is not None and known[0] is family and known[1] is stage:
                    columns[side] = known[2]  # until what comes is there
                continue
            ticks = self._recolored(side, canvas, family.ticks(stage))
            row_of = ticks.row_of
            flags = [
                (row_of[node], each.level)
                for each in self._findings
                if each.stage == stage.name
                for node in each.nodes
                if node in row_of
            ]
            columns[side] = RailColumn(ticks, _visible(canvas, row_of), self._marked(side, row_of), tuple(flags))
            self._shown[side] = family, stage, columns[side]
        if self._shows_changes and len(columns) == 2:
            for side, canvas in self._canvases.items():
                if canvas.family is not None and canvas.stage is canvas.family.stages[-1]:  # the later one
                    columns[side] = columns[side]._replace(gone=self._gone_of(columns[side], columns[side.other]))
        self.rail.setVisible(self._is_wanted and bool(columns))
        self.rail.show_columns(columns)

    def _marked(self, side: Side, row_of: Mapping[NodeId, int]) -> frozenset[int]:
        """Return the rows of the selection; of a group the first and the last, found once for each."""
        canvas = self._canvases[side]
        group = canvas.scene.box.get(canvas.selection.group) if canvas.scene is not None else None
        if group is None:
            marked = {canvas.selection.node or "", *canvas.emphasis.partners}
            return frozenset(row_of[each] for each in marked if each in row_of)
        known = self._spans.get(side)
        if known is None or known[0] is not group or known[1] is not row_of:
            rows = [row_of[each] for each in group.members if each in row_of]
            known = self._spans[side] = group, row_of, frozenset((min(rows), max(rows)) if rows else ())
        return known[2]

    def _gone_of(self, column: RailColumn, other: RailColumn) -> frozenset[int]:
        """Return the rows in which only the other side has something; found once for the ticks of both."""
        tokens = column.ticks.tokens, other.ticks.tokens
        if self._gone is None or any(a is not b for a, b in zip(self._gone[0], tokens, strict=True)):
            rows = zip(*tokens, strict=False)
            self._gone = tokens, frozenset(row for row, (mine, its) in enumerate(rows) if its and not mine)
        return self._gone[1]

    @property
    def _shows_changes(self) -> bool:
        return any(_changes(canvas) is not None for canvas in self._canvases.values())

    def _recolored(self, side: Side, canvas: GraphCanvas, ticks: Ticks) -> Ticks:
        """Return ticks in the colors of changes, while these are shown; made once for each overlay."""
        overlay = _changes(canvas)
        if overlay is None:
            self._known.pop(side, None)
            return ticks
        known = self._known.get(side)
        if known is None or known[0] is not ticks or known[1] is not overlay:
            token_of = {value: overlay.scale.look(value).token for value in set(overlay.nodes.values())}
            tokens = {node: token_of[value] for node, value in overlay.nodes.items()}
            known = self._known[side] = ticks, overlay, recolored(ticks, tokens)
        return known[2]

    def on_rail_scrolled(self, degrees: float) -> None:
        """Scroll the panes."""
        self._canvases[Side.LEFT].viewport.pan(QPointF(0.0, degrees / 2))

    def _say(self, side: Side, node_id: NodeId) -> str:
        canvas = self._canvases[side]
        box = canvas.scene.find(node_id) if canvas.scene else None
        said = wording.tooltip(box, canvas.surface.graph) if box is not None and box.id == node_id else ""
        return said or node_id


def _changes(canvas: GraphCanvas) -> Overlay | None:
    """Return the changes that a canvas shows."""
    shown = canvas.scene.overlays.shown if canvas.scene is not None else ()
    return next((each.overlay for each in shown if each.overlay.mark == "outline"), None)


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

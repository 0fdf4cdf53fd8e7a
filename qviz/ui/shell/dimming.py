"""Which nodes are bright: around the selection, of one kind, inside a rubber band, or those that changed."""

from __future__ import annotations

from PySide6.QtCore import QObject

from qviz.document.graph import Kind, NodeId
from qviz.document.query import Index
from qviz.document.snapshot import StageName
from qviz.session.focus import Focus
from qviz.session.focus_memory import FocusMemory
from qviz.session.sides import Side
from qviz.ui.shell.open_project import OpenProject
from qviz.ui.shell.selection import Selection
from qviz.ui.shell.workspace import Workspace


class Dimming(QObject):
    """Dims all but some nodes, hides what is dimmed, and brings it back."""

    def __init__(self, parent: QObject, project: OpenProject, work: Workspace, selection: Selection) -> None:
        super().__init__(parent)
        self._open = project
        self._work = work
        self._selection = selection
        self._memory = FocusMemory()
        selection.selected.connect(self.on_selection_selected)
        work.strip.kind_chosen.connect(self.on_strip_kind_chosen)
        work.panes.banded.connect(self.on_panes_banded)

    def forget(self) -> None:
        """Begin anew, for another model."""
        self._memory = FocusMemory()

    def on_selection_selected(self, _stage: StageName, node_id: NodeId) -> None:
        """Note what is selected: paths lead from there to the next selection."""
        self._memory.select(node_id)

    def focus_on(self, focus: Focus) -> None:
        """Dim all but what lies around the selection, in the pane used last."""
        stage, node_id = self._selection.stage, self._selection.node_id
        if stage is None or not node_id:
            self._work.inform("Select a node first.")
            return
        bright, about = self._memory.shown(focus, Index(stage.graph), node_id)
        if bright:
            self.highlight_here(bright)
        self._work.inform(about)

    def highlight_here(self, ids: frozenset[NodeId] | None) -> None:
        """Dim all but these nodes in the pane used last, and nothing in the other."""
        panes = self._work.panes
        for pane in panes.panes.values():
            pane.canvas.highlight(ids if pane.canvas is panes.canvas else None)

    def toggle_changes(self) -> None:
        """Dim what the stages in view have in common, or nothing."""
        changes = self._open.value.changes if self._open.value is not None else None
        panes = self._work.panes
        is_on = any(pane.canvas.emphasis.is_highlighting for pane in panes.panes.values())
        panes.set_brackets({})
        if changes is None or is_on:
            panes.highlight(None)
            return
        panes.highlight({Side.LEFT: frozenset(changes.before), Side.RIGHT: frozenset(changes.after)})
        panes.set_brackets({changes.earlier: changes.fused})
        fused = f" Brackets hold what became one, {len(changes.fused)} times." if changes.fused else ""
        counts = f"{len(changes.before)} nodes before and {len(changes.after)} after changed."
        self._work.inform(f"{counts}{fused} C shows all again.")

    def hide_dimmed(self) -> None:
        """Take what is dimmed off the picture, or bring it back."""
        canvases = [pane.canvas for pane in self._work.panes.panes.values()]
        if any(canvas.is_hiding for canvas in canvases):
            for canvas in canvases:
                canvas.hide_dimmed(False)
        elif any(canvas.emphasis.is_highlighting for canvas in canvases):
            for canvas in canvases:
                canvas.hide_dimmed(True)
            self._work.inform("What was dimmed is hidden; H brings it back, Esc shows all.")
        else:
            self._work.inform("Nothing is dimmed. Search, or focus on a node (K, U, D, W), then hide the rest.")

    def on_strip_kind_chosen(self, kind: str) -> None:
        """Highlight the nodes of a kind in both panes; "" ends it."""
        project = self._open.value
        if project is None:
            return
        if not kind:
            self._work.panes.highlight(None)
            return
        stages = {side: project.stage(project.shown.on(side)) for side in Side}
        self._work.panes.highlight(
            {
                side: frozenset(node.id for node in stage.graph.nodes if node.kind is Kind(kind))
                if stage
                else frozenset()
                for side, stage in stages.items()
            }
        )

    def on_panes_banded(self, ids: frozenset[NodeId]) -> None:
        """Dim all but what is inside the rubber band."""
        self.highlight_here(ids or None)
        if ids:
            self._work.inform(f"{len(ids)} nodes; H hides the others, Esc shows all.")

"""Which nodes are bright: around the selection, of one kind, inside a rubber band, or those that changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from PySide6.QtCore import QObject, Signal

from qviz.analysis.coverage import CONVERTED
from qviz.document.graph import Kind, NodeId
from qviz.document.query import Index
from qviz.document.snapshot import StageName
from qviz.session.change_rows import ChangeSort, change_rows
from qviz.session.focus import Focus
from qviz.session.focus_memory import FocusMemory
from qviz.session.laid_over import OverlayChoice
from qviz.session.sides import Shown, Side
from qviz.ui.panels.toasts import Stepper
from qviz.ui.shell.open_project import OpenProject
from qviz.ui.shell.selection import SharedSelection
from qviz.ui.shell.workspace import Workspace
from qviz.words import mark, tr, trn
from qviz.words.formats import grouped

_SORTS: dict[ChangeSort, str] = {
    "fused": mark("{count} fused"),
    "added": mark("{count} added"),
    "removed": mark("{count} removed"),
    "replaced": mark("{count} replaced"),
}
_SHARED = mark("{count} node shares one observer."), mark("{count} nodes share one observer.")
_BANDED = (
    mark("{count} node inside. Press H to hide the others or Esc to show all nodes."),
    mark("{count} nodes inside. Press H to hide the others or Esc to show all nodes."),
)


class Dimming(QObject):
    """Dims all but some nodes, hides what is dimmed, and brings it back.

    Signals:
        change_stepped: To the next change, by 1, or the one before, by -1.
        measure_requested: What each quantizer costs should be measured.
    """

    change_stepped = Signal(int)
    measure_requested = Signal()

    _changes_of: Shown | None = None
    """The stages whose changes are shown."""

    def __init__(self, parent: QObject, project: OpenProject, work: Workspace, selection: SharedSelection) -> None:
        super().__init__(parent)
        self._open = project
        self._work = work
        self._selection = selection
        self._memory = FocusMemory()
        selection.selected.connect(self.on_selection_selected)
        work.strip.overlays.chosen.connect(self.lay_over)
        work.legend.kind_chosen.connect(self.on_legend_kind_chosen)
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
            self._work.inform(tr("Select a node first."))
            return
        bright, about = self._memory.shown(focus, Index(stage.whole), node_id)
        if bright:
            self.highlight_here(bright)
            self._begin(about)
        else:
            self._work.inform(about)

    def focus_on_shared(self) -> None:
        """Dim all but the nodes that call the observer object of the selection."""
        stage, node_id = self._selection.stage, self._selection.node_id
        nodes = stage.whole.nodes if stage is not None else ()
        shared = next((each.object_id for each in nodes if each.id == node_id and each.kind.watches), None)
        same = frozenset(each.id for each in nodes if shared is not None and each.object_id == shared)
        if len(same) > 1:
            self.highlight_here(same)
            self._begin(trn(len(same), *_SHARED))
        else:
            self._work.inform(tr("No other node uses the observer of the selection."))

    def _begin(self, about: str, step: Stepper | None = None) -> None:
        """Say what is bright, until it ends."""
        self._work.notice.begin(about, lambda: self._work.legend.dim_for(""), step=step)

    def _end(self) -> None:
        """Dim nothing."""
        self._forget_changes()
        self._work.panes.highlight(None)
        self._work.notice.end_mode()

    def _forget_changes(self) -> None:
        if self._changes_of is not None or self._work.panes.choice is OverlayChoice.CHANGES:
            self._show(OverlayChoice.ROLES)
        self._changes_of = None
        self._work.panes.set_brackets({})

    def show_only(self, ids_by_side: Mapping[Side, frozenset[NodeId]] | None, about: str = "") -> None:
        """Dim all but these nodes, and say what they are; None dims nothing."""
        if ids_by_side is None:
            self._end()
        else:
            self._forget_changes()
            self._work.panes.highlight(ids_by_side)
            self._begin(about)

    def highlight_here(self, ids: frozenset[NodeId] | None) -> None:
        """Dim all but these nodes in the pane used last, and nothing in the other."""
        panes = self._work.panes
        for pane in panes.panes.values():
            pane.canvas.highlight(ids if pane.canvas is panes.canvas else None)

    def lay_over(self, choice: OverlayChoice) -> None:
        """Show roles, numbers or changes."""
        if choice is OverlayChoice.CHANGES or self._changes_of is not None:
            self.show_changes(choice is OverlayChoice.CHANGES)
        if choice is not OverlayChoice.CHANGES:
            self._show(choice)
        if choice is OverlayChoice.NUMBERS and self._is_unmeasured:
            told = tr("The noise of each quantizer was not measured.")
            self._work.notice.tell("info", told, "", ((tr("Measure"), self.measure_requested.emit),))

    @property
    def _is_unmeasured(self) -> bool:
        """Whether the result on screen was converted, and has no ledger of its noise."""
        run = self._work.inspector.run
        return run is not None and run.ledger is None and any(each.name in CONVERTED for each in run.parts.stages)

    def _show(self, choice: OverlayChoice) -> None:
        self._work.strip.overlays.show_overlay(choice)
        self._work.panes.lay_over(choice)
        self._work.inspector.show_changes(choice is OverlayChoice.CHANGES)
        self._work.legend.show_overlay(choice, self._work.panes.canvas.surface.theme())

    def toggle_changes(self) -> None:
        """Dim what the stages in view have in common, or nothing."""
        self.show_changes(self._changes_of is None)

    @property
    def is_on(self) -> bool:
        """Whether anything is dimmed."""
        return any(pane.canvas.emphasis.is_highlighting for pane in self._work.panes.panes.values())

    def follow(self) -> None:
        """Show the changes of the stages that are in view now, where those of others are shown."""
        if self._changes_of is not None and self._open.value is not None and self._open.value.shown != self._changes_of:
            self.show_changes(True)

    def show_changes(self, is_on: bool, about: str = "") -> None:
        """Dim what the stages in view have in common; else dim nothing.

        Args:
            is_on: Whether to.
            about: What is said of it; "" for how many nodes changed.
        """
        changes = self._open.value.changes if self._open.value is not None else None
        panes = self._work.panes
        panes.set_brackets({})
        if changes is None or not is_on:
            self._end()
            return
        assert self._open.value is not None  # it has changes
        self._changes_of = self._open.value.shown
        self._show(OverlayChoice.CHANGES)
        panes.highlight({Side.LEFT: frozenset(changes.before), Side.RIGHT: frozenset(changes.after)})
        panes.set_brackets({changes.earlier: changes.fused})
        if (project := self._open.value) is not None:
            rows = [*change_rows(project)]
            count = Counter(each.sort for each in rows if not each.is_constant)  # those inside a box have no mark
            step = Stepper(trn(len(rows), "{count} change", "{count} changes"), self.change_stepped.emit)
            sorts = [tr(text, count=grouped(count[sort])) for sort, text in _SORTS.items() if count[sort]]
            if constants := len(rows) - count.total():
                sorts.append(trn(constants, "{count} constant", "{count} constants"))
            self._begin(about or " · ".join(sorts) or tr("Nothing changed"), step if sorts else None)

    def hide_dimmed(self) -> None:
        """Take what is dimmed off the picture, or bring it back."""
        canvases = [pane.canvas for pane in self._work.panes.panes.values()]
        if any(canvas.is_hiding for canvas in canvases):
            for canvas in canvases:
                canvas.hide_dimmed(False)
        elif any(canvas.emphasis.is_highlighting for canvas in canvases):
            for canvas in canvases:
                canvas.hide_dimmed(True)
            self._work.inform(tr("Dimmed nodes are hidden. Press H to bring them back or Esc to show all nodes."))
        else:
            self._work.inform(tr("Nothing is dimmed. Search, or press K, U, D or W on a node, then hide the rest."))

    def on_legend_kind_chosen(self, kind: str) -> None:
        """Highlight the nodes of a role in both panes; "" ends it."""
        project = self._open.value
        if project is None:
            return
        if not kind:
            self._end()
            return
        stages = {side: project.stage(project.shown.on(side)) for side in Side}
        self._work.panes.highlight(
            {side: frozenset(self._work.roles(stage).get(Kind(kind), ())) for side, stage in stages.items()}
        )

    def on_panes_banded(self, ids: frozenset[NodeId]) -> None:
        """Dim all but what is inside the rubber band."""
        self.highlight_here(ids or None)
        if ids:
            self._begin(trn(len(ids), *_BANDED))

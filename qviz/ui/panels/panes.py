"""Two stages side by side: before and after, looking at the same place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QWidget

from qviz.analysis.overlays import ON_CANVAS
from qviz.analysis.overlays.overlay import Overlay
from qviz.analysis.views.hierarchies import Hierarchies
from qviz.analysis.views.loud import loud_nodes
from qviz.document.graph import NodeId
from qviz.document.snapshot import Finding, Snapshot, Stage, StageName
from qviz.layout.place import Direction
from qviz.session.laid_over import LaidOver, OverlayChoice
from qviz.session.project import Project
from qviz.session.received import Received
from qviz.session.sides import Shown, Side
from qviz.ui.canvas.family import Family
from qviz.ui.canvas.view import GraphCanvas
from qviz.ui.panels.axis import Axis
from qviz.ui.panels.carried import carried_folds
from qviz.ui.panels.laying_over import LayingOver
from qviz.ui.panels.overview import Overview
from qviz.ui.panels.stage_pane import StagePane
from qviz.ui.panels.stopped import StoppedCard
from qviz.ui.theme import Theme
from qviz.words import tr


class Panes(QWidget):
    """Both panes, their selection and cameras tied together.

    Signals:
        selected: `Side` and node id, "" for none.
        activated: `Side` and node id of a double click.
        zoomed: The scale of the pane in use.
        banded: The ids of the nodes that the user drew a rubber band around, in the pane used last.

    Attributes:
        choice: What is laid over both stages.
        stopped: Says where a run stopped that reached no stage.
    """

    selected = Signal(object, str)
    activated = Signal(object, str)
    zoomed = Signal(float)
    banded = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._sides = QSplitter(Qt.Orientation.Horizontal)
        self._sides.setChildrenCollapsible(False)
        self.choice = OverlayChoice.ROLES
        self._direction: Direction = "down"
        self._project: Project | None = None
        self._laid_for: tuple[Snapshot | None, Shown] | None = None
        self._laid: Mapping[StageName, LaidOver] = {}
        self.laying_over = LayingOver(self)
        self.laying_over.found.connect(self.on_laying_over_found)
        self._chips: Mapping[StageName, Overlay] = {}
        self._family: tuple[Snapshot | Received, frozenset[StageName], Family] | None = None
        self._opens_casts = False
        self.active = Side.RIGHT
        trees = Hierarchies()  # both panes ask for the same graphs
        self.panes = {side: StagePane(side, theme, trees) for side in Side}
        for side, pane in self.panes.items():
            self._connect(side, pane)
            self._sides.addWidget(pane)
            self._sides.setStretchFactor(self._sides.indexOf(pane), 1)
        canvases = {side: pane.canvas for side, pane in self.panes.items()}
        self.axis = Axis(self, canvases)
        self.overview = Overview(self, theme, canvases)
        self.overview.chosen.connect(self.on_overview_chosen)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._sides, 1)
        row.addWidget(self.overview.rail)
        self.stopped = StoppedCard(self)

    def name_runs(self, titles: Mapping[Side, str]) -> None:
        """Name the run in each pane; none where both show the same."""
        for side, pane in self.panes.items():
            pane.name_run(titles.get(side, ""))

    def _connect(self, side: Side, pane: StagePane) -> None:
        canvas = pane.canvas
        canvas.selection.chosen.connect(lambda node_id: self.on_canvas_node_selected(side, node_id))
        canvas.node_activated.connect(lambda node_id: self.activated.emit(side, node_id))
        canvas.viewport.moved.connect(lambda camera: self.zoomed.emit(camera.scale))
        canvas.surface.pointing.banded.connect(lambda area: self.on_canvas_banded(side, area))
        canvas.laid_out.connect(lambda: self.on_canvas_laid_out(side))

    @property
    def canvas(self) -> GraphCanvas:
        """The canvas that keys go to: the one last used."""
        return self.panes[self.active].canvas

    def show_project(self, project: Project) -> None:
        """Show the project's two stages; a single stage has the room to itself."""
        self._project = project
        family = self._family_of(project)
        if self.panes[Side.RIGHT].canvas.stage is None:
            self.active = Side.RIGHT
        for side, pane in self.panes.items():
            stage = project.stage(project.shown.on(side))
            pane.setVisible(side is Side.LEFT or stage is not None)
            canvas = pane.canvas
            if canvas.stage is not stage or canvas.family is not family:
                is_kept = canvas.stage is stage and not canvas.readable.is_opening
                folds = canvas.own_folds if is_kept else carried_folds(canvas, stage, family)
                canvas.show_stage(stage, project.facts(stage.name if stage else None), folds, family)
            pane.head.setVisible(stage is not None or project.snapshot is None)
            if stage is None:
                none = "" if project.error is not None else tr("No stage was reached.")
                canvas.surface.words = none if project.snapshot else tr("The first stage appears here.")
            pane.describe()
        self.stopped.show_error(None if project.stages else project.error)
        if project.shown.right is None:
            self.active = Side.LEFT
        shown = (project.snapshot, project.shown)
        if self.choice is not OverlayChoice.ROLES and shown != self._laid_for:
            if self.laying_over.takes_long(self.choice, project):
                self.on_laying_over_found({})  # what is laid over other stages says nothing of these
            self.lay_over(self.choice)
        self._laid_for = shown

    def _family_of(self, project: Project) -> Family | None:
        """Return the stages in view, which share their rows, of a run at work as soon as there are two."""
        snapshot, among = project.snapshot, frozenset(project.shown.stages)
        known = project.received if snapshot is None else snapshot
        if snapshot is None and project.shown.right is None:
            return None
        if self._family is None or self._family[0] is not known or self._family[1] != among:
            findings = () if snapshot is None else snapshot.findings
            loud = {name: loud_nodes(findings, name) for name in among}
            if self._opens_casts:
                for each in project.stages:
                    if each.name in among:
                        loud[each.name] = {**dict.fromkeys(_casts(each), frozenset()), **loud[each.name]}
            kin = self._family[2] if self._family is not None else None
            family = Family(project.stages, project.links, known.facts, among, loud, kin)
            self._family = (known, among, family)
        return self._family[2]

    def open_casts(self, is_on: bool) -> None:
        """Let seams hide no quantize and dequantize, or gather those again."""
        if is_on is not self._opens_casts:
            self._opens_casts, self._family = is_on, None
            if self._project is not None:
                self.show_project(self._project)

    def fit(self) -> None:
        """Show all of both panes."""
        for pane in self.panes.values():
            pane.canvas.readable.fit()

    def turn(self) -> None:
        """Let both pictures run to the right, one above the other, or downwards again."""
        is_turned = self._direction == "down"
        self._direction = "right" if is_turned else "down"
        self._sides.setOrientation(Qt.Orientation.Vertical if is_turned else Qt.Orientation.Horizontal)
        for pane in self.panes.values():
            pane.canvas.turn(self._direction)

    def take_focus(self) -> None:
        """Let keys go to the canvas used last."""
        self.canvas.surface.setFocus()

    def set_theme(self, theme: Theme) -> None:
        """Repaint with another theme."""
        for pane in self.panes.values():
            pane.canvas.surface.set_theme(theme)
        self.overview.rail.set_theme(theme)

    def scale_text(self, scale: float) -> None:
        """Have larger or smaller texts on the canvases, and with them rows."""
        for pane in self.panes.values():
            pane.canvas.viewport.enlarge(scale)
        self.overview.rail.enlarge(scale)

    def select(self, side: Side, node_id: NodeId, reveal: bool = True) -> None:
        """Select a node and what it is on the other side."""
        self.active = side
        self.panes[side].canvas.selection.select(node_id or None, reveal)
        self.panes[side].canvas.emphasis.set_partners(())
        self._show_partners(side, node_id)
        self.axis.lead(side)

    def highlight(self, ids_by_side: Mapping[Side, frozenset[NodeId]] | None) -> None:
        """Dim all but these nodes; None ends it."""
        for side, pane in self.panes.items():
            pane.canvas.highlight(ids_by_side[side] if ids_by_side is not None else None)

    def lay_over(self, choice: OverlayChoice) -> None:
        """Lay something else over both stages; seams hide nothing while changes are shown."""
        self.choice = choice
        self.laying_over.ask(choice, self._project)

    def on_laying_over_found(self, laid: Mapping[StageName, LaidOver]) -> None:
        """Lay over both stages what there is for them."""
        self._laid = laid
        for pane in self.panes.values():
            pane.show_columns(self._show_laid(pane).columns)
        self.canvas.folding.show_seams(self.choice is not OverlayChoice.CHANGES)

    def _show_laid(self, pane: StagePane) -> LaidOver:
        """Lay over a pane's stage what is there for it, chips above all."""
        name = pane.canvas.stage.name if pane.canvas.stage is not None else ""
        laid, chips = self._laid.get(name, LaidOver()), self._chips.get(name)
        more = (chips,) if chips is not None else ()
        pane.canvas.show_overlays(ON_CANVAS, (*laid.overlays, *more), laid.columns)
        return laid

    def set_chips(self, chips: Mapping[StageName, Overlay]) -> None:
        """Put chips on the boxes of stages, or take them away."""
        self._chips = chips
        for pane in self.panes.values():
            self._show_laid(pane)

    def set_brackets(self, fused_by_stage: Mapping[StageName, tuple[tuple[NodeId, ...], ...]]) -> None:
        """Put brackets around nodes of a stage that became one; around nothing in the others."""
        for pane in self.panes.values():
            stage = pane.canvas.stage
            pane.canvas.emphasis.set_brackets(fused_by_stage.get(stage.name, ()) if stage else ())

    def show_findings(self, findings: Sequence[Finding]) -> None:
        """Show where the findings of each stage are."""
        for pane in self.panes.values():
            stage = pane.canvas.stage
            pane.canvas.show_findings([each for each in findings if stage and each.stage == stage.name])
        self.overview.show_findings(findings)

    def _show_partners(self, side: Side, node_id: NodeId) -> None:
        if self._project is None:
            return
        other = self.panes[side.other].canvas
        ids = self._project.partners(side, (node_id,)) if node_id else ()
        # On one axis it stands beside its partner, and looking there alone would part the panes.
        other.selection.select(ids[0] if ids else None, reveal=bool(ids) and not self.axis.is_shared)
        other.emphasis.set_partners(ids)

    def on_canvas_node_selected(self, side: Side, node_id: NodeId) -> None:
        """Follow the user's selection on the other side."""
        self.active = side
        self.panes[side].canvas.emphasis.set_partners(())
        self._show_partners(side, node_id)
        self.selected.emit(side, node_id)

    def on_overview_chosen(self, side: Side, node_id: NodeId) -> None:
        """Bring into view what the user pressed on the overview, or the box that holds it."""
        scene = self.panes[side].canvas.scene
        box = scene.find(node_id) if scene else None
        if scene is not None and box is not None:
            self.panes[side].canvas.viewport.center(scene.rect(box.id).center())

    def on_canvas_banded(self, side: Side, area: QRectF) -> None:
        """Tell what is inside."""
        self.active = side
        scene = self.panes[side].canvas.scene
        self.banded.emit(scene.members_in(area) if scene else frozenset())

    def on_canvas_laid_out(self, side: Side) -> None:
        """Say how much is shown, now that it is known."""
        self.panes[side].describe()
        self.zoomed.emit(self.panes[side].canvas.viewport.camera.scale)


def _casts(stage: Stage) -> frozenset[NodeId]:
    return frozenset(node.id for node in stage.whole.nodes if node.kind.casts)

"""Key figures and the table of nodes: what they show, and the filter that is the dimming of the canvases, too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal

from qviz.analysis.inspecting.inspected_run import InspectedRun
from qviz.analysis.searching.search import SearchIndex
from qviz.analysis.tables.finding_rows import finding_cells
from qviz.analysis.tables.node_figures import NodeFigures
from qviz.analysis.tables.run_words import RunWords
from qviz.analysis.tables.summary import MEASURE, EarlierRun, SummaryTile, summary_tiles
from qviz.document.flows import flow
from qviz.document.graph import NodeId
from qviz.document.snapshot import Snapshot, Stage, StageName
from qviz.session.kept_runs import ShelvedRuns
from qviz.session.project import Project
from qviz.session.sides import Side
from qviz.ui.process.decoding import Decoding
from qviz.ui.shell.dimming import Dimming
from qviz.ui.shell.found_in_sight import FoundInSight
from qviz.ui.shell.navigation import Navigation
from qviz.ui.shell.open_project import OpenProject
from qviz.ui.shell.row_actions import RowActions, RowCells
from qviz.ui.shell.selection import SharedSelection
from qviz.ui.shell.workspace import Workspace
from qviz.ui.theme import Theme
from qviz.words import tr, trn

_FEW, _PLACES = 12, frozenset(("islands", "linears"))
"""The groups around so few nodes open when a figure of these is clicked, so that one sees where they are."""
_MANY = 5_000
"""Key figures of a larger stage are worked out beside the window's thread, once its graph is likely to be shown."""
_LATER_MS = 1_500


class _Listed(NamedTuple):
    """The stage that the table lists."""

    run: InspectedRun
    stage: Stage
    side: Side
    figures: NodeFigures


class Tables(QObject):
    """Ties the strip and the table to the project, the selection and the dimming.

    Signals:
        run_requested: The plan should run.
        measure_requested: The plan should run and be measured.
        failed: A `QvizError` to tell the user.

    Attributes:
        row_actions: What copies and saves the rows of the nodes, of the findings and of the changes.
    """

    run_requested = Signal()
    measure_requested = Signal()
    failed = Signal(object)

    def __init__(
        self,
        parent: QObject,
        project: OpenProject,
        work: Workspace,
        selection: SharedSelection,
        navigation: Navigation,
        dimming: Dimming,
        theme: Theme,
    ) -> None:
        super().__init__(parent)
        self._open, self._work, self._theme = project, work, theme
        self._navigation, self._dimming = navigation, dimming
        self._in_sight = FoundInSight(self, work.panes)
        self._aside = Decoding(self)
        self._waiting: Callable[[], tuple[SummaryTile, ...]] | None = None
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_LATER_MS)
        self._later.timeout.connect(self._take_tiles)
        self._listed: _Listed | None = None
        self._index: SearchIndex | None = None
        self._own: frozenset[NodeId] | None = None
        self._is_lighting = False
        self._told_of: tuple[Snapshot | None, InspectedRun | None] = (None, None)
        self._kept: Callable[[], ShelvedRuns] = ShelvedRuns
        work.summary.chosen.connect(self.on_summary_chosen)
        work.summary.action_requested.connect(self.on_summary_action_requested)
        work.nodes.node_chosen.connect(self.on_nodes_node_chosen)
        work.nodes.node_hovered.connect(self.on_nodes_node_hovered)
        work.nodes.nodes.arranged.connect(self._count)
        work.node_filter.changed.connect(self.show_matching)
        work.node_filter.ended.connect(work.panes.take_focus)
        selection.selected.connect(self.on_selection_selected)
        for side, pane in work.panes.panes.items():
            pane.canvas.emphasis.changed.connect(partial(self.on_emphasis_changed, side))
        self.row_actions = {
            "nodes": RowActions(work.nodes, "nodes", self._node_cells),
            "findings": RowActions(work.findings, "findings", self._finding_cells),
            "changes": RowActions(work.changes, "changes", work.changes.cells),
        }
        for each in self.row_actions.values():
            each.done.connect(work.inform)
            each.failed.connect(self.failed)

    def _node_cells(self, is_selected: bool) -> RowCells:
        table = self._work.nodes
        return table.nodes.cells(table.chosen_rows() if is_selected else None)

    def _finding_cells(self, is_selected: bool) -> RowCells:
        listed = self._work.findings
        return finding_cells(listed.chosen() if is_selected else listed.shown())

    def set_theme(self, theme: Theme) -> None:
        """Use other colors."""
        self._theme, self._told_of = theme, (None, None)
        self._listed = None
        self.show_project()

    def show_project(self) -> None:
        """Show the figures of what is open, and the nodes of the stage in pane B."""
        project = self._open.value
        if project is None:
            return
        run = self._work.inspector.run
        self._show_tiles(project, run)
        side = Side.RIGHT if project.shown.right is not None else Side.LEFT
        stage = project.stage(project.shown.on(side))
        if run is None or stage is None:
            self._listed = self._index = None
            self._work.nodes.show_stage(None, self._theme, tr("The nodes of pane B will be listed here."))
        elif self._listed is None or (self._listed.run, self._listed.stage) != (run, stage):
            figures = NodeFigures(run, stage)
            self._listed, self._index = _Listed(run, stage, side, figures), None
            self._work.nodes.show_stage(figures, self._theme, tr("No node matches. Esc shows all of them."))
            if query := self._work.node_filter.query:
                self.show_matching(query)
        self._count()

    def _show_tiles(self, project: Project, run: InspectedRun | None) -> None:
        snapshot, theme = project.snapshot, self._theme
        if run is None or snapshot is None:
            self._told_of, self._waiting = (None, None), None
            self._later.stop()
            self._aside.forget()
            self._work.summary.show_tiles((), theme)
            return
        if self._told_of[0] is snapshot and self._told_of[1] is run:
            return
        self._told_of = (snapshot, run)
        chosen, before = flow(snapshot.run.flow), self._before(project)
        size = max((len(stage.whole.nodes) for stage in snapshot.stages), default=0)
        self._aside.forget()
        self._waiting = partial(summary_tiles, run, chosen, before)
        if size > _MANY:
            self._later.start()
        else:
            self._later.stop()
            self._take_tiles(is_large=False)

    def _take_tiles(self, is_large: bool = True) -> None:
        if self._waiting is not None:
            self._aside.take(
                self._waiting,
                lambda tiles: self._work.summary.show_tiles(tiles, self._theme),
                _raise,
                is_large=is_large,
            )
        self._waiting = None

    def take_runs(self, kept: Callable[[], ShelvedRuns]) -> None:
        """Compare figures with those of the runs that are kept."""
        self._kept = kept

    def _before(self, project: Project) -> EarlierRun | None:
        """Return what the run before of the same model came to."""
        run = self._kept().before(project)
        if run is None or run.figures.sqnr_db is None:
            return None
        return EarlierRun(tr("Run {number}", number=run.number), run.figures.sqnr_db)

    def show_matching(self, query: str) -> None:
        """Dim all that a search does not find, and list what it finds; "" ends that."""
        listed, project = self._listed, self._open.value
        if listed is None or project is None:
            return
        self._work.node_filter.show_query(query)
        self._work.summary.show_chosen(query)
        if not query:
            self._light(None, listed.side)
            return
        found = self._search(listed).search(query)
        if found.fault:
            self._work.node_filter.show_count(0, len(listed.figures.nodes), found.fault)
            return
        there = frozenset(project.partners(listed.side, found.ids))
        about = trn(len(found.ids), "{count} node matches {query}.", "{count} nodes match {query}.", query=query)
        self._light({listed.side: frozenset(found.ids), listed.side.other: there}, listed.side, about)

    def _light(self, ids: Mapping[Side, frozenset[NodeId]] | None, side: Side, about: str = "") -> None:
        """Dim all but what the filter finds; None ends that."""
        self._own, self._is_lighting = None, True
        self._dimming.show_only(ids, about)
        self._own, self._is_lighting = (ids[side] if ids is not None else None), False
        self._in_sight.keep(side, self._own or frozenset())
        self.on_emphasis_changed(side)
        self._count()

    def _search(self, listed: _Listed) -> SearchIndex:
        if self._index is None:
            here = (each for each in listed.run.parts.findings if each.stage == listed.stage.name)
            self._index = SearchIndex(listed.stage.whole, here, RunWords(listed.figures))
        return self._index

    def words_of(self, stage: Stage) -> RunWords | None:
        """Return what the run knows of the nodes of a stage, for a search."""
        run = self._work.inspector.run
        return RunWords(NodeFigures(run, stage)) if run is not None and run.stage(stage.name) is stage else None

    def _count(self) -> None:
        nodes = self._work.nodes.nodes
        total = len(self._listed.figures.nodes) if self._listed is not None else 0
        bright = nodes.bright
        self._work.node_filter.show_count(total if bright is None else len(bright), total)
        self._work.count_nodes(total)

    def on_summary_chosen(self, tile: SummaryTile | None) -> None:
        """List and light up what a figure counts; a second click ends that."""
        if tile is None:
            self.show_matching("")
            return
        self._work.nodes.sort_for(tile.sort)
        self.show_matching(tile.query)
        self._work.tabs.show_page(self._work.nodes)
        if tile.code in _PLACES and self._own is not None and self._listed is not None and len(self._own) <= _FEW:
            self._work.panes.panes[self._listed.side].canvas.folding.uncover_all(sorted(self._own))

    def on_summary_action_requested(self, action: str) -> None:
        """Make an unknown figure known."""
        (self.measure_requested if action == MEASURE else self.run_requested).emit()

    def on_nodes_node_chosen(self, node_id: NodeId) -> None:
        """Go to the node of a row."""
        if self._listed is not None:
            self._navigation.jump(self._listed.stage.name, node_id)

    def on_nodes_node_hovered(self, node_id: NodeId) -> None:
        """Ring the box of a row, without moving the canvas."""
        if self._listed is not None:
            canvas = self._work.panes.panes[self._listed.side].canvas
            box = canvas.scene.find(node_id) if canvas.scene is not None and node_id else None
            canvas.surface.pointing.hovered = box.id if box is not None else None
            canvas.surface.update()

    def on_selection_selected(self, stage: StageName, node_id: NodeId) -> None:
        """Mark the row of what is selected, or of what it became in the stage that is listed."""
        project, listed = self._open.value, self._listed
        if project is not None and listed is not None:
            here = listed.stage.name
            ids = (node_id,) if stage == here else project.index.partners(stage, here, (node_id,))
            self._work.nodes.show_selected(ids[0] if ids else "")

    def on_emphasis_changed(self, side: Side) -> None:
        """List what is bright, whoever dimmed the rest; a filter ends where something else is bright."""
        if self._listed is None or self._listed.side is not side or self._is_lighting:
            return
        bright = self._work.panes.panes[side].canvas.emphasis.highlighted
        if self._own is not None and bright is not self._own:
            self._own = None
            self._work.node_filter.show_query("")
            self._work.summary.show_chosen("")
        self._work.nodes.nodes.filter(bright)


def _raise(error: Exception) -> None:
    raise error

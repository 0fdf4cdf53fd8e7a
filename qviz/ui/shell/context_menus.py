"""What a click with the right button offers: the commands that fit what is under it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from PySide6.QtCore import QObject, QPoint, QPointF
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from qviz.analysis.inspecting.inspected_run import NodePlace
from qviz.analysis.inspecting.tensors import tensors
from qviz.analysis.views.view import Box, Line
from qviz.document.graph import Kind, Node, NodeId
from qviz.document.snapshot import Finding, StageName
from qviz.session.sides import Side
from qviz.ui.canvas.line_hits import REACH, line_at
from qviz.ui.clipboard import copy_text
from qviz.ui.panels.run_list import MOST_ROWS
from qviz.ui.shell.actions import Actions
from qviz.ui.shell.desk import Desk
from qviz.ui.shell.menus import fill_list
from qviz.words import names, tr
from qviz.words.formats import sentence
from qviz.words.untrusted import plain_tip
from qviz.words.visible import short_name

_REST = ("copy_path", "focus_neighbours", "focus_downstream", "bookmark"), ("export_selection",)
NODE = ("leave_in_float", "choose_observer", "per_channel"), *_REST
QUANTIZER = ("choose_observer", "fix_range", "select_sharing"), ("copy_scale", "copy_facts", *_REST[0]), _REST[1]
GROUP = (
    ("unfold_worst", "fold_others"),
    ("leave_in_float", "add_rule"),
    ("copy_path", "bookmark"),
    ("export_selection",),
)
CANVAS = ("fit", "zoom_100", "unfold_all", "fold_all"), ("export",)
FINDING = "next_place", "previous_place", "leave_in_float", "accept"
"""Ids of commands, a line between the parts; those that are not possible now are left out."""


class ContextMenus(QObject):
    """Opens the menu of a box, a line, the canvas or a finding.

    Args:
        desk: Whose panels have the menus.
        actions: The commands.
    """

    def __init__(self, desk: Desk, actions: Actions) -> None:
        super().__init__(desk)
        self._desk, self._actions = desk, actions
        desk.menu_requested.connect(self.open_here)
        for side, pane in desk.work.panes.panes.items():
            pane.canvas.surface.menu_requested.connect(partial(self.on_canvas_menu_requested, side))
            pane.menu_requested.connect(partial(self._open_canvas, side))
        desk.work.findings.menu_requested.connect(self.on_findings_menu_requested)
        desk.work.nodes.menu_requested.connect(self.on_nodes_menu_requested)

    def open_here(self) -> None:
        """Open the menu of what is selected where the keys go."""
        work = self._desk.work
        if work.runs.ask_for_menu():
            return
        if work.findings.hasFocus():
            work.findings.ask_for_menu()
            return
        if work.nodes.hasFocus():
            work.nodes.ask_for_menu()
            return
        side, canvas = work.panes.active, work.panes.canvas
        box = canvas.selection.box
        middle = canvas.surface.rect().center()
        viewport = canvas.viewport
        at = viewport.on_widget(viewport.on_screen(box.id)).toPoint() if box is not None else middle
        place = canvas.surface.mapToGlobal(at)
        if box is not None:
            self._open_box(box, place)
        else:
            self._open_canvas(side, place)

    def on_canvas_menu_requested(self, side: Side, at: QPointF, place: QPoint) -> None:
        """Open the menu of what is at a place of a canvas; a box is selected first, for its commands are on that."""
        canvas = self._desk.work.panes.panes[side].canvas
        scene = canvas.scene
        if scene is None:
            return
        spot = canvas.viewport.camera.to_canvas(at)
        box = scene.box_at(spot)
        if box is not None:
            canvas.selection.choose(box)
            self._open_box(box, place)
        elif (line := line_at(scene, spot, REACH / canvas.viewport.camera.scale)) is not None:
            self._open_line(side, line, place)
        else:
            self._open_canvas(side, place)

    def _open_box(self, box: Box, place: QPoint) -> None:
        if box.is_seam:
            self._open_seam(box, place)
            return
        menu = self._menu()
        fill_list(menu, self._actions, _parts(box.kind))
        if box.kind is None:
            title = tr("Collapse") if box.is_open else tr("Expand")
            toggle = partial(self._desk.work.panes.canvas.folding.toggle, box.id)
            menu.insertAction(menu.actions()[0], _entry(menu, title, toggle))
        menu.popup(place)

    def _open_seam(self, box: Box, place: QPoint) -> None:
        """Open the menu of a seam."""
        menu, folding = self._menu(), self._desk.work.panes.canvas.folding
        menu.addAction(tr("Open"), partial(folding.toggle, box.id))
        menu.addAction(tr("Open all like it"), partial(folding.open_seams, box.title))
        menu.addAction(self._actions["open_seams"])
        menu.addSeparator()
        menu.addAction(self._actions["open_casts"])
        menu.popup(place)

    def _open_line(self, side: Side, line: Line, place: QPoint) -> None:
        """Open the menu of a line: its ends, and what flows through it."""
        project = self._desk.project
        stage = project.shown.on(side) if project is not None else None
        if stage is None or not line.pairs:
            return
        start, end = line.pairs[0][0], line.pairs[-1][1]
        menu = self._menu()
        menu.addAction(tr("Go to producer {node}", node=start), partial(self._desk.selection.choose, stage, start))
        menu.addAction(tr("Go to user {node}", node=end), partial(self._desk.selection.choose, stage, end))
        if line.label:
            menu.addSeparator()
            menu.addAction(tr("Copy shape"), partial(_copy, line.label)).setToolTip(plain_tip(line.label))
        observed = self._observed(stage, start, end)
        if observed is not None:
            menu.addAction(tr("Show histogram"), partial(self._show_histogram, stage, observed))
        menu.popup(place)

    def _observed(self, stage: StageName, start: NodeId, end: NodeId) -> NodeId | None:
        """Return the end of a line at which the inspector has the histogram of what flows through it."""
        run = self._desk.work.inspector.run
        for node, role in ((start, "output"), (end, "input")) if run is not None else ():
            assert run is not None
            columns = tensors(run, NodePlace(stage, node))
            if any(each.bars is not None for each in columns if each.role == role):
                return node
        return None

    def _show_histogram(self, stage: StageName, node: NodeId) -> None:
        self._desk.selection.choose(stage, node)
        if self._desk.work.inspector.isHidden():
            self._desk.work.surroundings.toggle_inspector()

    def _open_canvas(self, side: Side, place: QPoint) -> None:
        """Open the menu of a pane: its scale, and the stages that it could show."""
        menu, project = self._menu(), self._desk.project
        fill_list(menu, self._actions, CANVAS)
        if project is not None and len(project.stages) > 1:
            menu.addSeparator()
            for stage in project.stages:
                title = tr("Show {stage} here", stage=names.stage(stage.name))
                entry = menu.addAction(title, partial(self._desk.selection.show_stage, side, stage.name))
                entry.setEnabled(stage.name != project.shown.on(side))
        runs, shown = self._desk.shelf.kept.runs, self._desk.shelf.kept.shown(project)
        if len(runs) > 1:
            menu.addSeparator()
            for run in runs[:MOST_ROWS]:
                title = tr("View run {number} · {name}", number=run.number, name=run.name)
                menu.addAction(title, partial(self._desk.shelf.view, run.number)).setEnabled(run is not shown)
        menu.popup(place)

    def on_findings_menu_requested(self, finding: Finding, place: QPoint) -> None:
        """Open the menu of a finding."""
        menu = self._menu()
        menu.addAction(tr("Go to"), partial(self._desk.work.findings.finding_chosen.emit, finding))
        menu.addActions([self._actions[each] for each in FINDING if each in self._actions])
        menu.addSeparator()
        told = " ".join(sentence(text) for text in (finding.message, finding.reason, finding.hint) if text)
        menu.addAction(tr("Copy"), partial(_copy, told))
        menu.addActions(self._desk.tables.row_actions["findings"].actions)
        menu.popup(place)

    def on_nodes_menu_requested(self, node: Node, place: QPoint) -> None:
        """Open the menu of a row of the table of nodes: that of its box, and what copies rows."""
        menu = self._menu()
        if len(self._desk.work.nodes.chosen_rows()) <= 1:
            self._desk.work.nodes.node_chosen.emit(node.id)
            fill_list(menu, self._actions, _parts(node.kind))
            menu.addSeparator()
        menu.addActions(self._desk.tables.row_actions["nodes"].actions)
        menu.popup(place)

    def _menu(self) -> QMenu:
        menu = QMenu(self._desk.work)
        menu.aboutToHide.connect(menu.deleteLater)
        return menu


def _parts(kind: Kind | None) -> tuple[Iterable[str], ...]:
    """Return the commands on a node of a kind, or on a group."""
    is_quantizer = kind is not None and (kind.watches or kind in (Kind.QUANTIZE, Kind.DEQUANTIZE))
    return GROUP if kind is None else QUANTIZER if is_quantizer else NODE


def _entry(menu: QMenu, title: str, act: Callable[[], object]) -> QAction:
    made = QAction(short_name(title), menu)
    made.triggered.connect(act)
    return made


def _copy(text: str) -> None:
    copy_text(text)

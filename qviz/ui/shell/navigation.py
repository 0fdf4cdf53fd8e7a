"""Goes from node to node: back and forward, to the next of a kind, change or finding, from the outline and search."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from qviz.analysis.inspecting.node_noise import worst_inside
from qviz.analysis.inspecting.place_text import headline
from qviz.analysis.views.folding import group_path
from qviz.document.graph import Kind, Node, NodeId
from qviz.document.snapshot import Finding, StageName
from qviz.session.sides import Side
from qviz.session.visits import Visit, Visits
from qviz.ui.panels.toasts import Stepper
from qviz.ui.shell.open_project import OpenProject
from qviz.ui.shell.selection import SharedSelection
from qviz.ui.shell.workspace import Workspace
from qviz.words import tr
from qviz.words.formats import ended, sentence


class Navigation(QObject):
    """Selects the node that a command or a panel asks for, and opens what it is folded into."""

    def __init__(self, parent: QObject, project: OpenProject, work: Workspace, selection: SharedSelection) -> None:
        super().__init__(parent)
        self._open = project
        self._work = work
        self._selection = selection
        self._visits = Visits()
        selection.selected.connect(self.on_selection_selected)
        work.legend.kind_stepped.connect(self.on_legend_kind_stepped)
        work.outline.module_chosen.connect(self.on_outline_module_chosen)
        work.inspector.child_chosen.connect(self.on_inspector_child_chosen)
        work.changes.node_chosen.connect(self.on_changes_node_chosen)
        work.findings.finding_chosen.connect(self.on_findings_finding_chosen)
        work.findings.place_chosen.connect(self.on_findings_place_chosen)

    def forget(self) -> None:
        """Begin anew, for another model."""
        self._visits = Visits()

    def on_selection_selected(self, stage: StageName, node_id: NodeId) -> None:
        """Note what is selected, to come back to it."""
        self._visits.add(Visit(stage, node_id))

    def go(self, by: int) -> None:
        """Go back to what was selected before (-1), or forward again (1)."""
        visit = self._visits.step(by)
        if visit is None:
            self._work.inform(tr("There is no previous selection.") if by < 0 else tr("There is no next selection."))
        else:
            self.jump(visit.stage, visit.node_id)

    def jump_here(self, node_id: NodeId) -> None:
        """Select a node in the pane used last, and open what it is folded into."""
        self._selection.choose_here(node_id)
        self._work.panes.canvas.folding.uncover(node_id)

    def jump(self, stage: StageName, node_id: NodeId) -> None:
        """Select a node of a stage wherever that is shown, and open what it is folded into."""
        there = self._open.value.stage(stage) if self._open.value is not None else None
        if there is None or all(node.id != node_id for node in there.whole.nodes):
            self._work.inform(tr("{node} is not in this result.", node=node_id))
            return
        self._selection.choose(stage, node_id)
        self._work.panes.canvas.folding.uncover(node_id)

    def step_change(self, by: int) -> None:
        """Select the next or previous node that changed, in the pane used last."""
        changes = self._open.value.changes if self._open.value is not None else None
        if changes is not None:
            is_left = self._work.panes.active is Side.LEFT
            self._step(changes.before if is_left else changes.after, by)

    def step_observer(self, by: int) -> None:
        """Select the next or previous observer or fake-quant in the pane used last."""
        self._step_where(lambda node: node.kind.watches, by)

    def step_cast(self, by: int) -> None:
        """Select the next or previous quantize or dequantize in the pane used last."""
        self._step_where(lambda node: node.kind in (Kind.QUANTIZE, Kind.DEQUANTIZE), by)

    def _step_where(self, is_wanted: Callable[[Node], bool], by: int) -> None:
        stage = self._selection.stage
        self._step(tuple(node.id for node in stage.whole.nodes if is_wanted(node)) if stage else (), by)

    def _step(self, nodes: tuple[NodeId, ...], by: int) -> None:
        """Go from the selection to the next or previous of some nodes, around the end."""
        if nodes:
            here = self._selection.node_id
            at = nodes.index(here) + by if here in nodes else min(by, 0)
            self.jump_here(nodes[at % len(nodes)])

    def open_worst(self) -> None:
        """Open the group that is selected down to the operator that adds most of its noise, and select that."""
        canvas, run, stage = self._work.panes.canvas, self._work.inspector.run, self._selection.stage
        box = canvas.selection.box
        path = group_path(box.id) if box is not None else None
        if path is None or run is None or stage is None:
            self._work.inform(tr("Select a group first."))
            return
        worst = worst_inside(run, stage.name, path)
        if worst is None:
            self._work.inform(tr("The noise inside of {name} was not measured.", name=path))
            return
        self._selection.choose_here(worst)
        canvas.folding.open_alone(path, worst)

    def step_finding(self, by: int) -> None:
        """Go to the next or previous finding."""
        self._work.tabs.setCurrentWidget(self._work.findings_page)
        self._work.findings.step(by)

    def step_place(self, by: int) -> None:
        """Go to the next or previous node of the finding that was gone to last, around the end."""
        self._work.findings.step_place(by)

    def on_findings_place_chosen(self, finding: Finding) -> None:
        """Go to another node of a finding."""
        self.jump(finding.stage, finding.nodes[self._work.findings.place_of(finding)])
        self._tell(finding)

    def on_legend_kind_stepped(self, kind: str) -> None:
        """Go to the next node of a kind in the stage that the legend counts."""
        if self._open.value is not None and self._open.value.shown.right is not None:
            self._work.panes.active = Side.RIGHT
        self._step(self._work.roles(self._selection.stage).get(Kind(kind), ()), 1)

    def on_changes_node_chosen(self, side: Side, node_id: NodeId) -> None:
        """Select a node that changed."""
        if self._open.value is not None and (stage := self._open.value.shown.on(side)) is not None:
            self.jump(stage, node_id)

    def on_outline_module_chosen(self, path: str) -> None:
        """Select the first node of a module."""
        stage = self._selection.stage

        def belongs(node: Node) -> bool:
            return not path or node.place == path or node.place.startswith(f"{path}.")

        first = next((node.id for node in stage.whole.nodes if belongs(node)), None) if stage else None
        if first is not None:
            self._selection.choose_here(first, path)
            self._selection.inspect_group(path)

    def on_inspector_child_chosen(self, stage: StageName, node_id: NodeId, path: str) -> None:
        """Select a child of a group, an operator or a group itself, and open what it is folded into."""
        if not path:
            self.jump(stage, node_id)
            return
        self._selection.choose(stage, node_id, path)
        self._work.panes.canvas.folding.uncover_group(path)
        self._selection.inspect_group(path)

    def on_findings_finding_chosen(self, finding: Finding) -> None:
        """Go to the node of a finding that was looked at last, and say its reason and what to do."""
        if finding.nodes:
            self.jump(finding.stage, finding.nodes[self._work.findings.place_of(finding)])
        self._tell(finding)

    def _tell(self, finding: Finding) -> None:
        """Say where of a finding one is, its reason and what to do."""
        many, notice = len(finding.nodes), self._work.notice
        place = tr("{number} of {count}", number=self._work.findings.place_of(finding) + 1, count=many)
        about = " ".join(sentence(text) for text in (finding.reason, finding.hint) if text)
        step = Stepper(place, self.step_place) if many > 1 else None
        notice.begin(ended(headline(finding, finding.message)), notice.clear, about, finding.level.value, step)

"""Which stages are in view and which node is selected, in every panel that shows it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from qviz.analysis.views.folding import group_path
from qviz.document.graph import Node, NodeId
from qviz.document.snapshot import Stage, StageName
from qviz.session.project import Project, SelectedNode
from qviz.session.sides import Side
from qviz.ui.shell.open_project import OpenProject
from qviz.ui.shell.workspace import Workspace


class SharedSelection(QObject):
    """Shows stages and selects nodes, and lets the panels follow.

    Signals:
        selected: Stage name and id of a node that was selected.
    """

    selected = Signal(str, str)

    def __init__(self, parent: QObject, project: OpenProject, work: Workspace) -> None:
        super().__init__(parent)
        self._open = project
        self._work = work
        self._last: tuple[int, StageName, NodeId] | None = None  # an id: a result that is closed is freed
        self._group = ""
        """The module path of the group that is selected; "" where a node is."""
        work.strip.stage_chosen.connect(self.show_stage)
        work.panes.selected.connect(self.on_panes_selected)
        work.inspector.node_chosen.connect(self.choose)
        work.code.line_chosen.connect(self.choose_here)

    def forget(self) -> None:
        """Begin anew, for another model."""
        self._last, self._group = None, ""

    def restore(self) -> None:
        """Select in the result of another run what was selected in the one before, where it is still there."""
        project, last = self._open.value, self._last
        if project is None or last is None or project.selected is not None:
            return
        of_result, stage, node_id = last
        if project.snapshot is None or id(project.snapshot) == of_result:
            return
        there, path = project.stage(stage), self._group
        inside = _inside(there, path)[:1] if path else ()
        found = inside[0].id if inside else node_id
        if there is not None and any(node.id == found for node in there.whole.nodes):
            self.choose(stage, found)
            self._inspect_again(path)
        else:
            self._last = None

    @property
    def stage(self) -> Stage | None:
        """The stage in the pane used last: search and keys look there."""
        return self._work.panes.canvas.stage

    @property
    def node_id(self) -> NodeId | None:
        """The node selected in the pane used last."""
        return self._work.panes.canvas.selection.node

    def show_stage(self, side: Side, name: StageName) -> None:
        """Show a stage on a side; the selection there becomes what it is in this stage."""
        project = self._open.value
        if project is not None and project.stage(name) is not None:
            self._open.replace(project.showing(side, name))
            self._select_again()

    def step_stage(self, by: int) -> None:
        """Show the next or previous stage on the right."""
        project = self._open.value
        if project is None or not project.stages:
            return
        names = [stage.name for stage in project.stages]
        side = Side.RIGHT if project.shown.right else Side.LEFT
        here = names.index(project.shown.on(side) or names[0])
        self.show_stage(side, names[max(0, min(len(names) - 1, here + by))])

    def swap(self) -> None:
        """Swap the stages in view."""
        project = self._open.value
        if project is not None and project.shown.right is not None:
            self._open.replace(project.swapped())
            self._select_again()

    def _select_again(self) -> None:
        """Mark the selection where canvases got another stage, without moving them."""
        project = self._open.value
        if project is not None and project.selected is not None:
            side, node_id = project.selected
            path = self._group
            self._work.panes.select(side, node_id, reveal=False)
            self._show_selected(side, node_id)
            self._inspect_again(path)
        elif self._group:  # a group of which no node is selected
            self._inspect_again(self._group)
        else:
            self._work.inspector.show_run(project)

    def choose_here(self, node_id: NodeId, path: str = "") -> None:
        """Select a node, or a module that it is in, in the pane used last, or where it is shown."""
        if self._open.value is not None and (stage := self.stage) is not None:
            self.choose(stage.name, node_id, path)

    def inspect_group(self, path: str) -> None:
        """Show in the inspector the module of this path, where it holds several operators."""
        project, stage = self._open.value, self.stage
        if project is None or stage is None:
            return
        if sum(node.kind.computes for node in _inside(stage, path)) > 1:
            self._show_group(project, stage.name, path)

    def _inspect_again(self, path: str) -> None:
        """Show the group that was selected before, if it was one."""
        if path:
            self.inspect_group(path)

    def _show_group(self, project: Project, stage: StageName, path: str) -> None:
        self._group = path
        self._work.panes.axis.mark_group(self._work.panes.active, path)
        if path:
            self._work.outline.show_selected(path)
        self._work.inspector.show_group(project, stage, path)

    def choose(self, stage: StageName, node_id: NodeId, path: str = "") -> None:
        """Select a node of a stage, showing the stage first if need be.

        Args:
            stage: Its name.
            node_id: The node.
            path: Of the module that is meant, where it is the first node of one.
        """
        project = self._open.value
        if project is None or project.stage(stage) is None:
            return
        side = project.shown.side_of(stage)
        if side is None:
            side = Side.RIGHT
            self.show_stage(side, stage)
        self._work.panes.select(side, node_id)
        self._show_selected(side, node_id, path)

    def on_panes_selected(self, side: Side, node_id: NodeId) -> None:
        """Show what was selected on a canvas: a node, or the group whose box it is."""
        self._show_selected(side, node_id)
        project = self._open.value
        box = self._work.panes.panes[side].canvas.selection.box
        path = group_path(box.id) if box is not None and box.kind is None and node_id in box.members else None
        if box is not None and box.alike and node_id in box.members:
            path = box.alike[0].rpartition(".")[0]  # its page compares all of them
        stage = project.shown.on(side) if project is not None else None
        if project is not None and stage is not None and path is not None:
            self._show_group(project, stage, path)

    def _show_selected(self, side: Side, node_id: NodeId, path: str = "") -> None:
        """Show the selected node in the inspector, the code and the outline."""
        project, self._group = self._open.value, ""
        if project is None:
            return
        stage = project.stage(project.shown.on(side))
        if stage is None or not node_id:
            self._last = None
            self._open.value = project = project.selecting(None)
            self._work.inspector.show_run(project)
            self._open.edited.emit()
            return
        self._open.value = project = project.selecting(SelectedNode(side, node_id))
        self._last = id(project.snapshot), stage.name, node_id
        self.selected.emit(stage.name, node_id)
        self._work.inspector.show_node(project, stage.name, node_id)
        self._work.code.show_stage(stage)
        self._work.code.show_node(node_id)
        place = path or next((n.place for n in stage.whole.nodes if n.id == node_id), "")
        self._work.outline.show_selected(place)
        self._open.edited.emit()


def _inside(stage: Stage | None, path: str) -> list[Node]:
    """Return the nodes of a module, in graph order; those of the whole model for no path."""
    nodes = stage.whole.nodes if stage is not None else ()
    return [node for node in nodes if not path or node.place == path or node.place.startswith(f"{path}.")]

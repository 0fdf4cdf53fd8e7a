"""Finds the way on the graphs: to what changed, what is around, what was marked, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from qviz.analysis.linking.changes import Changes, changes
from qviz.document.graph import Kind, Node
from qviz.document.query import Index
from qviz.document.snapshot import Bookmark, Finding
from qviz.session.focusing import Focusing
from qviz.session.project import SIDES
from qviz.session.visits import Place, Visits

if TYPE_CHECKING:
    from qviz.ui.canvas.view import GraphCanvas
    from qviz.ui.shell.desk import Desk


class Navigation(QObject):
    """What the commands do that look for nodes, on the desk given."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk = desk
        self._focusing = Focusing()
        self._visits = Visits()
        work = self._work = desk.work
        work.strip.kind_chosen.connect(self.on_strip_kind_chosen)
        work.strip.kind_stepped.connect(self.on_strip_kind_stepped)
        work.outline.module_chosen.connect(self.on_outline_module_chosen)
        work.findings.finding_chosen.connect(self.on_findings_finding_chosen)
        work.panes.banded.connect(self.on_panes_banded)
        work.bookmarks.bookmark_chosen.connect(self.on_bookmarks_bookmark_chosen)
        work.bookmarks.noted.connect(self.on_bookmarks_noted)
        work.bookmarks.removed.connect(self.on_bookmarks_removed)

    @property
    def _canvas(self) -> GraphCanvas:
        return self._work.panes.canvas

    def forget(self) -> None:
        """Begin anew, for another model."""
        self._focusing, self._visits = Focusing(), Visits()

    def visit(self, stage: str, node_id: str) -> None:
        """Note what is selected."""
        self._focusing.select(node_id)
        self._visits.visit(Place(stage, node_id))

    def go(self, by: int) -> None:
        """Go back to what was selected before (-1), or forward again (1)."""
        place = self._visits.step(by)
        if place is None:
            self._tell("Nothing was selected before this." if by < 0 else "Nothing was selected after this.")
        else:
            self._jump(place.stage, place.node_id)

    def jump_here(self, node_id: str) -> None:
        """Select a node in the pane used last, and open what it is folded into."""
        self._desk.choose_here(node_id)
        self._canvas.uncover(node_id)

    def _jump(self, stage: str, node_id: str) -> bool:
        """Select a node of a stage wherever that is shown, and open what it is folded into."""
        project = self._desk.project
        found = project.stage(stage) if project is not None else None
        if found is None or all(node.id != node_id for node in found.graph.nodes):
            self._tell(f"{node_id} is not in this result.")
            return False
        self._desk.choose(stage, node_id)
        self._canvas.uncover(node_id)
        return True

    def _tell(self, words: str) -> None:
        self._work.notice.tell("info", words)

    def _changes(self) -> Changes | None:
        """Return what changed between the stages in view."""
        project = self._desk.project
        left, right = (project.shown[side] for side in SIDES) if project is not None else (None, None)
        if project is None or left is None or right is None:
            return None
        return changes(project.stages, project.links, left, right)

    def toggle_changes(self) -> None:
        """Dim what the stages in view have in common, or nothing."""
        found = self._changes()
        is_on = any(pane.canvas.is_highlighting for pane in self._work.panes.panes.values())
        self._work.panes.set_brackets({})
        if found is None or is_on:
            self._work.panes.highlight(None)
            return
        self._work.panes.highlight({"left": frozenset(found.before), "right": frozenset(found.after)})
        self._work.panes.set_brackets({found.earlier: found.fused})
        fused = f" Brackets hold what became one, {len(found.fused)} times." if found.fused else ""
        self._tell(f"{len(found.before)} nodes before and {len(found.after)} after changed.{fused} C shows all again.")

    def step_change(self, by: int) -> None:
        """Select the next or previous node that changed, in the pane used last."""
        found = self._changes()
        side = self._work.panes.active
        nodes = (found.before if side == "left" else found.after) if found is not None else ()
        if nodes:
            here = self._canvas.selected()
            at = nodes.index(here) + by if here in nodes else (0 if by > 0 else -1)
            self.jump_here(nodes[at % len(nodes)])

    def focus_on(self, focus: str) -> None:
        """Dim all but what lies around the selection, in the pane used last."""
        stage, node_id = self._desk.searched_stage(), self._canvas.selected()
        if stage is None or not node_id:
            self._tell("Select a node first.")
            return
        found, told = self._focusing.shown(focus, Index(stage.graph), node_id)
        if found:
            self.highlight_here(found)
        self._tell(told)

    def highlight_here(self, ids: frozenset[str] | None) -> None:
        """Dim all but these nodes in the pane used last, and nothing in the other."""
        for pane in self._work.panes.panes.values():
            pane.canvas.highlight(ids if pane.canvas is self._canvas else None)

    def hide_dimmed(self) -> None:
        """Take what is dimmed off the picture, or bring it back."""
        canvases = [pane.canvas for pane in self._work.panes.panes.values()]
        if any(each.is_hiding for each in canvases):
            for each in canvases:
                each.hide_dimmed(False)
        elif any(each.is_highlighting for each in canvases):
            for each in canvases:
                each.hide_dimmed(True)
            self._tell("What was dimmed is hidden; H brings it back, Esc shows all.")
        else:
            self._tell("Nothing is dimmed. Search, or focus on a node (K, U, D, W), then hide the rest.")

    def next_of_kinds(self, kinds: tuple[Kind, ...]) -> None:
        """Select the next node of these kinds in the pane used last."""
        stage = self._desk.searched_stage()
        nodes = [node.id for node in stage.graph.nodes if node.kind in kinds] if stage else []
        if nodes:
            here = self._canvas.selected()
            self.jump_here(nodes[(nodes.index(here) + 1) % len(nodes)] if here in nodes else nodes[0])

    def step_finding(self, by: int) -> None:
        """Go to the next or previous finding."""
        self._work.tabs.setCurrentWidget(self._work.findings)
        self._work.findings.step(by)

    def bookmark(self) -> None:
        """Mark the selected node and ask for a note; of a marked one, change the note."""
        project, node_id, stage = self._desk.project, self._canvas.selected(), self._desk.searched_stage()
        if project is None or stage is None or not node_id:
            self._tell("Select a node first.")
            return
        if all((each.stage, each.node) != (stage.name, node_id) for each in project.bookmarks):
            project.mark(stage.name, node_id, "")
        self._show_bookmarks()
        self._work.tabs.setCurrentWidget(self._work.bookmarks)
        self._work.bookmarks.edit_note(stage.name, node_id)

    def _show_bookmarks(self) -> None:
        if self._desk.project is not None:
            self._work.show_bookmarks(self._desk.project.bookmarks)

    def on_bookmarks_bookmark_chosen(self, bookmark: Bookmark) -> None:
        """Go to the node."""
        self._jump(bookmark.stage, bookmark.node)

    def on_bookmarks_noted(self, bookmark: Bookmark) -> None:
        """Keep the note."""
        if self._desk.project is not None:
            self._desk.project.mark(bookmark.stage, bookmark.node, bookmark.note)
            self._show_bookmarks()

    def on_bookmarks_removed(self, bookmark: Bookmark) -> None:
        """Take the bookmark away."""
        if self._desk.project is not None:
            self._desk.project.unmark(bookmark.stage, bookmark.node)
            self._show_bookmarks()

    def on_strip_kind_stepped(self, kind: str) -> None:
        """Go to the next node of a role in the stage that the strip counts."""
        if self._desk.project is not None and self._desk.project.shown["right"] is not None:
            self._work.panes.active = "right"
        self.next_of_kinds((Kind(kind),))

    def on_strip_kind_chosen(self, kind: str) -> None:
        """Highlight the nodes of a role in both panes."""
        project = self._desk.project
        if project is None:
            return
        if not kind:
            self._work.panes.highlight(None)
            return
        ids = {
            side: frozenset(node.id for node in stage.graph.nodes if node.kind.value == kind) if stage else frozenset()
            for side in SIDES
            for stage in [project.stage(project.shown[side])]
        }
        self._work.panes.highlight(ids)

    def on_panes_banded(self, ids: frozenset[str]) -> None:
        """Dim all but what is inside the rubber band."""
        self.highlight_here(ids or None)
        if ids:
            self._tell(f"{len(ids)} nodes; H hides the others, Esc shows all.")

    def on_outline_module_chosen(self, path: str) -> None:
        """Select the first node of a module."""
        stage = self._desk.searched_stage()

        def belongs(node: Node) -> bool:
            return not path or node.place == path or node.place.startswith(f"{path}.")

        found = next((node.id for node in stage.graph.nodes if belongs(node)), None) if stage else None
        if found is not None:
            self._desk.choose_here(found)

    def on_findings_finding_chosen(self, finding: Finding) -> None:
        """Go to the first node of a finding, and say its reason and what to do."""
        if finding.nodes:
            self._desk.choose(finding.stage, finding.nodes[0])
        self._work.notice.tell(finding.level.value, f"{finding.message}: {finding.reason}.", finding.hint)

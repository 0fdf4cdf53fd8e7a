"""What is open on a canvas, and the user's ways to open and close it."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal

from qviz.analysis.views.folding import group_path
from qviz.analysis.views.hierarchies import Hierarchies
from qviz.analysis.views.view import Folds, group_box_id
from qviz.document.graph import Graph
from qviz.ui.canvas import folding_moves
from qviz.ui.canvas.pair_folds import PairFolds
from qviz.ui.canvas.selection import Selection
from qviz.ui.canvas.viewport import Viewport


class Folding(QObject):
    """The folds of the graph shown.

    Signals:
        asked: The `Folds` that the user wants, and the id of the box that stays where it is, or None.
        toggled: A group's box was opened or closed; the box's id.

    Attributes:
        graph: What is shown; None where nothing is.
        trees: Keeps its hierarchy.
        folds: What is open; None until the graph was placed first.
        pair: Tells of the stages in view together; None where nothing is shown.
    """

    asked = Signal(object, object)
    toggled = Signal(str)

    def __init__(self, parent: QObject, viewport: Viewport, selection: Selection) -> None:
        super().__init__(parent)
        self._viewport, self._selection = viewport, selection
        self.graph: Graph | None = None
        self.trees = Hierarchies()
        self.folds: Folds | None = None
        self.pair: PairFolds | None = None

    def unfold_all(self) -> None:
        """Open every group and all plumbing."""
        if self.pair is not None:
            self._ask(self.pair.all_open(self.trees), self._selected_box())

    def unfold_level(self) -> bool:
        """Open every group that is a closed box now; return whether there was any."""
        from qviz.analysis.views.expansion import one_level_more

        if self.graph is None or self.folds is None:
            return False
        folds = one_level_more(self.trees.of(self.graph), self.folds)
        if folds == self.folds:
            return False
        self._ask(folds, self._selected_box())
        return True

    def open_alone(self, path: str, node_id: str) -> None:
        """Open a group, and inside of it only what leads to a node; select that."""
        from qviz.analysis.views.expansion import alone

        if self.graph is not None and self.folds is not None:
            self._selection.node, self._selection.group, self._selection.is_to_reveal = node_id, "", True
            self._ask(alone(self.trees.of(self.graph), self.folds, path, node_id), None)

    def is_open(self, path: str) -> bool:
        """Return whether a group and all groups inside are open."""
        inside = self._groups_at(path)
        return self.folds is not None and bool(inside) and inside <= self.folds.groups

    def unfold_group(self, path: str) -> None:
        """Open a group, those around it, and all groups inside."""
        if self.folds is not None:
            names = path.split(".")
            around = {".".join(names[:end]) for end in range(1, len(names))}
            self._ask(
                replace(self.folds, groups=self.folds.groups | around | self._groups_at(path)), group_box_id(path)
            )

    def fold_group(self, path: str) -> None:
        """Close a group and all groups inside."""
        if self.folds is not None:
            self._ask(replace(self.folds, groups=self.folds.groups - self._groups_at(path)), group_box_id(path))

    def _groups_at(self, path: str) -> frozenset[str]:
        from qviz.analysis.views.expansion import groups_at

        return groups_at(self.trees.of(self.graph), path) if self.graph is not None else frozenset()

    def fold_all(self) -> None:
        """Close every group and all plumbing."""
        self._ask(Folds(), self._selected_box())

    def show_seams(self, is_shown: bool) -> None:
        """Gather in seams what only one of two stages has, or draw all of it."""
        if self.folds is not None and self.folds.has_seams != is_shown:
            # What was seen whole is seen whole again; where the user looks at a part, that stays.
            anchor = self._selected_box() if self._viewport.pose == "free" else None
            self._ask(replace(self.folds, has_seams=is_shown), anchor)

    def fold_others(self) -> None:
        """Close every group but those around the selection."""
        from qviz.analysis.views.expansion import uncovered

        if self.graph is not None and self._selection.node is not None:
            self._selection.is_to_reveal = True
            self._ask(uncovered(self.trees.of(self.graph), Folds(), self._selection.node), None)

    def uncover(self, node_id: str) -> None:
        """Open what a node is folded into, and bring its box into view."""
        from qviz.analysis.views.expansion import uncovered

        if self.graph is None or self.folds is None:
            return
        folds = uncovered(self.trees.of(self.graph), self.folds, node_id)
        scene = self._viewport.scene
        box = scene.find(node_id) if scene else None
        is_gathered = box is not None and (box.is_seam or (len(box.parts) > 1 and node_id != box.members[0]))
        if is_gathered or folds != self.folds:
            folds = replace(folds, seams=folds.seams | {self._union_id(node_id)})
        if folds != self.folds:
            self._selection.node, self._selection.group, self._selection.is_to_reveal = node_id, "", True
            self._ask(folds, None)

    def uncover_group(self, path: str) -> None:
        """Open the groups around a group, so that it has a box of its own, apart from its equals."""
        if self.folds is not None:
            names = path.split(".")
            around = {".".join(names[:end]) for end in range(1, len(names))}
            folds = replace(self.folds, groups=self.folds.groups | around, apart=self.folds.apart | {path})
            if folds != self.folds:
                self._selection.is_to_reveal = True
                self._ask(folds, None)

    def uncover_all(self, node_ids: Iterable[str]) -> None:
        """Open what some nodes are folded into."""
        from qviz.analysis.views.expansion import uncovered

        if self.graph is None or self.folds is None:
            return
        folds = self.folds
        for node_id in node_ids:
            folds = uncovered(self.trees.of(self.graph), folds, node_id)
        if folds != self.folds:
            self._ask(folds, self._selected_box())

    def toggle(self, box_or_node: str) -> bool:
        """Open or close a group, or an operator's plumbing; return whether there was anything to fold."""
        scene = self._viewport.scene
        box = scene.find(box_or_node) if scene else None
        if box is None or self.folds is None or not folding_moves.can_toggle(box):
            return False
        self._ask(folding_moves.toggled(self.folds, box, self._union_id), box.id)
        if box.kind is None:
            self.toggled.emit(box.id)
        return True

    def fold_parent(self) -> None:
        """Close the seam that the selection stands in, else join it with its equals, else close the group around it."""
        box, scene = self._selection.box, self._viewport.scene
        if box is not None and box.seam is not None and scene is not None and self.folds is not None:
            inside = (each for other in scene.view.boxes if other.seam == box.seam for each in other.members)
            self._ask(replace(self.folds, seams=self.folds.seams - {*map(self._union_id, inside)}), box.id)
            return
        path = group_path(box.id) if box is not None and not box.is_open else None
        if path is not None and self.folds is not None and path in self.folds.apart:
            around = path.rpartition(".")[0]
            apart = {each for each in self.folds.apart if each.rpartition(".")[0] == around}
            self._ask(replace(self.folds, apart=self.folds.apart - apart), box.id if box is not None else None)
            return
        parent = scene.find(box.parent) if scene and box and box.parent else None
        if parent is not None and self.folds is not None:
            self._ask(folding_moves.toggled(self.folds, parent, self._union_id), parent.id)

    def open_seams(self, title: str | None = None) -> None:
        """Open every seam of the picture; with a title, those that say the same."""
        scene = self._viewport.scene
        if scene is None or self.folds is None:
            return
        folds = self.folds
        for box in scene.view.boxes:
            if box.is_seam and title in (None, box.title):
                folds = folding_moves.toggled(folds, box, self._union_id)
        if folds != self.folds:
            self._ask(folds, self._selected_box())

    def _union_id(self, node_id: str) -> str:
        return self.pair.union_id(node_id) if self.pair is not None else node_id

    def _selected_box(self) -> str | None:
        box = self._selection.box
        return box.id if box else None

    def _ask(self, folds: Folds, anchor: str | None) -> None:
        if self.graph is not None:
            self.folds = folds
            self.asked.emit(folds, anchor)

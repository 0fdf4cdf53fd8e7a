"""The widget that shows one stage: looks, selects, folds, walks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QToolTip, QWidget

from qviz.analysis.overlays import ON_CANVAS, made
from qviz.analysis.overlays.on_view import ViewOverlays
from qviz.analysis.overlays.overlay import Overlay, StageRecord
from qviz.analysis.views.reach import part
from qviz.analysis.views.view import Box, Folds, View, group_box_id
from qviz.document.graph import Graph
from qviz.document.snapshot import Facts, Finding, Stage
from qviz.layout.place import Direction
from qviz.ui.canvas import accessible, folding_moves, wording
from qviz.ui.canvas.emphasis import Emphasis
from qviz.ui.canvas.exposure import Marks
from qviz.ui.canvas.family import Family
from qviz.ui.canvas.layout_job import LayoutJobs, Placed
from qviz.ui.canvas.scene import Scene, Step
from qviz.ui.canvas.surface import Surface
from qviz.ui.theme import Theme
from qviz.words import tr

STEP = 1.25
"""One press of + or -."""

_WALKS: dict[int, Step] = {
    Qt.Key.Key_Up: "up",
    Qt.Key.Key_Down: "down",
    Qt.Key.Key_Left: "left",
    Qt.Key.Key_Right: "right",
}


class GraphCanvas(Surface):
    """Shows the graph of one stage.

    Signals:
        node_selected: The user chose a node by click or key; its id, "" for none.
        node_activated: Double click or Enter on a node that does not unfold; its id.
        group_toggled: A group's box was opened or closed; the box's id.
        folds_changed: The `Folds` shown, after the user changed them.
        camera_moved: The `Camera`, after the user moved it.
        laid_out: A stage or other folds were placed and are shown.
        layout_failed: Why nothing could be placed.

    Attributes:
        stage: The stage shown.
        facts: Its facts by node id.
        family: The stages with which it shares its layout; None while their run is at work.
        folds: What is open; None until the stage was placed first.
    """

    node_selected = Signal(str)
    node_activated = Signal(str)
    group_toggled = Signal(str)
    folds_changed = Signal(object)
    laid_out = Signal()
    layout_failed = Signal(str)

    def __init__(self, parent: QWidget | None = None, theme: Theme | None = None) -> None:
        super().__init__(parent, theme)
        self.stage: Stage | None = None
        self.family: Family | None = None
        self.facts: Mapping[str, Facts] = {}
        self.folds: Folds | None = None
        self._selected: str | None = None
        self._emphasis = Emphasis()
        self._findings: tuple[Finding, ...] = ()
        self._overlay_names: tuple[str, ...] = ON_CANVAS
        self._overlays: tuple[Overlay, ...] = ()
        self._part: Stage | None = None
        self._whole_folds: Folds | None = None
        self._shown_direction = self._direction
        self._anchor: tuple[str, QPointF] | None = None
        self._landmarks: list[tuple[str, QPointF]] = []
        self._reveal_later = False
        self._jobs = LayoutJobs()
        self._jobs.placed.connect(self._show_placed)
        self._jobs.failed.connect(self._show_failure)
        self.setAccessibleName("Graph")
        accessible.install()

    @property
    def view(self) -> View | None:
        """The boxes and lines on screen."""
        return self.scene.view if self.scene else None

    @property
    def highlighted(self) -> frozenset[str] | None:
        """The nodes that are not dimmed; None where nothing is."""
        return self._emphasis.highlighted

    @property
    def is_highlighting(self) -> bool:
        """Whether some nodes are dimmed."""
        return self.highlighted is not None

    @property
    def is_hiding(self) -> bool:
        """Whether what is dimmed is not shown at all."""
        return self._part is not None

    @property
    def own_folds(self) -> Folds | None:
        """What is open of the whole stage, also while a part is shown."""
        return self._whole_folds if self.is_hiding else self.folds

    @property
    def is_busy(self) -> bool:
        """Whether a layout is still to come."""
        return self._jobs.is_busy

    def show_stage(
        self,
        stage: Stage | None,
        facts: Mapping[str, Facts],
        folds: Folds | None = None,
        family: Family | None = None,
    ) -> None:
        """Show a stage; without folds the fewest that fit. None empties the canvas.

        Args:
            stage: What to show; the same stage again keeps the selection and the place.
            facts: What was measured, by node id.
            folds: What is open.
            family: The run's stages, with which it shares a layout.
        """
        is_other = stage is not self.stage
        self.stage, self.facts, self.words = stage, facts, tr("Placing the graph…") if stage else ""
        self.family = family
        if is_other:
            self._landmarks = self._in_place() if self._pose == "free" else []
            self._leaving = self.scene if stage else None
            self.scene, self.folds, self._part = None, None, None
            self._selected = self._hovered = self._anchor = None
            self._emphasis, self._findings = Emphasis(), ()
        self._make_overlays()
        if stage is None:
            self._jobs.drop()
        else:
            if not is_other and self._pose == "free":
                self._anchor = next(iter(self._in_place()), None)
            self._ask(folds)
        self.update()

    def _ask(self, folds: Folds | None) -> None:
        """Begin to place what is shown: the stage with its family, or a part of it alone."""
        if self.stage is not None:
            family = None if self._part else self.family
            self._jobs.ask(self._part or self.stage, folds, self.facts, family, self._direction, self._overlays)

    def selected(self) -> str | None:
        """Return the id of the selected node."""
        return self._selected

    def selected_box(self) -> Box | None:
        """Return the box that stands for the selection; a group's where a group is selected."""
        return self.scene.box.get(self._emphasis.selected_box or "") if self.scene else None

    def chosen_box(self) -> str | None:
        """Return the id of the selected box."""
        return self._emphasis.selected_box

    def select(self, node_id: str | None, reveal: bool = True) -> None:
        """Select a node without telling anyone; `reveal` brings its box into view."""
        self._selected = node_id or None
        self._reveal_later = reveal
        self._find_selected_box()

    def set_partners(self, ids: Iterable[str]) -> None:
        """Mark what the other pane's selection became here."""
        self._emphasis.partners = frozenset(ids)
        self.update()

    def show_findings(self, findings: Sequence[Finding]) -> None:
        """Take other findings of the stage into account."""
        self._findings = tuple(findings)
        self._make_overlays()

    def show_overlays(self, names: Sequence[str]) -> None:
        """Lay other overlays over the graph, by their names, the uppermost last."""
        self._overlay_names = tuple(names)
        self._make_overlays()

    def _make_overlays(self) -> None:
        if self.stage is None:
            self._overlays = ()
            return
        record = StageRecord(self.stage, self.facts, self._findings)
        self._overlays = made(self._overlay_names, record, self._overlays)
        if self.scene:
            self._lay_over(self.scene)

    def _lay_over(self, scene: Scene) -> None:
        """Show the overlays on a scene, unless it does."""
        if tuple(each.overlay for each in scene.overlays.shown) != self._overlays:
            scene.overlays = ViewOverlays(scene.view, self._overlays, scene.overlays)
            self.update()

    def set_brackets(self, fused: Iterable[Iterable[str]]) -> None:
        """Put brackets around nodes that became one."""
        self._emphasis.brackets = tuple(frozenset(each) for each in fused)
        self.update()

    def highlight(self, ids: Iterable[str] | None) -> None:
        """Dim everything but these nodes; None dims nothing. Where the rest is hidden, it stays so, but for None."""
        self._emphasis.highlighted = None if ids is None else frozenset(ids)
        if self.is_hiding:
            self.hide_dimmed(ids is not None)
        self.update()

    def hide_dimmed(self, is_hidden: bool) -> None:
        """Show only what is highlighted, or all again."""
        ids = self._emphasis.highlighted
        if self.stage is None or (is_hidden and ids is None) or (not is_hidden and not self.is_hiding):
            return
        if not self.is_hiding:
            self._whole_folds = self.folds
        self._part = part(self.stage, ids) if is_hidden and ids is not None else None
        self._anchor = next(iter(self._in_place()), None) if self._pose == "free" else None
        self._ask(None if self._part else self._whole_folds)

    def turn(self, direction: Direction) -> None:
        """Let the picture run downwards or to the right."""
        if direction != self._direction:
            self._direction, self._pose, self._anchor = direction, "opening", None
            self._ask(self.folds)

    def reveal(self, node_id: str) -> None:
        """Bring the box of a node into view."""
        box_id = self.view.box_of.get(node_id) if self.view else None
        if box_id is not None and self.scene:
            self._move(self._camera.revealing(self.scene.rect(box_id), self.width(), self.height()))

    def uncover(self, node_id: str) -> None:
        """Open what a node is folded into, and bring its box into view."""
        from qviz.analysis.views.expansion import uncovered

        if self.stage is None or self.folds is None:
            return
        folds = uncovered((self._part or self.stage).graph, self.folds, node_id)
        if folds != self.folds:
            self._selected, self._reveal_later = node_id, True
            self._refold(folds, None)

    def unfold_all(self) -> None:
        """Open every group and all plumbing."""
        from qviz.analysis.views.folding import unfold_all

        if self.stage:
            self._refold(unfold_all((self._part or self.stage).graph), self.chosen_box())

    def fold_all(self) -> None:
        """Close every group and all plumbing."""
        self._refold(Folds(), self.chosen_box())

    def fold_others(self) -> None:
        """Close every group but those around the selection."""
        from qviz.analysis.views.expansion import uncovered

        if self.stage is not None and self._selected is not None:
            self._reveal_later = True
            self._refold(uncovered((self._part or self.stage).graph, Folds(), self._selected), None)

    def toggle_fold(self, box_or_node: str) -> bool:
        """Open or close a group, or an operator's plumbing; return whether there was anything to fold."""
        box = self._box(box_or_node)
        if box is None or self.folds is None or not folding_moves.can_toggle(box):
            return False
        self._refold(folding_moves.toggled(self.folds, box), box.id)
        if box.kind is None:
            self.group_toggled.emit(box.id)
        return True

    def fold_parent(self) -> None:
        """Close the group around the selection, and select it."""
        box = self.selected_box()
        parent = self._box(box.parent) if box and box.parent else None
        if parent is not None and self.folds is not None:
            self._refold(folding_moves.toggled(self.folds, parent), parent.id)

    def walk(self, direction: Step) -> None:
        """Select the box one step along the lines, or beside in the row."""
        if not self.scene or not self.scene.view.boxes:
            return
        start = self.selected_box()
        is_turned = self._direction == "right"
        found = self.scene.beside(start.id, direction, is_turned) if start else self._first_box()
        if found is not None:
            self._choose(self.scene.box[found], reveal=True)

    def _marks(self) -> Marks:
        return self._emphasis.marks(self.scene, self._hovered, is_dimming=not self.is_hiding)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Select what was clicked."""
        was_click = self._end_press(event)
        if was_click and event.button() is Qt.MouseButton.LeftButton:
            self._choose(self._box_at(event.position()), reveal=False)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Open or close; go from a stub to its source."""
        box = self._box_at(event.position())
        if box is not None:
            self._activate(box)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk, zoom, fold."""
        key = event.key()
        if key in _WALKS:
            self.walk(_WALKS[key])
        elif key == Qt.Key.Key_F and not event.modifiers():
            self.fit()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_by(STEP)
        elif key == Qt.Key.Key_Minus:
            self.zoom_by(1 / STEP)
        elif key == Qt.Key.Key_0:
            self.zoom_to(1.0)
        elif key == Qt.Key.Key_Backspace:
            self.fold_parent()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and (box := self.selected_box()):
            self._activate(box)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Show what a box is when the pointer rests on it."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            box = self._box_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), wording.tooltip(box, self._graph()) if box else "", self)
            return True
        return super().event(event)

    def _graph(self) -> Graph | None:
        return self.stage.graph if self.stage else None

    def _box(self, box_or_node: str) -> Box | None:
        if not self.scene:
            return None
        boxes = self.scene.box
        found = boxes.get(box_or_node) or boxes.get(group_box_id(box_or_node))
        return found or boxes.get(self.scene.view.box_of.get(box_or_node, ""))

    def _first_box(self) -> str | None:
        sight = self._camera.sight(self.width(), self.height())
        boxes = self.scene.visible(sight).boxes if self.scene else []
        return next((box.id for box in boxes if not box.is_open and box.stub_of is None), None)

    def _choose(self, box: Box | None, reveal: bool) -> None:
        """Select by the user's hand."""
        self._emphasis.selected_box = box.id if box else None
        self._selected = box.members[0] if box and box.members else None
        if box and reveal and self.scene:
            self._move(self._camera.revealing(self.scene.rect(box.id), self.width(), self.height()))
        self.update()
        accessible.tell_focus(self)
        self.node_selected.emit(self._selected or "")

    def _activate(self, box: Box) -> None:
        source = self._box(box.stub_of) if box.stub_of else None
        if source is not None:
            self._choose(source, reveal=True)
        elif not self.toggle_fold(box.id) and box.members:
            self.node_activated.emit(box.members[0])

    def _find_selected_box(self) -> None:
        box = self._box(self._selected) if self._selected else None
        self._emphasis.selected_box = box.id if box else None
        if box is not None and self._reveal_later and self.scene:
            self._reveal_later = False
            self._look(self._camera.revealing(self.scene.rect(box.id), self.width(), self.height()))
        self.update()

    def _refold(self, folds: Folds, anchor: str | None) -> None:
        """Show other folds; the anchor's box stays where it is on screen."""
        if self.stage is None:
            return
        if self.scene and anchor in self.scene.box:
            self._anchor = (anchor, self._camera.to_screen(self._handle(anchor)))
        self.folds = folds
        self._ask(folds)
        self.folds_changed.emit(folds)

    def _show_placed(self, placed: Placed) -> None:
        before = (self.scene, self._camera) if self.scene is not None else None
        is_first = self.scene is None
        is_turned, self._shown_direction = placed.question.direction != self._shown_direction, placed.question.direction
        self._lay_over(placed.scene)  # where they changed meanwhile
        self.scene, self.folds, self._hovered = placed.scene, placed.folds, None
        self._leaving = None
        if is_first:
            self._settle()
        elif self._anchor:
            self._hold(*self._anchor)
        elif self._pose == "fit":
            self.fit()
        elif self._pose == "opening":
            self.open_camera()
        self._anchor = None
        if not self._sees_a_box():
            self.open_camera()
        if self.chosen_box() not in self.scene.box or self._reveal_later:
            self._find_selected_box()
        if before is not None and not is_turned:
            self._motion.start(before, (self.scene, self._camera), self.size())
        accessible.tell_changed(self)
        self.update()
        self.laid_out.emit()

    def _settle(self) -> None:
        """Look where the last stage's boxes are, so that only what changed seems to move; else at the opening."""
        found = next((each for each in self._landmarks if self.scene and each[0] in self.scene.box), None)
        self._landmarks = []
        if found:
            self._hold(*found)
        else:
            self.open_camera()

    def _show_failure(self, message: str) -> None:
        self.words, self.scene, self._leaving = message, None, None
        self.update()
        self.layout_failed.emit(message)

"""Shows one stage on a surface: what is placed, selected, folded, laid over it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from qviz.analysis.inspecting.columns import NumberColumn
from qviz.analysis.overlays import ON_CANVAS, made
from qviz.analysis.overlays.on_view import ViewOverlays
from qviz.analysis.overlays.overlay import Overlay, StageRecord
from qviz.analysis.views.hierarchies import Hierarchies
from qviz.analysis.views.reach import part
from qviz.analysis.views.view import Box, Folds, View
from qviz.document.snapshot import Facts, Finding, Stage
from qviz.layout.place import Direction, Size
from qviz.ui.canvas import accessible
from qviz.ui.canvas.family import Family
from qviz.ui.canvas.folding import Folding
from qviz.ui.canvas.keys import Keys
from qviz.ui.canvas.layout_job import LayoutJobs, Placed, Question
from qviz.ui.canvas.metrics import BoxForm
from qviz.ui.canvas.pair_folds import PairFolds
from qviz.ui.canvas.readable import Readable
from qviz.ui.canvas.scene import Scene
from qviz.ui.canvas.selection import Selection
from qviz.ui.canvas.surface import Surface
from qviz.ui.canvas.viewport import OnScreen
from qviz.ui.process.disposal import Disposal
from qviz.ui.theme import Theme
from qviz.words import tr

MANY, MANY_LAID_OVER = 2000, 300
"""Boxes of a scene that are let go of in slices, and nodes of one whose overlays are found in a thread."""


class GraphCanvas(QObject):
    """Shows the graph of one stage.

    Signals:
        node_activated: Double click or Enter on a node that does not unfold; its id.
        folds_changed: The `Folds` shown, after the user changed them, or how many rows of text a box has.
        laid_out: A stage or other folds were placed and are shown.
        layout_failed: Why nothing could be placed.
        fit_asked: The user wants to see everything; it was done here.

    Attributes:
        surface: The widget, whose child this is.
        viewport: Which part of the graph the surface shows.
        emphasis: What stands out.
        selection: The selected node.
        folding: What is open.
        stage: The stage shown.
        facts: Its facts by node id.
        family: The stages with which it shares its layout; None while their run is at work.
        readable: What keeps texts readable.
    """

    node_activated = Signal(str)
    folds_changed = Signal(object)
    laid_out = Signal()
    layout_failed = Signal(str)
    fit_asked = Signal()

    def __init__(
        self, parent: QWidget | None = None, theme: Theme | None = None, trees: Hierarchies | None = None
    ) -> None:
        surface = Surface(parent, theme)
        super().__init__(surface)
        self.surface, self.viewport, self.emphasis = surface, surface.viewport, surface.emphasis
        self.selection = Selection(self, self.viewport, self.emphasis)
        self.folding = Folding(self, self.viewport, self.selection)
        self._keys = Keys(self, self.viewport, self.selection, self.folding)
        self._jobs = LayoutJobs()
        self._disposal = Disposal(self)
        self.readable = Readable(self, self.viewport)
        self.stage: Stage | None = None
        self.family: Family | None = None
        self.facts: Mapping[str, Facts] = {}
        self._trees = trees or Hierarchies()
        self._findings: tuple[Finding, ...] = ()
        self._overlay_names: tuple[str, ...] = ON_CANVAS
        self._overlays: tuple[Overlay, ...] = ()
        self._more: tuple[Overlay, ...] = ()
        self._columns: tuple[NumberColumn, ...] = ()
        self._part: Stage | None = None
        self._whole_folds: Folds | None = None
        self._shown_direction = self.viewport.direction
        self._anchor: OnScreen | None = None
        self._landmarks: list[OnScreen] = []
        surface.pointing.clicked.connect(self.selection.choose)
        surface.double_clicked.connect(self.on_box_activated)
        surface.key_pressed.connect(self._keys.press)
        self._keys.entered.connect(self.on_box_activated)
        self._keys.fit_asked.connect(self.readable.fit)
        self._keys.fit_asked.connect(self.fit_asked)
        self.selection.chosen.connect(lambda: accessible.tell_focus(surface))
        self.folding.asked.connect(self.on_folding_asked)
        self.readable.rows_wanted.connect(self.on_rows_wanted)
        self.readable.reopen_wanted.connect(self.on_reopen_wanted)
        self._jobs.placed.connect(self.on_jobs_placed)
        self._jobs.failed.connect(self.on_jobs_failed)
        self._jobs.laid_over.connect(self.on_jobs_laid_over)
        surface.setAccessibleName(tr("Graph"))
        accessible.install()

    @property
    def scene(self) -> Scene | None:
        """What is placed and shown."""
        return self.viewport.scene

    @property
    def view(self) -> View | None:
        """The boxes and lines on screen."""
        return self.scene.view if self.scene else None

    @property
    def is_hiding(self) -> bool:
        """Whether what is dimmed is not shown at all."""
        return self._part is not None

    @property
    def own_folds(self) -> Folds | None:
        """What is open of the whole stage, also while a part is shown."""
        return self._whole_folds if self.is_hiding else self.folding.folds

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
        self.stage, self.facts, self.family = stage, facts, family
        if stage is None:
            self._trees.forget()
        self.folding.trees = family.trees if family is not None else self._trees
        self.surface.words = tr("Placing the graph…") if stage else ""
        if is_other:
            self._leave()
        self._make_overlays()
        if stage is None:
            self._jobs.drop()
        else:
            if not is_other and self.viewport.pose == "free":
                self._anchor = next(iter(self.viewport.in_place(self.emphasis.selected_box)), None)
            self._ask(folds)
        self.surface.update()

    def _leave(self) -> None:
        """Forget what belonged to the last stage; its picture stays until the next is placed."""
        is_free = self.viewport.pose == "free"
        self._landmarks = self.viewport.in_place(self.emphasis.selected_box) if is_free else []
        self.surface.show_scene(None, leaving=self.scene if self.stage else None)
        self.folding.folds, self._part, self._anchor, self._findings = None, None, None, ()
        self.selection.node, self.selection.group = None, ""
        self.emphasis.forget()

    def _ask(self, folds: Folds | None) -> None:
        """Begin to place what is shown: the stage with its family, or a part of it alone."""
        shown = self._part or self.stage
        self.surface.graph = self.stage.whole if self.stage else None
        self.folding.graph = shown.whole if shown else None
        self.emphasis.is_dimming = not self.is_hiding
        if shown is not None:
            family = None if self._part else self.family
            self.folding.pair = PairFolds(shown, family)
            self.readable.opened(folds is None)
            size = self.viewport.size
            question = Question(
                stage=shown,
                folds=folds,
                facts=self.facts,
                trees=self.folding.trees,
                family=family,
                direction=self.viewport.direction,
                overlays=self._overlays,
                columns=self._columns,
                form=self.readable.form(bool(self._columns)),
                room=Size(size.width() // 4 * 4, size.height()),  # for panes that differ by a pixel, too
            )
            self._jobs.ask(question)

    def follow(self, folds: Folds, form: BoxForm) -> None:
        """Show what the canvas beside this one shows, written alike; tells no one."""
        self._anchor = None
        self.readable.take(form)
        self._ask(folds)

    def on_reopen_wanted(self) -> None:
        """Choose again what is open, so that all of it fits."""
        if self.stage is not None and not self.is_hiding:
            self.viewport.pose = "opening"
            self._ask(None)

    def on_rows_wanted(self) -> None:
        """Let boxes have other rows of text; what is in the middle stays there."""
        if self.folding.folds is not None:
            self._anchor = next(iter(self.viewport.in_place(self.emphasis.selected_box)), None)
            self._ask(self.folding.folds)
            self.folds_changed.emit(self.folding.folds)

    def show_findings(self, findings: Sequence[Finding]) -> None:
        """Take other findings of the stage into account."""
        self._findings = tuple(findings)
        self._make_overlays()

    def show_overlays(
        self, names: Sequence[str], more: Sequence[Overlay] = (), columns: Sequence[NumberColumn] = ()
    ) -> None:
        """Lay registered overlays over the graph, then some of this stage, the uppermost last; boxes get columns."""
        had_columns = bool(self._columns)
        self._overlay_names, self._more, self._columns = tuple(names), tuple(more), tuple(columns)
        self._make_overlays()
        if self.scene and had_columns == bool(columns):  # else they come with boxes that have room for them
            self.scene.show_columns(self._columns)
        if had_columns != bool(columns) and self.folding.folds is not None:
            self.readable.keep_one_row(bool(columns))
            if self.readable.is_opening:
                self.viewport.pose = "opening"
            elif self.viewport.pose == "free":
                self._anchor = next(iter(self.viewport.in_place(self.emphasis.selected_box)), None)
            self._ask(None if self.readable.is_opening else self.folding.folds)
        self.surface.update()

    def _make_overlays(self) -> None:
        if self.stage is None:
            self._overlays = ()
            return
        record = StageRecord(self.stage, self.facts, self._findings, trees=self.folding.trees)
        self._overlays = (*made(self._overlay_names, record, self._overlays), *self._more)
        if self.scene:
            self._lay_over(self.scene)

    def _lay_over(self, scene: Scene) -> None:
        """Show the overlays on a scene, unless it does; on one with many boxes as soon as they are found."""
        if scene.overlays.are(self._overlays):
            return
        if scene is self.scene and len(scene.view.box_of) > MANY_LAID_OVER:
            self._jobs.lay_over(scene.view, self._overlays, scene.overlays)
        else:
            scene.overlays = ViewOverlays(scene.view, self._overlays, scene.overlays)
            self.surface.update()

    def on_jobs_laid_over(self, view: View, overlays: ViewOverlays) -> None:
        """Show overlays that were found for what is shown, unless others are wanted by now."""
        if self.scene is not None and self.scene.view is view and overlays.are(self._overlays):
            self.scene.overlays = overlays
            self.surface.update()

    def highlight(self, ids: Iterable[str] | None) -> None:
        """Dim everything but these nodes; None dims nothing. Where the rest is hidden, it stays so, but for None."""
        self.emphasis.highlight(ids)
        if self.is_hiding:
            self.hide_dimmed(ids is not None)

    def hide_dimmed(self, is_hidden: bool) -> None:
        """Show only what is highlighted, or all again."""
        ids = self.emphasis.highlighted
        if self.stage is None or (is_hidden and ids is None) or (not is_hidden and not self.is_hiding):
            return
        if not self.is_hiding:
            self._whole_folds = self.folding.folds
        self._part = part(self.stage, ids) if is_hidden and ids is not None else None
        is_free = self.viewport.pose == "free"
        self._anchor = next(iter(self.viewport.in_place(self.emphasis.selected_box)), None) if is_free else None
        self._ask(None if self._part else self._whole_folds)

    def turn(self, direction: Direction) -> None:
        """Let the picture run downwards or to the right."""
        if direction != self.viewport.direction:
            self.viewport.direction, self.viewport.pose, self._anchor = direction, "opening", None
            self._ask(self.folding.folds)

    def on_box_activated(self, box: Box) -> None:
        """Open or close; go from a stub to its source."""
        source = self.scene.find(box.stub_of) if self.scene and box.stub_of else None
        if source is not None:
            self.selection.choose(source, reveal=True)
        elif not self.folding.toggle(box.id) and box.members:
            self.node_activated.emit(box.members[0])

    def on_folding_asked(self, folds: Folds, anchor: str | None) -> None:
        """Place other folds; the anchor's box stays where it is on screen."""
        if self.scene and anchor in self.scene.box:
            self._anchor = (anchor, self.viewport.on_screen(anchor))
        self._ask(folds)
        self.folds_changed.emit(folds)

    def on_jobs_placed(self, placed: Placed) -> None:
        """Show what was placed, where the eye expects it."""
        before = (self.scene, self.viewport.camera) if self.scene is not None else None
        gone = self.scene or self.surface.leaving
        direction = placed.question.direction
        is_turned, self._shown_direction = direction != self._shown_direction, direction
        placed.scene.show_columns(self._columns)
        self.folding.folds = placed.folds
        self.readable.take(placed.scene)
        self.surface.show_scene(placed.scene)
        self._lay_over(placed.scene)  # where they changed meanwhile
        self._settle(placed.scene, is_first=before is None)
        self.selection.check_box()
        if before is not None and not is_turned:
            self.surface.motion.start(before, (placed.scene, self.viewport.camera), self.viewport.size)
        if gone is not None and len(gone.view.boxes) > MANY:
            for each in gone.many():
                self._disposal.hold(each)
        accessible.tell_changed(self.surface)
        self.laid_out.emit()

    def _settle(self, scene: Scene, is_first: bool) -> None:
        """Look where what stays was, so that only what changed seems to move; else at the opening."""
        known = next((each for each in self._landmarks if each[0] in scene.box), None)
        anchor = known if is_first else self._anchor
        pose = self.viewport.pose
        self.readable.settle()
        self.viewport.pose = pose  # what was seen whole, is
        if anchor:
            self.viewport.hold(*anchor)
        elif self.selection.is_to_reveal and not is_first:
            self.viewport.pose = "free"  # what comes into view next is read at this scale
        elif self.viewport.pose == "fit" and not is_first:
            self.viewport.fit()
        elif self.viewport.pose == "opening" or is_first:
            self.viewport.open()
        self._anchor, self._landmarks = None, [] if is_first else self._landmarks
        if not self.viewport.sees_a_box():
            self.viewport.open()

    def on_jobs_failed(self, message: str) -> None:
        """Write why there is no graph."""
        self.surface.words = message
        self.surface.show_scene(None)
        self.layout_failed.emit(message)

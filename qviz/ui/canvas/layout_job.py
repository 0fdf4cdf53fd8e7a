"""Folds and places away from the window's thread; only the answer to the last question is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal

from qviz.analysis.overlays.on_view import ViewOverlays
from qviz.analysis.overlays.overlay import Overlay
from qviz.analysis.views.hierarchies import Hierarchies
from qviz.analysis.views.projection import Whole
from qviz.analysis.views.view import Box, Folds, View
from qviz.document.snapshot import Facts, Stage
from qviz.errors import QvizError
from qviz.layout.place import Direction, Size
from qviz.layout.places import Places
from qviz.ui.canvas.family import Family, Shared, boxes_to_measure
from qviz.ui.canvas.metrics import measure_in_slices
from qviz.ui.canvas.scene import Scene
from qviz.ui.process.garbage import building

SLICE = 2000
"""Boxes measured between two events: some milliseconds."""


class Question(NamedTuple):
    """What is to be placed; `number` grows with every question. Without a family the stage is placed by itself."""

    number: int
    stage: Stage
    folds: Folds | None
    facts: Mapping[str, Facts]
    family: Family | None
    direction: Direction
    overlays: tuple[Overlay, ...]
    trees: Hierarchies


class _Folded(NamedTuple):
    """What is to be measured and placed: one view, or those of a family under the union's folds."""

    folds: Folds
    view: View | None
    whole: Whole | None

    def boxes(self) -> list[tuple[str, Box]]:
        """Return what is to be measured, with the id that its size is for."""
        if self.whole is not None:
            return boxes_to_measure(self.whole)
        assert self.view is not None
        return [(box.id, box) for box in self.view.boxes]


class Placed(NamedTuple):
    """The answer; `folds` are those asked for, or the graph's opening ones."""

    question: Question
    folds: Folds
    scene: Scene


class LayoutJobs(QObject):
    """Places views in a thread of its own.

    It has no Qt parent, and its thread is Python's: the work at hand keeps it alive when its canvas
    goes. A `QThreadPool` that goes with the canvas would wait for the work, and the work for Python's lock.

    Signals:
        placed: A `Placed`, unless a newer question was asked meanwhile.
        failed: The message of a `QvizError`.
    """

    placed = Signal(object)
    failed = Signal(str)
    _folded = Signal(object, object)
    _laid = Signal(object, object, object)
    _gave_up = Signal(int, str)

    def __init__(self) -> None:
        super().__init__()
        self._number = 0
        self._is_busy = False
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="layout")
        self._folded.connect(self._measure)
        self._laid.connect(self._tell)
        self._gave_up.connect(self._tell_failure)

    @property
    def is_busy(self) -> bool:
        """Whether an answer is still to come."""
        return self._is_busy

    def ask(
        self,
        stage: Stage,
        folds: Folds | None,
        facts: Mapping[str, Facts],
        family: Family | None = None,
        direction: Direction = "down",
        overlays: tuple[Overlay, ...] = (),
        trees: Hierarchies | None = None,
    ) -> None:
        """Begin to place a stage; without folds, those that keep about 60 boxes."""
        self._number += 1
        self._is_busy = True
        question = Question(self._number, stage, folds, facts, family, direction, overlays, trees or Hierarchies())
        self._start(question.number, lambda: self._fold(question))

    def drop(self) -> None:
        """Want no answer to what was asked."""
        self._number += 1
        self._is_busy = False

    def _start(self, number: int, work: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                if number == self._number:
                    with building():
                        work()
            except QvizError as error:
                self._gave_up.emit(number, str(error))
            except Exception as error:  # a thread that dies silently would leave the pane waiting
                self._gave_up.emit(number, f"{type(error).__name__}: {error}")

        self._pool.submit(guarded)

    def _fold(self, question: Question) -> None:
        from qviz.analysis.views.folding import fold, opening
        from qviz.analysis.views.projection import project

        stage, family = question.stage, question.family
        if family is None or not family.has(stage):
            tree = question.trees.of(stage.graph)
            folds = question.folds if question.folds is not None else opening(tree)
            self._folded.emit(question, _Folded(folds, fold(tree, folds, question.facts), None))
            return
        assert family.union is not None
        folds = (
            opening(family.trees.of(family.union.graph))
            if question.folds is None
            else family.to_union(stage, question.folds)
        )
        shared = family.known(folds, question.direction)
        if shared is not None:
            self._answer(question, folds, shared)
        else:
            whole = project(family.union, folds, family.stages, family.facts, family.trees)
            self._folded.emit(question, _Folded(folds, None, whole))

    def _measure(self, question: Question, folded: _Folded) -> None:
        """Measure texts in slices between events: fonts belong to the window's thread."""
        sizes: dict[str, Size] = {}
        self._go_on(question, folded, sizes, measure_in_slices(folded.boxes(), sizes, SLICE))

    def _go_on(self, question: Question, folded: _Folded, sizes: dict[str, Size], slices: Iterator[int]) -> None:
        if question.number != self._number:
            return
        if next(slices, None) is None:
            self._start(question.number, lambda: self._place(question, folded, sizes))
        else:
            QTimer.singleShot(0, self, lambda: self._go_on(question, folded, sizes, slices))

    def _place(self, question: Question, folded: _Folded, sizes: dict[str, Size]) -> None:
        from qviz.layout.choice import engine_for

        if folded.whole is None:
            assert folded.view is not None
            places = engine_for(folded.view, "screen").place(folded.view, sizes, question.direction)
            self._lay(question, folded.folds, folded.view, places)
            return
        assert question.family is not None
        whole = folded.whole
        shared = Shared(whole, engine_for(whole.view, "screen").place(whole.view, sizes, question.direction))
        question.family.keep(folded.folds, question.direction, shared)
        self._answer(question, folded.folds, shared)

    def _answer(self, question: Question, folds: Folds, shared: Shared) -> None:
        """Tell a stage's part of its family's layout."""
        assert question.family is not None
        part = question.family.of_stage(question.stage, shared.whole)
        places = shared.places.part(part.view, part.boxes, part.lines)
        self._lay(question, question.family.of_union(question.stage, folds), part.view, places)

    def _lay(self, question: Question, folds: Folds, view: View, places: Places) -> None:
        """Hand over a scene; what its overlays show is found here, for it takes as long as the lines are many."""
        self._laid.emit(question, folds, Scene(view, places, ViewOverlays(view, question.overlays)))
        if question.family is not None:
            import networkx  # noqa: F401 - it finds the path between stages; imported here, no selection waits for it

    def _tell(self, question: Question, folds: Folds, scene: Scene) -> None:
        if question.number == self._number:
            self._is_busy = False
            self.placed.emit(Placed(question, folds, scene))

    def _tell_failure(self, number: int, message: str) -> None:
        if number == self._number:
            self._is_busy = False
            self.failed.emit(message)

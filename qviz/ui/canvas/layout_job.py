"""Folds and places away from the window's thread; only the answer to the last question is told."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias, TypeVar

import shiboken6
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
from qviz.ui.process.main_thread import main_thread

T = TypeVar("T")

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


@dataclass
class _Turn:
    """The number of the last question, which the thread may look at."""

    number: int = 0


Done: TypeAlias = "tuple[Folds, Scene]"
"""What is open, and the placed scene."""


class LayoutJobs(QObject):
    """Places views in a thread of its own.

    The thread is Python's, and knows neither this object nor the canvas: it never has to be waited for when they go,
    and nothing of Qt is destroyed in it.

    Signals:
        placed: A `Placed`, unless a newer question was asked meanwhile.
        failed: The message of a `QvizError`.
    """

    placed = Signal(object)
    failed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._turn = _Turn()
        self._is_busy = False
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="layout")

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
        self._turn.number += 1
        self._is_busy = True
        number = self._turn.number
        question = Question(number, stage, folds, facts, family, direction, overlays, trees or Hierarchies())
        self._start(number, lambda: _fold(question), lambda jobs, folded: jobs.take_folded(question, folded))

    def drop(self) -> None:
        """Cancel the pending question."""
        self._turn.number += 1
        self._is_busy = False

    def _start(self, number: int, work: Callable[[], T], then: Callable[[LayoutJobs, T], None]) -> None:
        """Run work in the layout thread, and handle its result in the window's thread."""
        turn, post, myself = self._turn, main_thread().post, weakref.ref(self)

        def tell(act: Callable[[LayoutJobs], None]) -> None:
            jobs = myself()
            if jobs is not None and shiboken6.isValid(jobs) and number == turn.number:
                act(jobs)

        def guarded() -> None:
            if number != turn.number:
                return
            try:
                with building():
                    result = work()
            except QvizError as error:
                message = str(error)
            except Exception as error:  # a thread that dies silently would leave the pane waiting
                message = f"{type(error).__name__}: {error}"
            else:
                post(lambda: tell(lambda jobs: then(jobs, result)))
                return
            post(lambda: tell(lambda jobs: jobs.give_up(message)))

        self._pool.submit(guarded)

    def take_folded(self, question: Question, folded: _Folded | Done) -> None:
        """Show what is placed already; else measure texts in slices between events: fonts belong to this thread."""
        if not isinstance(folded, _Folded):
            self.take_placed(question, folded)
            return
        sizes: dict[str, Size] = {}
        self._go_on(question, folded, sizes, measure_in_slices(folded.boxes(), sizes, SLICE))

    def _go_on(self, question: Question, folded: _Folded, sizes: dict[str, Size], slices: Iterator[int]) -> None:
        if question.number != self._turn.number:
            return
        if next(slices, None) is None:
            self._start(
                question.number,
                lambda: _place(question, folded, sizes),
                lambda jobs, done: jobs.take_placed(question, done),
            )
        else:
            QTimer.singleShot(0, self, lambda: self._go_on(question, folded, sizes, slices))

    def take_placed(self, question: Question, done: Done) -> None:
        """Tell what is placed."""
        self._is_busy = False
        self.placed.emit(Placed(question, *done))
        if question.family is not None:
            self._pool.submit(_import_paths)

    def give_up(self, message: str) -> None:
        """Tell that nothing could be placed."""
        self._is_busy = False
        self.failed.emit(message)


def _fold(question: Question) -> _Folded | Done:
    """Fold a stage, alone or with its family; in the thread."""
    from qviz.analysis.views.folding import fold, opening
    from qviz.analysis.views.projection import project

    stage, family = question.stage, question.family
    if family is None or not family.has(stage):
        tree = question.trees.of(stage.whole)
        folds = question.folds if question.folds is not None else opening(tree)
        return _Folded(folds, fold(tree, folds, question.facts), None)
    assert family.union is not None
    folds = (
        opening(family.trees.of(family.union.graph))
        if question.folds is None
        else family.to_union(stage, question.folds)
    )
    shared = family.known(folds, question.direction)
    if shared is not None:
        return _answer(question, folds, shared)
    return _Folded(folds, None, project(family.union, folds, family.stages, family.facts, family.trees))


def _place(question: Question, folded: _Folded, sizes: dict[str, Size]) -> Done:
    """Place what is folded and measured; in the thread."""
    from qviz.layout.choice import engine_for

    if folded.whole is None:
        assert folded.view is not None
        places = engine_for(folded.view, "screen").place(folded.view, sizes, question.direction)
        return folded.folds, _scene(question, folded.view, places)
    assert question.family is not None
    whole = folded.whole
    shared = Shared(whole, engine_for(whole.view, "screen").place(whole.view, sizes, question.direction))
    question.family.keep(folded.folds, question.direction, shared)
    return _answer(question, folded.folds, shared)


def _answer(question: Question, folds: Folds, shared: Shared) -> Done:
    """Return a stage's part of its family's layout."""
    assert question.family is not None
    part = question.family.of_stage(question.stage, shared.whole)
    places = shared.places.part(part.view, part.boxes, part.lines)
    return question.family.of_union(question.stage, folds), _scene(question, part.view, places)


def _scene(question: Question, view: View, places: Places) -> Scene:
    """Return a scene; what its overlays show is found here, for it takes as long as the lines are many."""
    return Scene(view, places, ViewOverlays(view, question.overlays))


def _import_paths() -> None:
    """Import what finds the path between stages, so that no selection waits for it."""
    import networkx  # noqa: F401

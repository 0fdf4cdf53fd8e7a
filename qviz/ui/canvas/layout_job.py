"""Folds and places away from the window's thread; only the answer to the last question is told."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias, TypeVar

import shiboken6
from PySide6.QtCore import QObject, QTimer, Signal

from qviz.analysis.inspecting.columns import NumberColumn
from qviz.analysis.overlays.on_view import ViewOverlays
from qviz.analysis.overlays.overlay import Overlay
from qviz.analysis.views.groups import Hierarchy
from qviz.analysis.views.hierarchies import Hierarchies
from qviz.analysis.views.projection import Whole
from qviz.analysis.views.view import Box, Folds, View
from qviz.document.snapshot import Facts, Stage
from qviz.errors import QvizError
from qviz.layout.engine import LayoutEngine
from qviz.layout.place import Direction, Size
from qviz.layout.places import Places
from qviz.ui.canvas.family import Family, Shared, boxes_to_measure
from qviz.ui.canvas.metrics import TWO_ROWED, BoxForm, measure_in_slices
from qviz.ui.canvas.openings import FEW, LAST, OPENINGS, alike_before, fits, kept, next_after
from qviz.ui.canvas.scene import Scene, SeamBand, prepare
from qviz.ui.process.garbage import building
from qviz.ui.process.main_thread import main_thread

T = TypeVar("T")

SLICE = 250
"""Boxes measured between two events: some milliseconds, of which other threads take their part."""


class Question(NamedTuple):
    """What is to be placed; `number` grows with every question.

    Without a family the stage is placed by itself; without folds what is opened is chosen, and `room` is what it has
    to fit into, in pixels.
    """

    stage: Stage
    folds: Folds | None
    facts: Mapping[str, Facts]
    trees: Hierarchies
    family: Family | None = None
    direction: Direction = "down"
    overlays: tuple[Overlay, ...] = ()
    columns: tuple[NumberColumn, ...] = ()
    form: BoxForm = TWO_ROWED
    room: Size | None = None
    number: int = 0


class _Folded(NamedTuple):
    """What is to be measured and placed: one view, or those of a family under the union's folds.

    Attributes:
        boxes: What is to be measured, with the id that its size is for.
        attempt: Which of the openings it is, where the folds are chosen here.
        is_kept: Whether it is shown though it is too tall: what comes after it says too little.
    """

    folds: Folds
    view: View | None
    whole: Whole | None
    boxes: list[tuple[str, Box]]
    form: BoxForm
    attempt: int
    is_kept: bool = False


class Placed(NamedTuple):
    """The answer; `folds` are those asked for, or the graph's opening ones, and the scene's rows likewise."""

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
        laid_over: A view, and the `ViewOverlays` of it.
    """

    placed = Signal(object)
    failed = Signal(str)
    laid_over = Signal(object, object)

    def __init__(self) -> None:
        super().__init__()
        self._turn = _Turn()
        self._is_busy = False
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="layout")

    @property
    def is_busy(self) -> bool:
        """Whether an answer is still to come."""
        return self._is_busy

    def ask(self, question: Question) -> None:
        """Begin to place a stage; the question gets its number here."""
        self._turn.number += 1
        self._is_busy = True
        asked = question._replace(number=self._turn.number)
        self._start(asked.number, lambda: _fold(asked), lambda jobs, folded: jobs.take_folded(asked, folded))

    def lay_over(self, view: View, overlays: tuple[Overlay, ...], known: ViewOverlays) -> None:
        """Begin to find what overlays show on a view that is placed; `known` are those that it has."""
        post, myself = main_thread().post, weakref.ref(self)

        def tell(found: ViewOverlays | Exception) -> None:
            jobs = myself()
            if isinstance(found, Exception):
                raise found
            if jobs is not None and shiboken6.isValid(jobs):
                jobs.laid_over.emit(view, found)

        def work() -> None:
            found: ViewOverlays | Exception
            try:
                with building():
                    found = ViewOverlays(view, overlays, known)
            except Exception as error:  # raised where the window's are: here nobody would hear of it
                found = error
            post(lambda: tell(found))

        self._pool.submit(work)

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
        self._go_on(question, folded, sizes, measure_in_slices(folded.boxes, sizes, SLICE, folded.form))

    def _go_on(self, question: Question, folded: _Folded, sizes: dict[str, Size], slices: Iterator[int]) -> None:
        if question.number != self._turn.number:
            return
        if next(slices, None) is None:
            self._start(
                question.number,
                lambda: _place(question, folded, sizes),
                lambda jobs, done: jobs.take_folded(question, done),
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


def _fold(question: Question, attempt: int = 0, is_kept: bool = False) -> _Folded | Done:
    """Fold a stage, alone or with its family; in the thread."""
    from qviz.analysis.views.folding import fold

    stage, family = question.stage, question.family
    if family is not None:
        family.join()  # here, in the thread: it takes long
    if family is None or not family.has(stage):
        tree = question.trees.of(stage.whole)
        folds, form, attempt = _chosen(question, tree, attempt)
        view = fold(tree, folds, question.facts)
        return _Folded(folds, view, None, [(box.id, box) for box in view.boxes], form, attempt, is_kept)
    folds, form, attempt = _chosen(question, family.tree, attempt)
    if question.folds is not None:
        folds = family.to_union(stage, question.folds)
    shared = family.known(folds, question.direction, form)
    if shared is not None:
        tried = _Folded(folds, None, shared.whole, [], form, attempt, is_kept)
        if _fits(question, shared.places, tried):
            return _answer(question, folds, shared)
        return _fold(question, *_next_attempt(question, shared.places, tried))
    whole = family.folded(folds)
    return _Folded(folds, None, whole, boxes_to_measure(whole), form, attempt, is_kept)


def _chosen(question: Question, tree: Hierarchy, attempt: int) -> tuple[Folds, BoxForm, int]:
    """Return the folds asked for, or those of an opening, with the form of boxes, and which opening it is.

    Openings that show the same as the one before are passed over.
    """
    from qviz.analysis.views.folding import opening

    if question.folds is not None:
        return question.folds, question.form, attempt
    if question.form.has_columns:
        attempt = max(attempt, 1)  # columns stand in one row
    folds = opening(tree, OPENINGS[attempt].limit)
    while (before := alike_before(attempt)) is not None and folds == opening(tree, before.limit):
        attempt += 1
        folds = opening(tree, OPENINGS[attempt].limit)
    return folds, OPENINGS[attempt].form(question.form.has_columns), attempt


def _place(question: Question, folded: _Folded, sizes: dict[str, Size]) -> _Folded | Done:
    """Place what is folded and measured; in the thread. What does not fit at first is folded more."""
    if folded.whole is None:
        assert folded.view is not None
        places = _engine(folded.view, folded.form).place(folded.view, sizes, question.direction)
        if not _fits(question, places, folded):
            return _fold(question, *_next_attempt(question, places, folded))
        if question.family is not None:
            question.family.ticks(question.stage)  # here, not where it is shown: a large stage has many
        return folded.folds, _scene(question, folded.view, places, folded.form)
    family, whole = question.family, folded.whole
    assert family is not None
    with family.placing:  # the other pane asks for the same
        shared = family.known(folded.folds, question.direction, folded.form)
        if shared is None:
            places = _engine(whole.view, folded.form).place(whole.view, sizes, question.direction)
            shared = Shared(whole, places, folded.form)
            family.keep(folded.folds, question.direction, shared)
    if not _fits(question, shared.places, folded):
        return _fold(question, *_next_attempt(question, shared.places, folded))
    return _answer(question, folded.folds, shared)


def _engine(view: View, form: BoxForm) -> LayoutEngine:
    from qviz.layout.choice import engine_for
    from qviz.layout.spacing import NARROW, ROOMY, TIGHT

    spacing = NARROW if form.is_narrow or form.is_small else TIGHT if form.rows == 1 else ROOMY
    return engine_for(view, "screen", spacing=spacing)


def _fits(question: Question, places: Places, tried: _Folded) -> bool:
    """Return whether a first view is whole on the screen; any other view fits."""
    if question.folds is not None or question.room is None or tried.is_kept:
        return True
    return fits(tried.attempt, tried.form, places.bounds, question.room)


def _next_attempt(question: Question, places: Places, tried: _Folded) -> tuple[int, bool]:
    """Return the opening to try next, and whether it is to be kept: the upper end of a list says more than its box."""
    from qviz.analysis.views.expansion import boxes_shown
    from qviz.analysis.views.folding import opening

    room = question.room
    assert room is not None
    following = next_after(tried.attempt, places.bounds, room)
    if OPENINGS[following].limit < OPENINGS[tried.attempt].limit:
        family, stage = question.family, question.stage
        tree = question.trees.of(stage.whole) if family is None or not family.has(stage) else family.tree
        now = opening(tree, OPENINGS[tried.attempt].limit)
        less = next(
            (each for at in range(following, LAST + 1) if (each := opening(tree, OPENINGS[at].limit)) != now), now
        )
        if boxes_shown(tree, now) >= FEW > boxes_shown(tree, less):
            return kept(tried.attempt, places.bounds, room)
    return following, False


def _answer(question: Question, folds: Folds, shared: Shared) -> Done:
    """Return a stage's part of its family's layout."""
    family, stage = question.family, question.stage
    assert family is not None
    part = family.of_stage(stage, shared.whole)
    places = shared.places.part(part.view, part.boxes, part.lines)
    family.ticks(stage)  # here, too
    number = next(at for at, each in enumerate(family.stages) if each is stage)
    scene = _scene(question, part.view, places, shared.form, shared.bands(number))
    if not folds.has_seams and not scene.is_turned:  # as while changes are shown
        scene.ghosts = family.ghosts(shared)[number]
    return family.of_union(stage, folds), scene


def _scene(question: Question, view: View, places: Places, form: BoxForm, bands: tuple[SeamBand, ...] = ()) -> Scene:
    """Return a scene; what its overlays show is found here, for it takes as long as the lines are many."""
    is_turned = question.direction == "right"
    scene = Scene(view, places, ViewOverlays(view, question.overlays), form.rows, () if is_turned else bands)
    scene.is_turned, scene.is_narrow, scene.is_small = is_turned, form.is_narrow, form.is_small
    scene.show_columns(question.columns)
    prepare(scene)
    return scene


def _import_paths() -> None:
    """Import what finds the path between stages, so that no selection waits for it."""
    import networkx  # noqa: F401

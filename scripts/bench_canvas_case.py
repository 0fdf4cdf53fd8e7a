"""One graph of `scripts/bench canvas`: prints its measurements as JSON (name, value, limit, yardstick)."""

from __future__ import annotations

import gc
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from big_graphs import grown, without_casts
from item_per_node import ItemPerNode
from PySide6.QtCore import QEvent, QEventLoop, Qt, QTimer
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from qviz.analysis.linking.links import link_stages
from qviz.analysis.searching.search import SearchIndex
from qviz.analysis.views.hierarchies import Hierarchies
from qviz.document import codec
from qviz.document.snapshot import Stage
from qviz.ui.canvas.camera import Camera
from qviz.ui.canvas.family import Family
from qviz.ui.canvas.view import GraphCanvas
from qviz.ui.shell.app import import_the_rest, tune

Line = tuple[str, float, float | None, str]
WIDTH, HEIGHT = 1600, 1000
FLAT_UP_TO, ALL_UP_TO, DOT_UP_TO_S = 6_000, 60_000, 120
BEAT_MS = 2
"""Between two looks at the clock; a beat that is late was blocked."""


def ms(act: Callable[[], object]) -> float:
    """Return the milliseconds that something takes."""
    started = time.perf_counter()
    act()
    return (time.perf_counter() - started) * 1000


def peak_memory() -> float:
    """Return the most megabytes that this process has taken."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def waited(is_done: Callable[[], bool], first: Callable[[], object] | None = None) -> float:
    """Run the event loop until something is so; return the milliseconds of its longest block.

    It sleeps between events, as that of the window does: one that spins would take turns with the layout's thread
    at Python's lock, and halve its speed.

    Args:
        is_done: Asked at each beat.
        first: What to do first, in the loop.
    """
    loop, clock = QEventLoop(), QTimer()
    clock.setTimerType(Qt.TimerType.PreciseTimer)
    longest, before = 0.0, time.perf_counter()

    def beat() -> None:
        nonlocal longest, before
        now = time.perf_counter()
        longest, before = max(longest, (now - before) * 1000 - BEAT_MS), now
        if is_done():
            loop.quit()

    if first is not None:
        QTimer.singleShot(0, first)
    clock.timeout.connect(beat)
    clock.start(BEAT_MS)
    loop.exec()
    clock.stop()
    return longest


class Case:
    """A window with one canvas."""

    def __init__(self, application: QApplication, stage: Stage, repeats: int) -> None:
        self.application, self.stage, self.repeats = application, stage, repeats
        self.lines: list[Line] = []
        self.longest = 0.0
        self.trees = Hierarchies()
        self.canvas = self.fresh()

    def fresh(self) -> GraphCanvas:
        """Return an empty canvas on the screen."""
        canvas = GraphCanvas(trees=self.trees)
        canvas.surface.resize(WIDTH, HEIGHT)
        canvas.surface.show()
        return canvas

    def median(self, act: Callable[[], float]) -> float:
        """Return the median of several goes."""
        return statistics.median(act() for _ in range(self.repeats))

    def settle(self, canvas: GraphCanvas, is_painted: bool = True, after: Callable[[], object] | None = None) -> None:
        """Run the event loop until everything is there, and note how long it is blocked.

        Args:
            canvas: What is waited for.
            is_painted: Whether pictures that are finished between events are waited for, too.
            after: What to do first, in the loop.
        """

        def is_settled() -> bool:
            return not canvas.is_busy and (not is_painted or canvas.surface.is_finished)

        self.longest = max(self.longest, waited(is_settled, after))

    def opened(self) -> float:
        """Return the time from a stage to its first picture."""
        canvas = self.fresh()
        self.application.processEvents()

        def act() -> None:
            self.settle(canvas, False, partial(canvas.show_stage, self.stage, {}))
            canvas.surface.grab()

        took = ms(act)
        canvas.surface.close()
        self.canvas.surface.deleteLater()  # as its window would; nothing else ends a widget that has no parent
        self.application.sendPostedEvents(self.canvas.surface, QEvent.Type.DeferredDelete.value)
        self.canvas = canvas
        return took

    def frame(self) -> float:
        """Return the time of painting what the camera sees."""
        return ms(self.canvas.surface.grab)

    def frames(self, scale: float) -> list[float]:
        """Pan at a scale, then zoom in and out around it."""
        canvas = self.canvas
        assert canvas.scene is not None
        canvas.viewport.set_camera(Camera(scale).centred(canvas.scene.bounds, WIDTH, HEIGHT))
        canvas.surface.grab()
        self.settle(canvas)
        found = []
        for step in range(40):
            camera = canvas.viewport.camera
            canvas.viewport.set_camera(
                camera.moved(-31, -47) if step < 30 else camera._replace(scale=camera.scale * 1.03)
            )
            found.append(self.frame())
            self.longest = max(self.longest, ms(self.application.processEvents))
        return found


def sixty_boxes(canvas: GraphCanvas) -> float:
    """Return the time of painting 60 labelled boxes: a chain of operators, painted directly."""
    from qviz.analysis.views.folding import fold
    from qviz.analysis.views.view import Folds
    from qviz.document.graph import Edge, Graph, Kind, Node
    from qviz.layout.graphlay_engine import GraphlayEngine
    from qviz.ui.canvas.exposure import Exposure
    from qviz.ui.canvas.metrics import measure
    from qviz.ui.canvas.painters import GRAPH, paint_all
    from qviz.ui.canvas.scene import Scene

    nodes = tuple(
        Node(
            f"operator_{at}", f"operator_{at}", "call_function", "aten.conv2d.default", Kind.OP, [], {}, "", "", (), {}
        )
        for at in range(60)
    )
    edges = tuple(Edge(f"operator_{at}", f"operator_{at + 1}", 0) for at in range(59))
    view = fold(Graph(nodes, edges, ()), Folds(), {})
    scene = Scene(view, GraphlayEngine().place(view, measure(view)))
    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB32)

    def act() -> None:
        painter = QPainter(image)
        painter.fillRect(image.rect(), canvas.surface.theme().color("canvas"))
        paint_all(GRAPH, painter, Exposure(scene, scene.bounds, 1.0, canvas.surface.theme()))
        painter.end()

    act()
    return statistics.median(ms(act) for _ in range(9))


def measure(stage: Stage, before: Stage, repeats: int) -> list[Line]:
    """Return all measurements of a stage, and of the flip to the one before it."""
    application = QApplication([])
    case = Case(application, stage, repeats)
    count = len(stage.graph.nodes)
    case.opened()  # fonts, imports
    case.settle(case.canvas)
    memory = peak_memory()
    cold: list[float] = []
    for _ in range(repeats):
        gc.collect()
        fresh = Stage(stage.name, type(stage.graph)(stage.graph.nodes, stage.graph.edges, stage.graph.groups), "")
        case.stage = fresh
        cold.append(case.opened())
    case.stage = stage
    case.trees.of(stage.graph)
    warm = case.median(case.opened)
    lines = case.lines
    lines.append(("open to first picture, groups known, ms", warm, 150, "150 ms"))
    lines.append(("the same, groups found then, more ms", statistics.median(cold) - warm, 500, "500 ms"))
    canvas = case.canvas = case.fresh()
    canvas.show_stage(stage, {})
    case.settle(canvas)
    lines.append(("memory with one stage open, MB", memory, 300, "300 MB"))
    _unfold(case)
    index = SearchIndex(stage.graph)
    index.search("kind:quantize dtype:int8")
    for text in ("conv", "kind:quantize dtype:int8", "module:layers"):
        took = case.median(partial(ms, partial(index.search, text)))
        lines.append((f"search {text!r}, ms a keystroke", took, 50, "50 ms"))
    lines.append(("flip to another stage, ms", _flip(case, before), 100, "100 ms"))
    if count <= ALL_UP_TO:
        lines.append(("everything unfolded, drawn after, ms", _unfold_all(case), 2000, "2 s"))
    yards, worst = [sixty_boxes(canvas)], 0.0  # beside the frames: a processor that is shared has slow seconds
    for scale in (1.0, 0.5, 0.3, 0.15, 0.08, 0.04, 0.01):
        worst = max(worst, sorted(case.frames(scale))[38])
        yards.append(sixty_boxes(canvas))
    yard = statistics.median(yards)
    lines.append(("frame of pan and zoom, 95 %, ms", worst, 2 * yard, f"60 labelled boxes: {yard:.2f} ms"))
    _against_items(case, count)
    if count <= FLAT_UP_TO:
        _against_dot(case)
    lines.append(("longest block of the event loop, ms", case.longest, 50, "50 ms"))
    return lines


def _flip(case: Case, before: Stage) -> float:
    """Show the stage before instead of this one and back, what is open staying open."""
    family = Family((before, case.stage), link_stages(before, case.stage), {})
    canvas = case.canvas
    canvas.show_stage(case.stage, {}, None, family)
    case.settle(canvas)

    def act() -> float:
        other = before if canvas.stage is case.stage else case.stage
        folds = canvas.folding.folds
        if family.has(case.stage):
            assert canvas.stage is not None
            assert folds is not None
            folds = family.of_union(other, family.to_union(canvas.stage, folds))

        def flip() -> None:
            case.settle(canvas, False, partial(canvas.show_stage, other, {}, folds, family))
            canvas.surface.grab()

        return ms(flip)

    found = case.median(act)
    canvas.show_stage(case.stage, {})
    case.settle(canvas)
    return found


def _unfold(case: Case) -> None:
    """Unfold the group whose number of items is nearest to 100."""
    groups = [group for group in case.trees.of(case.stage.graph).root.walk() if len(group.items) > 1]
    if not groups:
        return
    group = min(groups, key=lambda each: abs(len(each.items) - 100))
    canvas = case.canvas

    def act() -> float:
        canvas.folding.fold_all()
        case.settle(canvas)
        parts = group.path.split(".")
        for end in range(1, len(parts)):
            path = ".".join(parts[:end])
            assert canvas.scene is not None
            if f"group:{path}" in canvas.scene.box:
                canvas.folding.toggle(path)
                case.settle(canvas)

        def toggle() -> None:
            case.settle(canvas, False, partial(canvas.folding.toggle, group.path))
            canvas.surface.grab()

        return ms(toggle)

    case.lines.append((f"unfold a group of {len(group.items)}, ms", case.median(act), 100, "100 ms"))


def _unfold_all(case: Case) -> float:
    canvas = case.canvas

    def act() -> float:
        canvas.folding.fold_all()
        case.settle(canvas)

        def unfold() -> None:
            case.settle(canvas, False, canvas.folding.unfold_all)
            canvas.surface.grab()

        return ms(unfold)

    return case.median(act)


def _against_items(case: Case, count: int) -> None:
    """Compare with one QGraphicsItem for each node, of the same graph in the same places."""
    canvas = case.canvas
    assert canvas.scene is not None
    items = ItemPerNode(canvas.scene, WIDTH, HEIGHT)
    theirs, worst_of_theirs = statistics.median(items.frame() for _ in range(3)), items.worst_of_zoom()
    items.close()  # its paints would be taken for blocks of ours
    canvas.viewport.fit()
    canvas.surface.grab()
    case.settle(canvas)
    whole = case.median(case.frame)
    limit = theirs / 1000 if count > 40_000 else None
    case.lines.append(("whole graph in view, ms a frame", whole, limit, f"an item per node: {theirs:.0f} ms"))
    worst = 0.0
    scale = canvas.viewport.camera.scale
    while scale < 1.0:
        scale = min(scale * 1.4, 1.0)
        canvas.viewport.zoom_to(scale)
        worst = max(worst, case.frame())
        case.longest = max(case.longest, ms(case.application.processEvents))
    limit = worst_of_theirs / 50 if count > 40_000 else None
    yardstick = f"an item per node: {worst_of_theirs:.0f} ms"
    case.lines.append(("worst frame of a zoom to 100 %, ms", worst, limit, yardstick))


def _against_dot(case: Case) -> None:
    """Compare the layout of everything as one flat graph, its stubs cut, with that of dot."""
    from flat import flat_view, in_dot

    from qviz.layout.frame import framed
    from qviz.layout.graphlay_engine import GraphlayEngine, _place_piece, place_level

    view, sizes = flat_view(case.stage.graph)

    def act() -> float:
        for each in (framed, place_level, _place_piece):
            each.cache_clear()
        return ms(lambda: GraphlayEngine().place(view, sizes))

    ours = case.median(act)
    try:
        theirs = ms(
            lambda: subprocess.run(
                ["dot", "-Tplain"], input=in_dot(view, sizes), capture_output=True, check=True, timeout=DOT_UP_TO_S
            )
        )
    except (subprocess.TimeoutExpired, FileNotFoundError):
        theirs = DOT_UP_TO_S * 1000.0
    case.lines.append(("flat layout, ms", ours, theirs / 8 if len(view.boxes) > 4000 else None, f"dot {theirs:.0f} ms"))


if __name__ == "__main__":
    path, nodes, repeats = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    tune()
    import_the_rest()
    result = codec.load(path)
    shown = result.stage("converted")
    if nodes:
        shown = grown(shown, nodes)
    before = without_casts(shown) if nodes else result.stage("captured")
    print(json.dumps(measure(shown, before, repeats)))

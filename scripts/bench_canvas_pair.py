"""Two panes of `scripts/bench canvas`, on one axis with seams, rail and overlays; prints its measurements as JSON."""

from __future__ import annotations

import gc
import json
import statistics
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec
from bench_canvas_case import HEIGHT, WIDTH, Line, ms, peak_memory, sixty_boxes, waited
from big_graphs import grown, without_casts
from PySide6.QtWidgets import QApplication

from qviz.analysis.linking.links import link_stages
from qviz.analysis.views.group import ModuleGroup
from qviz.document import codec
from qviz.document.graph import Kind
from qviz.document.measurements import Ledger, Measurements, QuantizerNoise
from qviz.document.snapshot import Facts, OperatorSize, Snapshot, Stage
from qviz.session.laid_over import OverlayChoice
from qviz.session.project import Project
from qviz.session.sides import Side
from qviz.ui.canvas.camera import Camera
from qviz.ui.panels.panes import Panes
from qviz.ui.shell.app import import_the_rest, tune
from qviz.ui.theme import theme

SCALES = (0.5, 0.3, 0.15, 0.08, 0.04, 0.01, 1.2, 1.3, 1.0)
"""One row of text in boxes down to the smallest; then over the border to two rows, and with these."""


class Pair:
    """Both panes with the rail beside them."""

    def __init__(self, application: QApplication, repeats: int) -> None:
        self.application, self.repeats, self.longest = application, repeats, 0.0
        self.panes = Panes(theme("light"))
        self.panes.resize(WIDTH, HEIGHT)
        self.panes.show()
        self.canvases = [pane.canvas for pane in self.panes.panes.values()]
        application.processEvents()

    def settle(self, is_painted: bool = True, after: Callable[[], object] | None = None) -> None:
        """Run the event loop until both panes show what they should, and note how long it is blocked."""

        def is_settled() -> bool:
            is_painting = is_painted and not all(each.surface.is_finished for each in self.canvases)
            is_placing = self.panes.laying_over.is_busy or any(each.is_busy for each in self.canvases)
            if is_painted and any(each.readable.is_waiting for each in self.canvases):
                return False
            return not is_painting and not is_placing

        self.longest = max(self.longest, waited(is_settled, after))

    def took(self, act: Callable[[], object]) -> float:
        """Return the time from an act to the first picture of both panes."""

        def shown() -> None:
            self.settle(False, act)
            self.panes.grab()

        return ms(shown)

    def median(self, act: Callable[[], float]) -> float:
        """Return the median of several goes."""
        return statistics.median(act() for _ in range(self.repeats))

    def opened(self, snapshot: Snapshot) -> float:
        """Return the time of opening a result."""
        project = Project.of_snapshot(snapshot)
        took = self.took(lambda: self.panes.show_project(project))
        self.settle()
        return took

    def opened_again(self, snapshot: Snapshot) -> float:
        """Return the time of opening a result whose groups are known, and none of whose layouts."""
        for each in self.canvases:
            each.show_stage(None, {})
        family = self.panes._family  # noqa: SLF001 - nothing but a measurement asks for this
        assert family is not None
        family[2]._shared.clear()  # noqa: SLF001
        family[2]._whole = None  # noqa: SLF001
        return self.opened(snapshot)

    def frames(self, scale: float) -> Iterator[float]:
        """Pan at a scale, then zoom in and out around it, both panes together."""
        canvas = self.panes.panes[Side.RIGHT].canvas
        assert canvas.scene is not None
        size = canvas.viewport.size
        for _ in range(2):  # at first boxes may get other rows of text, and be looked at from nearer
            canvas.viewport.move(Camera(scale).centred(canvas.scene.bounds, size.width(), size.height()))
            self.settle()
        for step in range(40):
            camera = canvas.viewport.camera
            canvas.viewport.move(camera.moved(-31, -47) if step < 30 else camera._replace(scale=camera.scale * 1.03))
            yield ms(self.panes.grab)
            self.longest = max(self.longest, ms(self.application.processEvents))


def measured(snapshot: Snapshot, repeats: int) -> list[Line]:
    """Return all measurements of two panes."""
    application = QApplication([])
    pair = Pair(application, repeats)
    pair.opened(snapshot)  # fonts, imports
    memory = peak_memory()
    found = []
    for _ in range(repeats):
        gc.collect()
        found.append(pair.opened(_copied(snapshot)))
    pair.opened(snapshot)
    warm = pair.median(partial(pair.opened_again, snapshot))
    lines: list[Line] = [
        ("two panes: open, groups known, ms", warm, 150, "150 ms"),
        ("two panes: groups and links of both found then, more ms", statistics.median(found) - warm, None, ""),
        ("two panes: memory, MB", memory, None, ""),
    ]
    right = pair.panes.panes[Side.RIGHT].canvas
    if _groups(pair):
        lines.append(("two panes: expand a group, ms", pair.median(partial(_expanded, pair)), 100, "100 ms"))
    swap = Project.of_snapshot(snapshot)

    def swapped() -> float:
        nonlocal swap
        swap = swap.swapped()
        return pair.took(lambda: pair.panes.show_project(swap))

    lines.append(("two panes: swap, ms", pair.median(swapped), 100, "100 ms"))
    pair.opened(snapshot)
    for choice in OverlayChoice:
        lines += _with_overlay(pair, choice, "")
    pair.panes.lay_over(OverlayChoice.ROLES)
    pair.settle()

    def all_open() -> float:
        right.folding.fold_all()
        pair.settle()
        return pair.took(right.folding.unfold_all)

    lines.append(("two panes: everything expanded, ms", pair.median(all_open), 2000, "2 s"))
    for choice in OverlayChoice:
        lines += _with_overlay(pair, choice, ", all expanded")
    lines.append(("two panes: longest block of the event loop, ms", pair.longest, 50, "50 ms"))
    return lines


def _with_overlay(pair: Pair, choice: OverlayChoice, state: str) -> Iterator[Line]:
    """Yield how long it takes to lay something over both panes, and a frame of pan and zoom with it.

    The yardstick is measured beside the frames: a processor that is shared has slow seconds.
    """
    took = pair.took(lambda: pair.panes.lay_over(choice))
    pair.settle()
    yield f"two panes: {choice.value} laid over{state}, ms", took, None, ""
    canvas = pair.panes.panes[Side.RIGHT].canvas
    yards, worst = [sixty_boxes(canvas)], 0.0
    for scale in SCALES:
        worst = max(worst, sorted(pair.frames(scale))[38])
        yards.append(sixty_boxes(canvas))
    yard = statistics.median(yards)
    words = f"60 labelled boxes: {yard:.2f} ms"
    yield f"two panes: frame of pan and zoom, {choice.value}{state}, 95 %, ms", worst, 2 * yard, words


def _groups(pair: Pair) -> list[ModuleGroup]:
    """Return the groups that have something to expand; a small model may have none."""
    canvas = pair.panes.panes[Side.RIGHT].canvas
    assert canvas.stage is not None
    return [each for each in canvas.folding.trees.of(canvas.stage.whole).root.walk() if len(each.items) > 1]


def _expanded(pair: Pair) -> float:
    """Expand the group whose number of boxes is nearest to 100, both panes closed before."""
    canvas = pair.panes.panes[Side.RIGHT].canvas
    canvas.folding.fold_all()
    pair.settle()
    group = min(_groups(pair), key=lambda each: abs(len(each.items) - 100))
    parts = group.path.split(".")
    for end in range(1, len(parts)):
        canvas.folding.toggle(".".join(parts[:end]))
        pair.settle()
    return pair.took(partial(canvas.folding.toggle, group.path))


def _copied(snapshot: Snapshot) -> Snapshot:
    """Return the same of which nothing is known."""
    stages = (
        Stage(each.name, type(each.graph)(each.graph.nodes, each.graph.edges, each.graph.groups), "")
        for each in snapshot.stages
    )
    return msgspec.structs.replace(snapshot, stages=tuple(stages))


def made(result: Snapshot, nodes: int) -> Snapshot:
    """Return a result of two stages, the later about so large, with numbers of all quantizers; of 0 nodes as it is."""
    if not nodes:
        return result
    after = grown(result.stage("converted"), nodes)
    before = without_casts(after)
    casts = [node for node in after.graph.nodes if node.kind is Kind.QUANTIZE]
    rows = (
        QuantizerNoise(
            node.id, after.name, (node.id,), node.place, "activation", share=1 / len(casts), local_db=25.0 + at % 30
        )
        for at, node in enumerate(casts)
    )
    sizes = {
        node.id: Facts(size=OperatorSize(macs=1000 + at, parameters=at))
        for at, node in enumerate(before.graph.nodes)
        if node.kind is Kind.OP
    }
    ledger = Ledger("estimate", 8, {}, {}, tuple(rows))
    return msgspec.structs.replace(
        result,
        stages=(before, after),
        links=link_stages(before, after),
        facts={before.name: sizes},
        findings=(),
        measurements=Measurements("example inputs", 1, 1, (), ledger=ledger),
    )


if __name__ == "__main__":
    tune()
    import_the_rest()
    print(json.dumps(measured(made(codec.load(Path(sys.argv[1])), int(sys.argv[2])), int(sys.argv[3]))))

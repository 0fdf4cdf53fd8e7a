"""Draws the sheets of docs/images that show one graph of each size: folded and unfolded, far and near."""

from __future__ import annotations

import sys
import time
from functools import partial
from pathlib import Path

from bench_canvas import GENERATED, PATTERN, SOURCES, made
from big_graphs import grown
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFont, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from qviz.document import codec
from qviz.document.graph import Kind
from qviz.document.snapshot import Stage
from qviz.ui.canvas.camera import Camera
from qviz.ui.canvas.fonts import family
from qviz.ui.canvas.view import GraphCanvas
from qviz.ui.shell.app import tune

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
WIDTH, HEIGHT, TITLE = 800, 500, 26
PATIENCE_S = 60


def settle(canvas: GraphCanvas) -> None:
    """Wait until the graph is placed and drawn."""
    end = time.monotonic() + PATIENCE_S
    QTest.qWait(400)  # what moves comes to rest
    while canvas.is_busy or not canvas.surface.is_finished:
        assert time.monotonic() < end, "waited in vain"
        QApplication.processEvents()
        time.sleep(0.01)  # lets the thread of the layout work, as qWait does not


def sheet(stage: Stage, name: str) -> QImage:
    """Return four pictures of a stage on one sheet."""
    canvas = GraphCanvas()
    canvas.surface.resize(WIDTH, HEIGHT)
    canvas.surface.show()
    canvas.show_stage(stage, {})
    settle(canvas)
    image = QImage(2 * WIDTH, 2 * (HEIGHT + TITLE), QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    count = f"{len(stage.graph.nodes):,} nodes"

    def put(column: int, row: int, title: str) -> None:
        settle(canvas)
        x, y = column * WIDTH, row * (HEIGHT + TITLE)
        painter.drawText(QRect(x + 8, y, WIDTH, TITLE), Qt.AlignmentFlag.AlignVCenter, f"{name}, {count}: {title}")
        painter.drawPixmap(x, y + TITLE, canvas.surface.grab())

    put(0, 0, "as it opens")
    near(canvas)
    put(1, 0, "as it opens, near")
    canvas.folding.unfold_all()
    settle(canvas)
    canvas.viewport.fit()
    put(0, 1, "everything unfolded")
    near(canvas)
    put(1, 1, "everything unfolded, near")
    painter.end()
    canvas.surface.close()
    return image


def near(canvas: GraphCanvas) -> None:
    """Show the middle of the graph at 100 %."""
    assert canvas.scene is not None
    boxes = [box.id for box in canvas.scene.view.boxes if box.kind in (Kind.OP, Kind.QUANTIZE)]
    middle = canvas.scene.rect(boxes[len(boxes) // 2])
    canvas.viewport.set_camera(Camera(1.0).centred(middle, WIDTH, HEIGHT))


def main() -> int:
    """Draw all sheets, or those of the graphs named."""
    application = QApplication(sys.argv[:1])
    application.setFont(QFont(family()))
    tune()
    wanted = sys.argv[1:]
    stages = {name: partial(converted, name, source) for name, source in SOURCES.items()}
    for size in GENERATED:
        stages[f"generated {size:,}"] = partial(_grown, size)
    for name, stage in stages.items():
        if not wanted or name in wanted:
            path = IMAGES / f"canvas-{name.replace(' ', '-').replace(',', '')}.png"
            sheet(stage(), name).save(str(path))
            print(path)
    return 0


def _grown(size: int) -> Stage:
    return grown(converted("pattern", PATTERN), size)


def converted(name: str, source: str) -> Stage:
    """Return the converted stage of a bench's model."""
    stage = codec.load(made(name, source)).stage("converted")
    assert stage is not None
    return stage


if __name__ == "__main__":
    sys.exit(main())

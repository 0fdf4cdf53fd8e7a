"""Who paints what: the graph's layers from below; the canvas adds what stands over them.

Another layer is an object with `paint(painter, exposure)` that is appended.
"""

from __future__ import annotations

from qviz.ui.canvas.painters.boxes import BoxPainter, FramePainter, ObserverNumberPainter
from qviz.ui.canvas.painters.chain import Painter, paint_all
from qviz.ui.canvas.painters.edges import EdgePainter, LabelPainter
from qviz.ui.canvas.painters.emphasis import HighlightPainter, SelectionPainter
from qviz.ui.canvas.painters.far import BlockPainter
from qviz.ui.canvas.painters.overlay import OverlayPainter

GRAPH: tuple[Painter, ...] = (
    BlockPainter(),
    FramePainter(),
    EdgePainter(),
    BoxPainter(),
    LabelPainter(),
    HighlightPainter(),
    ObserverNumberPainter(),
    OverlayPainter(),
)
"""The graph itself; what these paint may be kept in tiles."""

SELECTION: tuple[Painter, ...] = (SelectionPainter(),)
"""What changes with every click and move of the pointer."""

__all__ = ["GRAPH", "SELECTION", "Painter", "paint_all"]

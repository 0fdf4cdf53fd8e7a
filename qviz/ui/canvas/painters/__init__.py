"""Who paints what: the graph's layers from below; the canvas adds what stands over them.

Another layer is an object with `paint(painter, exposure)` that is appended.
"""

from __future__ import annotations

from qviz.ui.canvas.painters.bands import BandPainter
from qviz.ui.canvas.painters.boxes import BoxPainter, FramePainter, ObserverNumberPainter, TextPainter
from qviz.ui.canvas.painters.chain import Painter, paint_all
from qviz.ui.canvas.painters.edges import EdgePainter, LabelPainter
from qviz.ui.canvas.painters.emphasis import HighlightPainter, MarkedFramePainter, SelectionPainter
from qviz.ui.canvas.painters.far import BlockPainter
from qviz.ui.canvas.painters.ghosts import GhostCountPainter, GhostPainter, GhostTextPainter
from qviz.ui.canvas.painters.overlay import OverlayPainter, OverlayShapePainter
from qviz.ui.canvas.painters.pinned import PinnedTitlePainter, SeamWordsPainter

SHAPES: tuple[Painter, ...] = (
    BlockPainter(),
    BandPainter(),
    FramePainter(),
    EdgePainter(),
    GhostPainter(),
    BoxPainter(),
    OverlayShapePainter(),
    HighlightPainter(),
)
"""What grows with the zoom; what these paint may be kept in tiles."""

WRITING: tuple[Painter, ...] = (
    MarkedFramePainter(),
    LabelPainter(),
    TextPainter(),
    GhostTextPainter(),
    ObserverNumberPainter(),
    OverlayPainter(),
)
"""Texts and signs, which have one size at every zoom, and under them the frames that stand out."""

LOOSE: tuple[Painter, ...] = (SeamWordsPainter(), PinnedTitlePainter(), GhostCountPainter())
"""Words whose place depends on what is seen around them."""

GRAPH: tuple[Painter, ...] = (*SHAPES, *WRITING, *LOOSE)
"""The graph itself."""

SELECTION: tuple[Painter, ...] = (SelectionPainter(),)
"""What changes with every click and move of the pointer."""

__all__ = ["GRAPH", "LOOSE", "SELECTION", "SHAPES", "WRITING", "Painter", "paint_all"]

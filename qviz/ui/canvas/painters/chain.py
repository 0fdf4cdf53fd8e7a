"""Painters one after the other, each with its layer of the picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtGui import QPainter

from qviz.ui.canvas.exposure import Detail, Exposure


class Painter(Protocol):
    """Paints one layer.

    The painter's units are those of the canvas. What stands on the screen instead goes there with
    `exposure.screen`. A painter leaves the opacity at 1 and the transform as it was.
    """

    def paint(self, painter: QPainter, exposure: Exposure) -> None:
        """Paint what is exposed."""
        ...


class Layers:
    """Several layers as one, smoothed as the graph is."""

    def __init__(self, painters: Sequence[Painter]) -> None:
        self._painters = tuple(painters)

    def paint(self, painter: QPainter, exposure: Exposure) -> None:
        """Paint them all, the lowest first."""
        paint_all(self._painters, painter, exposure)


def paint_all(painters: Sequence[Painter], painter: QPainter, exposure: Exposure) -> None:
    """Paint all layers, the lowest first."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, exposure.detail is not Detail.BLOCKS)
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
    for each in painters:
        each.paint(painter, exposure)
    painter.restore()

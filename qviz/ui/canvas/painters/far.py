"""Paints a scene from far away: blocks of color, from recorded pictures."""

from __future__ import annotations

from PySide6.QtGui import QPainter

from qviz.ui.canvas.exposure import DIMMED, Detail, Exposure


class BlockPainter:
    """All boxes and lines, where shapes cannot be told."""

    def paint(self, painter: QPainter, exposure: Exposure) -> None:
        """Paint blocks, dimmed but for what is highlighted."""
        if exposure.detail is not Detail.BLOCKS:
            return
        blocks, shown = exposure.scene.blocks(exposure.theme), exposure.marks.highlighted
        painter.setOpacity(1.0 if shown is None else DIMMED)
        blocks.draw(painter, exposure.area, exposure.scale)
        painter.setOpacity(1.0)
        if shown is not None:
            blocks.draw_boxes(painter, exposure.scene.numbers(shown, exposure.area))

"""Paints the rows of seams, as bands through both stages: what one of them has not shows as an even ground.

What is written on them keeps to what is seen: `pinned.py`.
"""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from qviz.ui.canvas.exposure import Detail, Exposure

OPEN_ALPHA = 0.55


class BandPainter:
    """Bands of seams, closed and open."""

    def paint(self, painter: QPainter, exposure: Exposure) -> None:
        """Paint the bands in sight, as wide as what is exposed."""
        if exposure.detail is Detail.BLOCKS or not exposure.scene.bands:
            return
        area = exposure.area
        color = QColor(exposure.theme.color("seam"))
        painter.setPen(Qt.PenStyle.NoPen)
        for band in exposure.scene.bands_in(area):
            rect = band.rect
            color.setAlphaF(OPEN_ALPHA if band.is_open else 1.0)
            across = rect if band.is_bounded else area
            painter.fillRect(QRectF(across.left(), rect.top(), across.width(), rect.height()), color)

"""Paints the rows of seams, as bands through both stages: what one of them has not shows as an even ground."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from qviz.ui.canvas.exposure import Detail, Exposure
from qviz.ui.canvas.fonts import subtitle_font
from qviz.ui.canvas.metrics import SEAM_SIGN, SEAM_TEXT
from qviz.ui.canvas.pencil import LEFT

OPEN_ALPHA = 0.55


class BandPainter:
    """Bands of seams, closed and open; in the stage that has it not, an open one says what stands there."""

    def paint(self, painter: QPainter, exposure: Exposure) -> None:
        """Paint the bands in sight, as wide as what is exposed."""
        if exposure.detail is Detail.BLOCKS or not exposure.scene.bands:
            return
        area = exposure.area
        color = QColor(exposure.theme.color("seam"))
        painter.setPen(Qt.PenStyle.NoPen)
        words = []
        for band in exposure.scene.bands_in(area):
            rect = band.rect
            color.setAlphaF(OPEN_ALPHA if band.is_open else 1.0)
            across = rect if band.is_bounded else area
            painter.fillRect(QRectF(across.left(), rect.top(), across.width(), rect.height()), color)
            if band.words and band.is_open:
                words.append((rect, band.words))
        if words and exposure.detail >= Detail.TITLES:
            with exposure.in_pixels(painter):
                painter.setFont(subtitle_font())
                painter.setPen(exposure.theme.color("text.muted"))
                for rect, text in words:
                    place = exposure.on_screen(rect)
                    room = QRectF(place.center().x() + SEAM_TEXT, place.center().y() - 9, 400, 18)
                    painter.drawText(room, LEFT, f"{SEAM_SIGN} {text}")

"""Writes short texts on a layer: each is laid out once, where that looks the same as laying it out in every frame."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPaintEngine, QPainter, QStaticText, QTransform

from qviz.ui.canvas.fonts import font_of, has_all, heights_of, width_of

CENTRE = Qt.AlignmentFlag.AlignCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class _LaidOut(NamedTuple):
    """A text with its size; `above` is how far its base line is from its upper edge."""

    text: QStaticText
    wide: float
    tall: float
    above: float


class Pencil:
    """Writes with a painter whose units are pixels; its transform is not to be scaled meanwhile.

    Where units are larger than pixels, and in vector pictures, Qt lays texts out anew.

    Attributes:
        painter: For all else.
    """

    def __init__(self, painter: QPainter) -> None:
        self.painter = painter
        engine = painter.paintEngine()
        is_raster = engine is not None and engine.type() is QPaintEngine.Type.Raster
        self._is_quick = is_raster and not painter.deviceTransform().isScaling()

    def write(self, text: str, font: QFont, color: QColor, area: QRectF, align: Qt.AlignmentFlag) -> None:
        """Write a text into an area, aligned by one of the constants above; what has no room there is cut."""
        painter = self.painter
        painter.setFont(font)
        painter.setPen(color)
        laid = _laid_out(text, font.pixelSize(), font.bold()) if self._is_quick else None
        if laid is None:
            painter.drawText(area, align, text)
            return
        x, beyond, over = area.x(), area.width() - laid.wide, area.height() - laid.tall
        if align is not LEFT:
            x += beyond if align is RIGHT else beyond / 2
        if beyond < 0 or over < 0:
            painter.save()
            painter.setClipRect(area, Qt.ClipOperation.IntersectClip)
            painter.drawStaticText(QPointF(x, area.y() + over / 2), laid.text)
            painter.restore()
        else:
            painter.drawStaticText(QPointF(x, area.y() + over / 2), laid.text)

    def write_at(self, text: str, font: QFont, color: QColor, start: QPointF) -> None:
        """Write a text from the beginning of its base line on."""
        painter = self.painter
        painter.setFont(font)
        painter.setPen(color)
        laid = _laid_out(text, font.pixelSize(), font.bold()) if self._is_quick else None
        if laid is None:
            painter.drawText(start, text)
        else:
            painter.drawStaticText(QPointF(start.x(), start.y() - laid.above), laid.text)


@lru_cache(maxsize=16384)
def _laid_out(text: str, pixels: int, bold: bool) -> _LaidOut | None:
    """Return a text as it is drawn; None where other fonts help out, whose lines have other heights."""
    if not has_all(text, bold):
        return None
    laid = QStaticText(text)
    laid.setTextFormat(Qt.TextFormat.PlainText)
    laid.prepare(QTransform(), font_of(pixels, bold))
    tall, above = heights_of(pixels, bold)
    return _LaidOut(laid, width_of(text, pixels, bold), tall, above)

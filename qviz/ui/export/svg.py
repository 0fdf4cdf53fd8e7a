"""Pictures as SVG, whose text stays text."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QIODevice, QRectF
from PySide6.QtGui import QPainter
from PySide6.QtSvg import QSvgGenerator

from qviz.ui.canvas.fonts import family
from qviz.ui.export.picture import Picture


def encode(picture: Picture) -> bytes:
    """Return the bytes of an SVG; the scale does not matter to it."""
    size = picture.size
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(size.toSize())
    generator.setViewBox(QRectF(0, 0, size.width(), size.height()))
    # At 72 dots per inch one logical pixel is one unit of the file.
    generator.setResolution(72)
    generator.setTitle(picture.title)
    generator.setDescription(picture.subtitle)
    painter = QPainter(generator)
    try:
        picture.draw(painter)
    finally:
        painter.end()
    return _with_fallbacks(bytes(buffer.data().data()))


def _with_fallbacks(data: bytes) -> bytes:
    """Name other families too: a reader's machine may not have Inter."""
    shipped = f'font-family="{family()}"'.encode()
    return data.replace(shipped, f'font-family="{family()}, Helvetica, Arial, sans-serif"'.encode())

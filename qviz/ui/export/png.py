"""Pictures as PNG."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QImage, QImageWriter, QPainter

from qviz.errors import QvizError
from qviz.ui.export.picture import Picture
from qviz.words import tr

LONGEST = 32_000
MOST = 400_000_000
"""Pixels; more does not fit into the memory of a usual machine."""


def encode(picture: Picture) -> bytes:
    """Return the bytes of a PNG.

    Raises:
        QvizError: It would be too large.
    """
    size = picture.size
    wide, tall = round(size.width() * picture.scale), round(size.height() * picture.scale)
    if max(wide, tall) > LONGEST or wide * tall > MOST:
        raise QvizError(
            tr("The picture would have {width} × {height} pixels", width=wide, height=tall),
            tr("Export an SVG, use a smaller scale, or collapse more groups."),
            option="--scale, --depth",
        )
    image = QImage(wide, tall, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    try:
        painter.scale(picture.scale, picture.scale)
        picture.draw(painter)
    finally:
        painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, QByteArray(b"png"))
    if not writer.write(image):
        raise QvizError(
            tr("Qt could not write the PNG: {error}", error=writer.errorString()), tr("Use a smaller scale.")
        )
    return bytes(buffer.data().data())

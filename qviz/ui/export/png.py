"""Pictures as PNG."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
from PySide6.QtGui import QImage, QImageWriter, QPainter

from qviz.errors import QvizError
from qviz.ui.export.picture import Picture
from qviz.words import tr

LONGEST = 32_000
MOST = 400_000_000
"""Pixels; more does not fit into the memory of a usual machine."""
PER_METRE = 96 / 0.0254
"""Pixels of a picture at scale 1, so that one of another scale is as large on paper."""


def pixels(picture: Picture) -> QSize:
    """Return the size of the image.

    Raises:
        QvizError: It would be too large.
    """
    size, scale = picture.size, picture.look.scale
    wide, tall = round(size.width() * scale), round(size.height() * scale)
    if max(wide, tall) > LONGEST or wide * tall > MOST:
        raise QvizError(
            tr("The picture would have {width} × {height} pixels", width=wide, height=tall),
            tr("Export an SVG, use a smaller scale, or collapse more groups."),
            option="--scale, --depth",
        )
    return QSize(wide, tall)


def image(picture: Picture) -> QImage:
    """Return the picture as an image.

    Raises:
        QvizError: It would be too large.
    """
    size, scale = pixels(picture), picture.look.scale
    made = QImage(size, QImage.Format.Format_ARGB32 if picture.look.is_clear else QImage.Format.Format_RGB32)
    if picture.look.is_clear:
        made.fill(Qt.GlobalColor.transparent)
    made.setDotsPerMeterX(round(PER_METRE * scale))
    made.setDotsPerMeterY(round(PER_METRE * scale))
    painter = QPainter(made)
    try:
        painter.scale(scale, scale)
        picture.draw(painter)
    finally:
        painter.end()
    return made


def encode(picture: Picture) -> bytes:
    """Return the bytes of a PNG that says what it shows.

    Raises:
        QvizError: It would be too large.
    """
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, QByteArray(b"png"))
    for key, text in picture.identity.items():
        writer.setText(key, text)
    if not writer.write(image(picture)):
        raise QvizError(
            tr("Qt could not write the PNG: {error}", error=writer.errorString()), tr("Use a smaller scale.")
        )
    return bytes(buffer.data().data())

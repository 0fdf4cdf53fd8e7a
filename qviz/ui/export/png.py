"""Pictures as PNG."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QPainter

from qviz.errors import QvizError
from qviz.ui.export.picture import Picture
from qviz.words import tr

LONGEST = 32_000
MOST = 400_000_000
"""Pixels; more does not fit into the memory of a usual machine."""
SIGN = b"\x89PNG\r\n\x1a\n"
LEVEL = 6
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
    return packed(image(picture), picture.identity)


def packed(image: QImage, identity: Mapping[str, str]) -> bytes:
    """Return an image as a PNG; needs no fonts, and lets other threads work meanwhile.

    Written by hand: Qt's takes five times as long for pictures that are mostly flat, and its bytes change with the
    version of its library.
    """
    is_clear = image.hasAlphaChannel()
    plain = image.convertToFormat(QImage.Format.Format_RGBA8888 if is_clear else QImage.Format.Format_RGB888)
    wide, tall, step = plain.width(), plain.height(), plain.bytesPerLine()
    row, bits, packer = wide * (4 if is_clear else 3), plain.constBits(), zlib.compressobj(LEVEL)
    rows = [packer.compress(b"\0" + bits[start : start + row]) for start in range(0, tall * step, step)]
    head = struct.pack(">IIBBBBB", wide, tall, 8, 6 if is_clear else 2, 0, 0, 0)
    dense = struct.pack(">IIB", image.dotsPerMeterX(), image.dotsPerMeterY(), 1)
    texts = (_chunk(b"iTXt", key.encode() + b"\0\0\0\0\0" + text.encode()) for key, text in identity.items())
    parts = (_chunk(b"IHDR", head), _chunk(b"pHYs", dense), *texts)
    return b"".join((SIGN, *parts, _chunk(b"IDAT", b"".join((*rows, packer.flush()))), _chunk(b"IEND", b"")))


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

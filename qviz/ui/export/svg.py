"""Pictures as SVG, whose text stays text."""

from __future__ import annotations

import re
from html import unescape

from PySide6.QtCore import QBuffer, QIODevice, QRectF
from PySide6.QtGui import QPainter
from PySide6.QtSvg import QSvgGenerator

from qviz.ui.canvas.fonts import family, width_of
from qviz.ui.export.picture import Picture
from qviz.words.visible import well_formed

BOLD = 600
_TEXT = re.compile(r'<text ([^>]*?font-size="(\d+)" font-weight="(\d+)"[^>]*)>([^<]*)</text>')


def encode(picture: Picture) -> bytes:
    """Return the bytes of an SVG; the scale does not matter to it."""
    size = picture.size
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator(QSvgGenerator.SvgVersion.Svg11)  # the other version knows no clipping
    generator.setOutputDevice(buffer)
    generator.setSize(size.toSize())
    generator.setViewBox(QRectF(0, 0, size.width(), size.height()))
    # Readers show 96 dots per inch: so one logical pixel is one of theirs.
    generator.setResolution(96)
    generator.setTitle(picture.title)
    generator.setDescription("\n".join(f"{key}: {text}" for key, text in picture.identity.items()))
    painter = QPainter(generator)
    try:
        picture.draw(painter)
    finally:
        painter.end()
    return _for_any_reader(well_formed(bytes(buffer.data().data()).decode())).encode()


def _for_any_reader(text: str) -> str:
    """Name other families too, and hold each text's width: a reader's machine may not have Inter."""
    named = text.replace(f'font-family="{family()}"', f'font-family="{family()}, Helvetica, Arial, sans-serif"')
    return _TEXT.sub(_held, named)


def _held(found: re.Match[str]) -> str:
    opening, size, weight, words = found.groups()
    length = width_of(unescape(words), int(size), int(weight) >= BOLD)
    return f'<text textLength="{length:.2f}" lengthAdjust="spacingAndGlyphs" {opening}>{words}</text>'

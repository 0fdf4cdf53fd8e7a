"""The fonts of the canvas: the shipped Inter, so that a picture looks and measures the same everywhere."""

from __future__ import annotations

from functools import cache, lru_cache

from PySide6 import QtCore
from PySide6.QtGui import QFont, QFontDatabase, QFontMetricsF

from qviz.assets import asset

FACES = ("fonts/Inter-Regular.otf", "fonts/Inter-Bold.otf")


@cache
def family() -> str:
    """Return the family of the shipped font; needs a QGuiApplication."""
    found = ""
    for face in FACES:
        number = QFontDatabase.addApplicationFont(str(asset(face)))
        families = QFontDatabase.applicationFontFamilies(number) if number >= 0 else []
        found = found or (families[0] if families else "")
    return found or QFont().family()


def _font(pixels: int, bold: bool = False) -> QFont:
    font = QFont(family())
    font.setPixelSize(pixels)
    font.setBold(bold)
    # Hinting rounds each letter's width, and zoomed text would not fit its box.
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


@cache
def heading_font() -> QFont:
    """Return the font of a picture's title."""
    return _font(18, bold=True)


@cache
def title_font() -> QFont:
    """Return the font of a box's title."""
    return _font(12, bold=True)


@cache
def subtitle_font() -> QFont:
    """Return the font of a box's second row, of stubs and of constants."""
    return _font(11)


@cache
def group_font() -> QFont:
    """Return the font of an open group's title."""
    return _font(11, bold=True)


@cache
def label_font() -> QFont:
    """Return the font of the labels of lines and of badges."""
    return _font(11)


@cache
def badge_font() -> QFont:
    """Return the font of the numbers in rings."""
    return _font(10, bold=True)


@lru_cache(maxsize=65536)
def width_of(text: str, pixels: int, bold: bool) -> float:
    """Return the width of a text in pixels of the canvas."""
    return _metrics(pixels, bold).horizontalAdvance(text)


def width(text: str, font: QFont) -> float:
    """Return the width of a text in one of the fonts above."""
    return width_of(text, font.pixelSize(), font.bold())


@lru_cache(maxsize=65536)
def _elided(text: str, pixels: int, bold: bool, room: int) -> str:
    return _metrics(pixels, bold).elidedText(text, QtCore.Qt.TextElideMode.ElideMiddle, room)


def elided(text: str, font: QFont, room: float) -> str:
    """Return the text, shortened in its middle where it needs more than `room`."""
    return _elided(text, font.pixelSize(), font.bold(), int(room) + 1)


@cache
def _metrics(pixels: int, bold: bool) -> QFontMetricsF:
    return QFontMetricsF(_font(pixels, bold))

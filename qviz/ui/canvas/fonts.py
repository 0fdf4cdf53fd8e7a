"""The fonts of the canvas: the shipped Inter, so that a picture looks and measures the same everywhere."""

from __future__ import annotations

from functools import cache, lru_cache

from PySide6 import QtCore
from PySide6.QtGui import QFont, QFontDatabase, QFontMetricsF, QRawFont

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


def font_of(pixels: int, bold: bool = False) -> QFont:
    """Return the font of a size; needs a QGuiApplication."""
    font = QFont(family())
    font.setPixelSize(pixels)
    font.setBold(bold)
    # Hinting rounds each letter's width, and zoomed text would not fit its box.
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


@cache
def heading_font() -> QFont:
    """Return the font of a picture's title."""
    return font_of(18, bold=True)


@cache
def title_font() -> QFont:
    """Return the font of a box's title."""
    return font_of(12, bold=True)


@cache
def subtitle_font() -> QFont:
    """Return the font of a box's second row, of stubs and of constants."""
    return font_of(11)


@cache
def group_font() -> QFont:
    """Return the font of an open group's title."""
    return font_of(11, bold=True)


@cache
def label_font() -> QFont:
    """Return the font of the labels of lines and of badges."""
    return font_of(11)


@cache
def badge_font() -> QFont:
    """Return the font of the numbers in rings."""
    return font_of(10, bold=True)


@lru_cache(maxsize=65536)
def width_of(text: str, pixels: int, bold: bool) -> float:
    """Return the width of a text in pixels of the canvas."""
    return _metrics(pixels, bold).horizontalAdvance(text)


@cache
def heights_of(pixels: int, bold: bool) -> tuple[float, float]:
    """Return the height of a line, and how far its base line is from its upper edge."""
    return _metrics(pixels, bold).height(), _metrics(pixels, bold).ascent()


def has_all(text: str, bold: bool) -> bool:
    """Return whether the shipped font has every character of a text."""
    return all(_has(character, bold) for character in text)


@cache
def _has(character: str, bold: bool) -> bool:
    return _raw(bold).supportsCharacter(ord(character))


@cache
def _raw(bold: bool) -> QRawFont:
    return QRawFont.fromFont(font_of(12, bold))  # metrics say so of characters that other fonts have, too


def width(text: str, font: QFont) -> float:
    """Return the width of a text in one of the fonts above."""
    return width_of(text, font.pixelSize(), font.bold())


@lru_cache(maxsize=65536)
def _elided(text: str, pixels: int, bold: bool, room: int) -> str:
    return _metrics(pixels, bold).elidedText(text, QtCore.Qt.TextElideMode.ElideMiddle, room)


def elided(text: str, font: QFont, room: float) -> str:
    """Return the text, shortened in its middle where it needs more than `room`."""
    if width(text, font) <= room:
        return text  # as most are: while the user zooms, each frame has other rooms
    return _elided(text, font.pixelSize(), font.bold(), int(room) + 1)


@cache
def _metrics(pixels: int, bold: bool) -> QFontMetricsF:
    return QFontMetricsF(font_of(pixels, bold))

"""Writes what stays in sight while the picture moves: the words of seams, and titles of frames wider than the pane."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import islice

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from qviz.analysis.views.view import SEAM, Box
from qviz.layout.hierarchy import SEAM_SPINE
from qviz.ui.canvas import metrics
from qviz.ui.canvas.exposure import Detail, Exposure
from qviz.ui.canvas.fonts import elided, subtitle_font, width
from qviz.ui.canvas.frame_title import draw_frame_title, frame_bar, frame_title
from qviz.ui.canvas.painters.boxes import AROUND_TITLE
from qviz.ui.canvas.pencil import LEFT
from qviz.ui.canvas.scene import SeamBand

EDGE = 10.0
"""Pixels from the edge of what is seen to words that are kept in it."""
BEFORE_LINE = 12.0
"""From words left of a seam's line to the line."""
NEAR_BAR = 60.0
"""Pixels from the upper edge of a frame to where nothing of its title can be."""


class SeamWordsPainter:
    """What a seam is, right of its line or wherever it can be read; an open one is named in the stage beside."""

    def paint(self, painter: QPainter, exposure: Exposure) -> None:
        """Write the words of the bands in sight."""
        scene, area = exposure.scene, exposure.area
        if exposure.detail < Detail.TITLES or not scene.bands:
            return
        theme, font = exposure.theme, subtitle_font()
        with exposure.in_pixels(painter) as pencil:
            for band in scene.bands_in(area):
                words, line = _told(exposure, band)
                if not words:
                    continue
                across = exposure.on_screen(band.rect if band.is_bounded else area)
                text, left = seam_words(words, line, across.left() + EDGE, across.right() - EDGE)
                middle = exposure.on_screen(band.rect).center().y()
                room = QRectF(left, middle - 9.0, width(text, font) + 2.0, 18.0)
                exposure.dim(painter, SEAM + band.seam)
                if left < line + metrics.SEAM_TEXT - SEAM_SPINE:  # what runs there goes under the words
                    painter.fillRect(room.adjusted(-3.0, 3.0, 3.0, -3.0), theme.color("seam"))
                pencil.write(text, font, theme.color("text.muted"), room, LEFT)
        painter.setOpacity(1.0)


def _told(exposure: Exposure, band: SeamBand) -> tuple[tuple[str, ...], float]:
    """Return what is written on a band, the fullest first, and in pixels where the line runs that it stands beside."""
    if band.words:
        middle = exposure.on_screen(band.rect).center().x()
        return ((band.words,) if band.is_open else ()), middle + SEAM_SPINE
    box = None if band.is_open else exposure.scene.box.get(SEAM + band.seam)
    if box is None:
        return (), 0.0
    return tuple(filter(None, (box.title, box.note))), exposure.on_screen(exposure.rect(box.id)).left() + SEAM_SPINE


def seam_words(words: tuple[str, ...], line: float, left: float, right: float) -> tuple[str, float]:
    """Return what is written on a band and where it begins: right of its line, else left of it, all of it in sight.

    Args:
        words: What it may say, the fullest first.
        line: Where the line runs that the band belongs to.
        left: Where what is seen begins.
        right: Where it ends.
    """
    font, beside = subtitle_font(), line + metrics.SEAM_TEXT - SEAM_SPINE
    for each in words:
        text = f"{metrics.SEAM_SIGN} {each}"
        start = max(beside, left)
        if start + width(text, font) <= right:
            return text, start
        before = min(line - BEFORE_LINE, right) - width(text, font)
        if before >= left:
            return text, before
    return elided(f"{metrics.SEAM_SIGN} {words[-1]}", font, right - left), left


class PinnedTitlePainter:
    """The titles of frames of which a side is out of sight, at the edge of what is seen."""

    def paint(self, painter: QPainter, exposure: Exposure) -> None:
        """Write them over what is seen of those that move along."""
        sight = exposure.on_screen(exposure.area)
        whole = exposure.on_screen(exposure.scene.bounds)
        is_whole = sight.left() <= whole.left() and whole.right() <= sight.right()
        if exposure.detail < Detail.TITLES or exposure.screen is None or is_whole:
            return
        found = [*_cut(exposure)]
        if not found:
            return
        theme, scale = exposure.theme, exposure.scale
        with exposure.in_pixels(painter) as pencil:
            for box in found:
                rect = exposure.on_screen(exposure.rect(box.id))
                if not frame_bar(rect, scale).adjusted(*AROUND_TITLE).intersects(sight):
                    continue
                left, right = max(rect.left(), sight.left()), min(rect.right(), sight.right())
                for plate in frame_title(box, rect, scale).plates:
                    painter.fillRect(plate.intersected(sight), theme.color("canvas"))
                draw_frame_title(pencil, box, QRectF(left, rect.top(), right - left, rect.height()), scale, theme)


def _cut(exposure: Exposure) -> Iterator[Box]:
    """Yield the groups with a side out of sight whose titles may be seen; it looks at none above or below."""
    area, near, frames = exposure.area, NEAR_BAR / exposure.scale, exposure.scene.frames
    left, right = area.left(), area.right()
    first, last = bisect_left(frames, (area.top() - near,)), bisect_left(frames, (area.bottom() + near,))
    for _, box_id, begin, end in islice(frames, first, last):
        if (begin < left or end > right) and begin < right and end > left:
            yield exposure.scene.box[box_id]

"""Where the window looks: arithmetic alone, without widgets."""

from __future__ import annotations

from math import floor
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF

SMALLEST = 0.0002
LARGEST = 4.0
READABLE = 0.58
"""The smallest scale at which names can be read."""
MARGIN = 18.0
"""Pixels of the screen around what was fitted."""
FOOT = 44.0
"""Pixels at the lower end of the screen that stay free for what is told there."""


def whole_pixel(place: float) -> int:
    """Return the pixel of the screen nearest to a place; a half is the next one, so that a push moves all alike."""
    return floor(place + 0.5 + 1e-6)


class Camera(NamedTuple):
    """A place on the screen is (a place on the canvas - (x, y)) * scale."""

    scale: float = 1.0
    x: float = 0.0
    y: float = 0.0

    def to_canvas(self, point: QPointF) -> QPointF:
        """Return the place on the canvas of a place on the screen."""
        return QPointF(point.x() / self.scale + self.x, point.y() / self.scale + self.y)

    def to_screen(self, point: QPointF) -> QPointF:
        """Return the place on the screen of a place on the canvas."""
        return QPointF((point.x() - self.x) * self.scale, (point.y() - self.y) * self.scale)

    def sight(self, width: float, height: float) -> QRectF:
        """Return the area of the canvas that a screen of this size shows."""
        return QRectF(self.x, self.y, width / self.scale, height / self.scale)

    def moved(self, right: float, down: float) -> Camera:
        """Return the camera after the picture was pushed by so many pixels of the screen."""
        return Camera(self.scale, self.x - right / self.scale, self.y - down / self.scale)

    def zoomed(self, factor: float, at: QPointF) -> Camera:
        """Return the camera with a larger or smaller scale; the place under `at` stays there."""
        return self.scaled(self.scale * factor, at)

    def scaled(self, scale: float, at: QPointF) -> Camera:
        """Return the camera with this scale, within the limits; the place under `at` stays there."""
        scale = min(max(scale, SMALLEST), LARGEST)
        fixed = self.to_canvas(at)
        return Camera(scale, fixed.x() - at.x() / scale, fixed.y() - at.y() / scale)

    def along(self, before: Camera, after: Camera) -> Camera:
        """Return the camera after the push and zoom on screen that took another camera from `before` to `after`."""
        scale = min(max(self.scale * after.scale / before.scale, SMALLEST), LARGEST)
        right, down = (before.x - after.x) * after.scale, (before.y - after.y) * after.scale
        return Camera(scale, self.x - right / scale, self.y - down / scale)

    def centred(self, area: QRectF, width: float, height: float) -> Camera:
        """Return the camera with the middle of an area in the middle of the screen."""
        middle = area.center()
        return Camera(self.scale, middle.x() - width / self.scale / 2, middle.y() - height / self.scale / 2)

    def revealing(self, area: QRectF, width: float, height: float) -> Camera:
        """Return the camera itself where it shows the area, else the one with the area in its middle."""
        edge, foot = MARGIN / self.scale, FOOT / self.scale
        sight = self.sight(width, height).adjusted(edge, edge, -edge, -foot)
        return self if sight.contains(area) else self.centred(area, width, height)


def opening(
    area: QRectF,
    first: QRectF,
    width: float,
    height: float,
    is_turned: bool = False,
    largest: float = 1.0,
    beginning: float = 1.0,
) -> Camera:
    """Return where to look first: at everything, or where that could not be read, at the beginning.

    Args:
        area: All of the picture.
        first: The first box, which stays in sight where the width does not fit either.
        width: Of the screen.
        height: Of the screen.
        is_turned: Whether the picture runs from left to right, and so begins there; else at the top.
        largest: The scale of a picture that needs less than the screen.
        beginning: The largest scale of one of which only the beginning is seen.
    """
    whole = fitting(area, width, height, largest)
    if whole.scale >= READABLE:
        return whole
    if is_turned:
        scale, y, x = _beginning(_turned(area), _turned(first), height, beginning)
        return Camera(scale, x, y)
    return _beginning(area, first, width, beginning)


def _beginning(area: QRectF, first: QRectF, width: float, largest: float) -> Camera:
    """Return the camera that shows the upper end of an area as wide as can be read."""
    beside = max(width - 2 * MARGIN, 1.0) / max(area.width(), 1.0)
    camera = Camera(min(max(beside, READABLE), largest))
    sight, edge = width / camera.scale, MARGIN / camera.scale
    left = area.center().x() - sight / 2
    if area.width() > sight:  # nothing is looked at beyond the area's ends
        most = area.right() + edge - sight
        left = min(max(first.center().x() - sight / 2, area.left() - edge), most)
    return Camera(camera.scale, left, area.top() - edge)


def _turned(area: QRectF) -> QRectF:
    return QRectF(area.y(), area.x(), area.height(), area.width())


def fitting(area: QRectF, width: float, height: float, largest: float = 1.0) -> Camera:
    """Return the camera that shows a whole area in the middle above the foot, never larger than `largest`."""
    wide, tall = max(width - 2 * MARGIN, 1.0), max(height - MARGIN - FOOT, 1.0)
    scale = min(wide / max(area.width(), 1.0), tall / max(area.height(), 1.0), largest)
    return Camera(min(max(scale, SMALLEST), LARGEST)).centred(area, width, height - (FOOT - MARGIN))

"""Finds room for a few words beside a box."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias
from weakref import WeakKeyDictionary

from PySide6.QtCore import QRectF, QSizeF

from qviz.ui.canvas.exposure import Exposure
from qviz.ui.canvas.scene import Scene

FreeSide: TypeAlias = Literal["left", "right", "below"]
AWAY = 8.0
"""Pixels from the box to the words."""
MOST_KNOWN = 2000
"""Places of a scene of which it is known whether they are free."""
_free: WeakKeyDictionary[Scene, dict[tuple[float, float, float, float], bool]] = WeakKeyDictionary()


class FreeRoom(NamedTuple):
    """Where words may stand; `rect` is in pixels, as `Exposure.in_pixels` has them."""

    side: FreeSide
    rect: QRectF


def free_room(
    exposure: Exposure, around: QRectF, size: QSizeF, taken: list[QRectF], is_below: bool = False
) -> FreeRoom | None:
    """Return the first place beside a box, and if wanted below it, in sight and free; it is taken then.

    Args:
        exposure: What is seen.
        around: The box, in units of the canvas.
        size: Of the words, in pixels.
        taken: Places in pixels that hold other words.
        is_below: Whether they may stand below.
    """
    scale, area = exposure.scale, exposure.area
    for side, rect in _candidates(exposure.on_screen(around), size, is_below):
        room = QRectF(rect.x() / scale, rect.y() / scale, rect.width() / scale, rect.height() / scale)
        if room.left() < area.left() or room.right() > area.right():
            continue
        if not any(map(rect.intersects, taken)) and _is_free(exposure, room):
            taken.append(rect)
            return FreeRoom(side, rect)
    return None


def _is_free(exposure: Exposure, room: QRectF) -> bool:
    """Return whether no box stands somewhere; each frame of a pan asks for the same places."""
    known = _free.setdefault(exposure.scene, {})
    key = None if exposure.moving is not None else (room.x(), room.y(), room.width(), room.height())
    found = known.get(key) if key is not None else None
    if found is None:
        boxes = (box for box in exposure.scene.visible(room).boxes if not box.is_open and not box.is_seam)
        found = not any(exposure.rect(box.id).intersects(room) for box in boxes)
        if key is not None:
            if len(known) > MOST_KNOWN:
                known.clear()
            known[key] = found
    return found


def _candidates(rect: QRectF, size: QSizeF, is_below: bool) -> Iterator[tuple[FreeSide, QRectF]]:
    wide, tall = size.width(), size.height()
    heights = (rect.center().y() - tall / 2, rect.bottom() - tall, rect.top())
    for y in heights:
        yield "left", QRectF(rect.left() - wide - AWAY, y, wide, tall)
    for y in heights:
        yield "right", QRectF(rect.right() + AWAY, y, wide, tall)
    if is_below:
        yield "below", QRectF(rect.left() + AWAY, rect.bottom() + 1.0, wide, tall)

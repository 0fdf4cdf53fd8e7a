"""What fits into a window of some size: which panels stand, and which give way to the graph."""

from __future__ import annotations

from typing import NamedTuple

SMALLEST = 1024, 640
"""The smallest window, in logical pixels."""
LARGEST_AT_FIRST = 1600, 1000
"""A window that was never shown before is not larger."""
SHARE_OF_SCREEN = 0.9
"""Of the free screen that it takes at most."""
_LARGE_TEXT = 1.3
"""Above this scale of the text everything needs more room, and gives way sooner."""


class Room(NamedTuple):
    """How much room there is.

    Attributes:
        has_left: The left panel stands beside its rail's place; else the rail does.
        has_inspector: The inspector stands always; else it opens with the selection.
        has_both_panes: Both panes fit beside an inspector that opened.
        has_bottom: The bottom may start open.
        has_legend: The legend stands below the graph; else a button opens it.
    """

    has_left: bool
    has_inspector: bool
    has_both_panes: bool
    has_bottom: bool
    has_legend: bool


def room_in(width: int, height: int, text_scale: float = 1.0) -> Room:
    """Return what fits into a window of this size.

    Args:
        width: Of the window, in logical pixels.
        height: Of the window, in logical pixels.
        text_scale: 1 for text of the usual size.
    """
    by = text_scale if text_scale > _LARGE_TEXT else 1.0
    wide, high = width / by, height / by
    return Room(wide >= 1400, wide >= 1440, wide >= 1200, high >= 820, high >= 700)


def first_size(screen_width: int, screen_height: int) -> tuple[int, int]:
    """Return the size of a window that was never shown before, for a free screen of some size."""
    fits = int(screen_width * SHARE_OF_SCREEN), int(screen_height * SHARE_OF_SCREEN)
    wide, high = (min(most, fit) for most, fit in zip(LARGEST_AT_FIRST, fits, strict=True))
    return max(wide, SMALLEST[0]), max(high, SMALLEST[1])

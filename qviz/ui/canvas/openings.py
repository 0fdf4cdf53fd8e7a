"""The first views of a graph: which are tried, in which order, and whether one is whole on the screen."""

from __future__ import annotations

from typing import NamedTuple

from qviz.layout.place import Rect, Size
from qviz.ui.canvas.camera import FOOT, MARGIN
from qviz.ui.canvas.metrics import LEAST, LEAST_NARROW, BoxForm


class Opening(NamedTuple):
    """A first view to try.

    Attributes:
        rows: Of text in a box.
        limit: About so many boxes at most.
        is_small: Whether it may be shown smaller than others, with boxes whose texts have room then.
        is_narrow: The same, with boxes that are as wide as their names.
    """

    rows: int
    limit: int
    is_small: bool = False
    is_narrow: bool = False

    def form(self, has_columns: bool) -> BoxForm:
        """Return how its boxes are written."""
        if has_columns:
            return BoxForm(self.rows, has_columns)
        return BoxForm(self.rows, is_narrow=self.is_narrow, is_small=self.is_small)


OPENINGS = (
    Opening(2, 60),
    *(
        Opening(1, limit, is_small, is_narrow)
        for limit in (60, 44, 32, 24, 18, 13, 9, 5, 0)
        for is_small, is_narrow in ((False, False), (True, False), (False, True))
    ),
)
"""The richest first; the first that fits is shown."""
_FORMS = 3
"""So many in a row have the same limit."""
_SMALLEST = 0.7
"""The smallest scale of one with small boxes: some texts lose their last words there, and names stay whole."""
_CLOSER = 0.95
"""How much of its height a view has at least where frames and boxes stand closer."""
LAST = len(OPENINGS) - 1
FEW = 6
"""Fewer boxes say less of a model than the upper end of a view that is too tall: one in a wrapper has three."""


def alike_before(at: int) -> Opening | None:
    """Return the opening of the same form with more boxes: one that shows the same need not be tried, but the last."""
    return OPENINGS[at - _FORMS] if _FORMS < at <= LAST - _FORMS else None


def fits(at: int, form: BoxForm, bounds: Rect, room: Size) -> bool:
    """Return whether a first view is whole on the screen, or is too tall for it, however little is shown."""
    wide, high = _inside(room)
    least = _SMALLEST if form.is_small else min(form.least, LEAST)
    if at == LAST or (bounds.width * least <= wide and bounds.height * least <= high):
        return True
    if at <= LAST - _FORMS:
        return False
    # Narrow boxes would be no lower.
    return bounds.width * least <= wide if OPENINGS[at].is_small else bounds.width <= wide and _is_tall(bounds, high)


def next_after(at: int, bounds: Rect, room: Size) -> int:
    """Return the next view to try: a smaller scale helps what is a little too large, narrow boxes what is too wide."""
    wide, high = _inside(room)
    is_tall, is_wide = _is_tall(bounds, high), bounds.width * _SMALLEST > wide
    following = at + 1
    while following < LAST:
        each = OPENINGS[following]
        is_taller = _is_tall(bounds, high, _SMALLEST)
        if not ((each.is_small and (is_taller or is_wide)) or (each.is_narrow and is_tall)):
            break
        following += 1
    return following


def kept(at: int, bounds: Rect, room: Size) -> tuple[int, bool]:
    """Return which opening of the same limit is tried, or kept though it is too tall, where less would say too little.

    Boxes are as wide as their names only where the graph is too wide for others.
    """
    wide, _ = _inside(room)
    small = max(at - 1, 0) // _FORMS * _FORMS + 2
    if OPENINGS[at].is_narrow:
        return (at, True) if bounds.width * LEAST_NARROW <= wide else (at + 1, False)
    return (small, True) if bounds.width * _SMALLEST <= wide else (small + 1, False)


def _is_tall(bounds: Rect, high: float, least: float = LEAST_NARROW) -> bool:
    """Return whether something is too tall down to a scale, and as close as boxes may stand."""
    return bounds.height * least * _CLOSER > high


def _inside(room: Size) -> Size:
    return Size(room.width - 2 * MARGIN, room.height - MARGIN - FOOT)

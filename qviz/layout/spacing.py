"""How much air a layout leaves: enough for the labels of lines, or as little as rows of one line need."""

from __future__ import annotations

from typing import NamedTuple


class Spacing(NamedTuple):
    """Lengths in logical pixels.

    Attributes:
        layer_gap: Between rows.
        node_gap: Between boxes of one row.
        head: From a frame's upper border to its first box: the title, and air.
        pad: From a frame's other borders to what it holds.
        has_labels: Whether lines bear labels, which want room beside them.
        lane_gap: Between lines, and from them to boxes.
    """

    layer_gap: float
    node_gap: float
    head: float
    pad: float
    has_labels: bool
    lane_gap: float = 20.0


ROOMY = Spacing(28.0, 30.0, 34.0, 14.0, has_labels=True)
TIGHT = Spacing(13.0, 26.0, 30.0, 10.0, has_labels=False)
NARROW = Spacing(13.0, 12.0, 30.0, 8.0, has_labels=False, lane_gap=12.0)
"""For what is wide: as many branches side by side as can still be told apart."""

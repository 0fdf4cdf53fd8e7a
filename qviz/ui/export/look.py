"""How a picture looks: plain values, whatever is drawn."""

from __future__ import annotations

from typing import NamedTuple

from qviz.analysis.overlays import IN_PICTURES


class PictureLook(NamedTuple):
    """How a picture looks.

    Attributes:
        theme: ``light``, ``dark`` or ``print``.
        scale: Pixels of a PNG per logical pixel.
        columns: Into how many columns a tall graph is broken.
        overlays: The names of what is laid over the graphs.
        has_numbers: Whether the error of each quantizer is shown, where it was measured.
        has_title: Whether title and versions stand above.
        has_legend: Whether the legend stands below.
        has_labels: Whether lines tell shapes and dtypes; without, boxes have one row and stand close, as in the window.
        has_source: Whether boxes tell the lines of the model's source that they come from.
        is_clear: Whether there is no ground, where the format can leave it out.
    """

    theme: str = "light"
    scale: float = 1
    columns: int = 1
    overlays: tuple[str, ...] = IN_PICTURES
    has_numbers: bool = False
    has_title: bool = True
    has_legend: bool = True
    has_labels: bool = True
    has_source: bool = False
    is_clear: bool = False

    @property
    def rows(self) -> int:
        """How many rows of text a box has that is placed for the picture."""
        return 2 if self.has_labels or self.has_numbers or self.has_source else 1

"""The protocol of the engines that place a view, and the table of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from qviz.analysis.views.view import View
from qviz.layout.place import Direction, Size
from qviz.layout.places import Places
from qviz.registry import Registry


class LayoutEngine(Protocol):
    """Places a view; `sizes` hold every box that is not an open frame."""

    name: str

    def place(self, view: View, sizes: Mapping[str, Size], direction: Direction = "down") -> Places:
        """Return the places.

        Raises:
            QvizError: The engine is missing or failed; the hint names another.
        """
        ...


LAYOUT_ENGINES: Registry[Callable[[], LayoutEngine]] = Registry("layout engine")
"""What makes each engine, by its name; `register` decorates the class."""

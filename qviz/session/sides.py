"""The two sides of the window, and the stage that each shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from qviz.document.snapshot import StageName


class Side(str, Enum):
    """Where a pane stands."""

    LEFT = "left"
    RIGHT = "right"

    @property
    def other(self) -> Side:
        """The side opposite."""
        return Side.RIGHT if self is Side.LEFT else Side.LEFT


@dataclass(frozen=True)
class Shown:
    """The stage on each side; None where there is none."""

    left: StageName | None = None
    right: StageName | None = None

    def on(self, side: Side) -> StageName | None:
        """Return the stage of a side."""
        return self.left if side is Side.LEFT else self.right

    def showing(self, side: Side, stage: StageName) -> Shown:
        """Return this with another stage on a side."""
        return replace(self, left=stage) if side is Side.LEFT else replace(self, right=stage)

    @property
    def swapped(self) -> Shown:
        """The same stages, each on the other side."""
        return Shown(self.right, self.left)

    @property
    def stages(self) -> tuple[StageName, ...]:
        """The stages in view, from the left, each once."""
        return tuple(dict.fromkeys(name for name in (self.left, self.right) if name is not None))

    def side_of(self, stage: StageName) -> Side | None:
        """Return the first side that shows a stage."""
        return next((side for side in Side if self.on(side) == stage), None)


NOTHING_SHOWN = Shown()

"""Where the user was: the nodes selected one after another, to go back to and forward again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

LIMIT = 200


class Place(NamedTuple):
    """A node of a stage."""

    stage: str
    node_id: str


@dataclass
class Visits:
    """The places visited, the oldest first; a new one ends what lay ahead, as in a browser."""

    _places: list[Place] = field(default_factory=list)
    _here: int = -1

    def visit(self, place: Place) -> None:
        """Note a place; the one that is here already is not noted twice."""
        if self._here >= 0 and self._places[self._here] == place:
            return
        self._places = [*self._places[: self._here + 1], place][-LIMIT:]
        self._here = len(self._places) - 1

    def step(self, by: int) -> Place | None:
        """Go back (-1) or forward (1), and return where that is; None at the end, and nobody moves."""
        if not 0 <= self._here + by < len(self._places):
            return None
        self._here += by
        return self._places[self._here]

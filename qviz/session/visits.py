"""Where the user was: the nodes selected one after another, to go back to and forward again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from qviz.document.graph import NodeId
from qviz.document.snapshot import StageName

LIMIT = 200


class Visit(NamedTuple):
    """A node of a stage that was selected."""

    stage: StageName
    node_id: NodeId


@dataclass
class Visits:
    """The visits, the oldest first; a new one ends what lay ahead, as in a browser."""

    _visits: list[Visit] = field(default_factory=list)
    _here: int = -1

    def add(self, visit: Visit) -> None:
        """Note a visit; the node that is selected already is not noted twice."""
        if self._here >= 0 and self._visits[self._here] == visit:
            return
        self._visits = [*self._visits[: self._here + 1], visit][-LIMIT:]
        self._here = len(self._visits) - 1

    def step(self, by: int) -> Visit | None:
        """Go back (-1) or forward (1), and return where that is; None at the end, and nobody moves."""
        if not 0 <= self._here + by < len(self._visits):
            return None
        self._here += by
        return self._visits[self._here]

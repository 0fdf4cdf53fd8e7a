"""The stages of one run, which share a layout: what survives from stage to stage stands where it stood."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from threading import Lock
from typing import NamedTuple

from qviz.analysis.views.hierarchies import Hierarchies
from qviz.analysis.views.projection import Projected, Whole
from qviz.analysis.views.union import Union, unite
from qviz.analysis.views.view import Box, Folds
from qviz.document.snapshot import Facts, Link, Stage
from qviz.layout.place import Direction
from qviz.layout.places import Places

LARGEST = 20_000
"""Nodes of all stages together; of more, each stage is placed by itself, so that only what is shown is read."""
KEPT = 4
"""Layouts under different folds; both panes ask for the same."""


class Shared(NamedTuple):
    """The layout of all stages under some folds."""

    whole: Whole
    places: Places


class Family:
    """All stages of a finished run, with their layouts so far."""

    def __init__(
        self, stages: Sequence[Stage], links: Iterable[Link], facts: Mapping[str, Mapping[str, Facts]]
    ) -> None:
        self.stages, self.facts = tuple(stages), facts
        self.trees = Hierarchies()
        self._links = tuple(links)
        self._shared: OrderedDict[tuple[Folds, Direction], Shared] = OrderedDict()
        self._lock = Lock()

    @cached_property
    def union(self) -> Union | None:
        """The stages as one graph; None where they are too large, or contradict each other."""
        if sum(len(stage.whole.nodes) for stage in self.stages) > LARGEST:
            return None
        return unite(self.stages, self._links)

    def has(self, stage: Stage) -> bool:
        """Return whether a stage is one of these, and they have a layout together."""
        return any(each is stage for each in self.stages) and self.union is not None

    def known(self, folds: Folds, direction: Direction = "down") -> Shared | None:
        """Return the layout under some folds, by the union's ids, if it was made."""
        with self._lock:
            return self._shared.get((folds, direction))

    def keep(self, folds: Folds, direction: Direction, shared: Shared) -> None:
        """Remember a layout."""
        with self._lock:
            self._shared[folds, direction] = shared
            while len(self._shared) > KEPT:
                self._shared.popitem(last=False)

    def to_union(self, stage: Stage, folds: Folds) -> Folds:
        """Return a stage's folds by the ids of the union."""
        assert self.union is not None
        ids = self.union.ids[stage.name]
        return Folds(folds.groups, frozenset(ids[each] for each in folds.plumbing if each in ids))

    def of_union(self, stage: Stage, folds: Folds) -> Folds:
        """Return folds by the ids of the union as the stage's own."""
        assert self.union is not None
        there = {each: node_id for node_id, each in self.union.ids[stage.name].items()}
        return Folds(folds.groups, frozenset(there[each] for each in folds.plumbing if each in there))

    def of_stage(self, stage: Stage, whole: Whole) -> Projected:
        """Return a stage's part of a view of all."""
        return next(part for each, part in zip(self.stages, whole.stages, strict=True) if each is stage)


def boxes_to_measure(whole: Whole) -> list[tuple[str, Box]]:
    """Return every box of every stage with the id of the union's, whose size is that of the largest."""
    found = [
        (whole.view.boxes[number].id, box)
        for part in whole.stages
        for box, number in zip(part.view.boxes, part.boxes, strict=True)
    ]
    seen = {box_id for box_id, _ in found}
    return found + [(box.id, box) for box in whole.view.boxes if box.id not in seen]

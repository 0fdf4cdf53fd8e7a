"""The batches that are measured on: the first ones of the data, kept as they pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from qviz.engine.loading.forward import Arguments
from qviz.engine.measure.running.outputs import samples_in

MOST_BATCHES = 4


class Peeked:
    """Calibration batches whose first ones are kept as they pass; a generator would not give them again."""

    def __init__(self, given: Iterable[Arguments], count: int = MOST_BATCHES) -> None:
        self._given, self._count = given, count
        self._kept: list[Arguments] = []
        self._is_read = False

    @property
    def first(self) -> list[Arguments]:
        """The first batches; they are read now if no flow has read them."""
        if not self._is_read:
            list(islice(self, self._count))
        return self._kept

    def __len__(self) -> int:
        return len(self._given) if isinstance(self._given, Sized) else 0

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Arguments]:
        self._is_read = True
        for batch in self._given:
            if len(self._kept) < self._count:
                self._kept.append(batch.cloned())  # forward may work in place
            yield batch


@dataclass(frozen=True)
class Evaluation:
    """What is measured on.

    Attributes:
        batches: The example inputs first, then data; all are copies.
        told: What the data is, for the result: ``example inputs``, ``calibration``, or its name.
    """

    batches: tuple[Arguments, ...]
    told: str


def evaluation(example: Arguments, data: Iterable[Arguments] | None, told: str) -> Evaluation:
    """Return the example inputs with the first batches of the data, each once; without those that hold no sample."""
    chosen = [example.cloned()]
    for batch in islice(data or (), MOST_BATCHES):
        if not samples_in([batch]):
            continue
        same = next((place for place, each in enumerate(chosen) if _is_same(batch, each)), None)
        if same is None:
            chosen.append(batch)
        elif chosen[same].given is None:
            chosen[same] = batch  # it has labels, too
    return Evaluation(tuple(chosen), told if len(chosen) > 1 else "example inputs")


def _is_same(one: Arguments, other: Arguments) -> bool:
    leaves = [pytree.tree_leaves((each.args, each.kwargs)) for each in (one, other)]
    if len(leaves[0]) != len(leaves[1]):
        return False
    for left, right in zip(*leaves, strict=True):
        if isinstance(left, Tensor) != isinstance(right, Tensor):
            return False
        if isinstance(left, Tensor) and not (left.shape == right.shape and torch.equal(left, right)):
            return False
    return True

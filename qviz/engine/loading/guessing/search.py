"""Tries a model on guesses until it runs: each attempt tells more of what its layers need."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module
from torch.utils import _pytree as pytree

from qviz.document.model_call import ArgumentGuess, texts_of
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.guessing.first_uses import FirstUse, FirstUses, SizeMismatch
from qviz.engine.loading.guessing.shapes import LENGTHS, SIZES, ShapeSides, TriedSizes, drawn, shapes
from qviz.engine.loading.guessing.slots import Slot
from qviz.engine.loading.inputs import make, plan_inputs
from qviz.errors import QvizError
from qviz.sources.input_text import DrawnTensor

MOST_TRIES = 120
MOST_SECONDS = 20.0
_AROUND = 3
"""How far beside a size that is computed from a mismatch others are tried, too: kernels without padding lose some."""
_MOST_SHAPES = 24
"""Of combinations of shapes, the simple ones first."""


class InputSearch:
    """Looks for inputs that a model runs on.

    Args:
        model: In eval mode.
        slots: The arguments that are given, each by a tensor or a literal.
        clock: Tells the seconds.
        most: How often it may run the model, and for how many seconds.

    Attributes:
        uses: The first use of each slot, by its place.
        fault: What the model raised at the likeliest guess.
    """

    def __init__(
        self,
        model: Module,
        slots: list[Slot],
        clock: Callable[[], float] = time.monotonic,
        most: tuple[int, float] = (MOST_TRIES, MOST_SECONDS),
    ) -> None:
        self.model, self.slots = model, slots
        self.uses: dict[int, FirstUse] = {}
        self.fault: BaseException | None = None
        self._told_at = -1
        self._clock = clock
        self._most_tries, self._until = most[0], clock() + most[1]
        self._tries = 0
        self._mismatch: SizeMismatch | None = None
        self._tensors = [place for place, slot in enumerate(slots) if not slot.literal]

    def found(self) -> tuple[TriedSizes, tuple[ShapeSides, ...]] | None:
        """Return the sizes and the shape of each tensor with which the model runs; None where it runs with none."""
        while True:
            known = len(self.uses)
            for picked in self._shapes():
                outcome = self._with_shapes(picked, known)
                if outcome is not None:
                    return outcome, picked
                if len(self.uses) > known or self._is_over:
                    break
            if len(self.uses) == known or self._is_over:
                return None

    @property
    def _is_over(self) -> bool:
        return self._tries >= self._most_tries or self._clock() > self._until

    def _shapes(self) -> Iterator[tuple[ShapeSides, ...]]:
        """Return combinations of shapes, those first that are likely at all slots."""
        each = [shapes(self.uses.get(place), self.slots[place].seems_integer) for place in self._tensors]
        ranked = sorted(itertools.product(*(range(len(some)) for some in each)), key=sum)
        return (tuple(some[at] for some, at in zip(each, row, strict=True)) for row in ranked[:_MOST_SHAPES])

    def _with_shapes(self, picked: tuple[ShapeSides, ...], known: int) -> TriedSizes | None:
        """Return the first sizes with which a combination of shapes runs; None also where an attempt told more."""
        sides = {side for each in picked for side in each}
        sizes = SIZES if "size" in sides else SIZES[:1]
        lengths = LENGTHS if "length" in sides else LENGTHS[:1]
        waiting = deque(TriedSizes(size, lengths[0]) for size in sizes)
        waiting += [TriedSizes(sizes[0], length) for length in lengths[1:]]
        seen: set[TriedSizes] = set()
        while waiting and not self._is_over:
            tried = waiting.popleft()
            if tried in seen:
                continue
            seen.add(tried)
            if self.runs(tried, picked):
                return tried
            if len(self.uses) > known:
                return None
            nearer = [each for each in _nearer(tried, self._mismatch) if each not in seen]
            waiting.extendleft(each for each in reversed(nearer) if _is_used(each, tried, sides))
        return None

    def runs(self, tried: TriedSizes, picked: tuple[ShapeSides, ...]) -> bool:
        """Run the model once with a combination; note what its layers tell."""
        self._tries += 1
        self._mismatch = None
        try:
            planned = plan_inputs(texts_of(tuple(self.guesses(tried, picked))), self.model)
            torch.manual_seed(0)
            inputs = make(planned)
        except QvizError as error:  # torch cannot make it, or forward does not take it
            self._note(error, len(self.uses))
            return False
        return self._runs(inputs)

    def _runs(self, inputs: Arguments) -> bool:
        watched, fault, known = FirstUses(_tensors(inputs)), None, len(self.uses)
        try:
            with torch.no_grad(), watched.watching(self.model):
                inputs.call(self.model)
        except (Exception, SystemExit) as error:  # the user's forward may raise anything
            fault = error
        for place, use in watched.uses.items():
            self.uses.setdefault(self._tensors[place], use)
        self._mismatch = watched.mismatch
        if fault is not None:
            self._note(fault, known)
        return fault is None

    def _note(self, fault: BaseException, known: int) -> None:
        """Keep a fault, unless it is of a less likely guess than the one before."""
        if self._told_at != known:
            self._told_at, self.fault = known, fault

    def drawn(self, place: int, sides: ShapeSides, tried: TriedSizes) -> DrawnTensor:
        """Return the tensor of a slot."""
        return drawn(sides, self.uses.get(place), self.slots[place].seems_integer, tried)

    def likely(self, place: int) -> DrawnTensor:
        """Return the first guess for a slot, where none is known to run."""
        return self.drawn(place, shapes(self.uses.get(place), self.slots[place].seems_integer)[0], TriedSizes())

    def guesses(self, tried: TriedSizes, picked: tuple[ShapeSides, ...]) -> Iterator[ArgumentGuess]:
        """Yield what each slot gets."""
        sides = dict(zip(self._tensors, picked, strict=True))
        for place, slot in enumerate(self.slots):
            text = f"={slot.literal}" if slot.literal else self.drawn(place, sides[place], tried).text
            yield ArgumentGuess(slot.name, slot.part, text, slot.default)


def _tensors(inputs: Arguments) -> list[Tensor]:
    """Return the tensors of a call in the order of its slots: forward's own, but keywords come last in both."""
    leaves: list[Any] = pytree.tree_leaves((inputs.args, inputs.kwargs))
    return [each for each in leaves if isinstance(each, Tensor)]


def _nearer(tried: TriedSizes, mismatch: SizeMismatch | None) -> Iterator[TriedSizes]:
    """Yield sizes with which what did not fit may fit."""
    if mismatch is None or min(mismatch) < 1:
        return
    for came, wanted in (mismatch, mismatch[::-1]):
        if came == tried.length:
            yield tried._replace(length=wanted)
        for less in (0, 1):  # a class token beside the patches
            if came > less and wanted > less:
                size = round(tried.size * ((wanted - less) / (came - less)) ** 0.5)
                yield from (tried._replace(size=each) for each in _around(size) if each != tried.size)
        yield tried._replace(length=max(1, round(tried.length * wanted / came)))


def _around(size: int) -> list[int]:
    """Return sizes near one, those first that images have."""
    near = (each for each in range(size - _AROUND, size + _AROUND + 1) if each > 0)
    return sorted(near, key=lambda each: (each % 4 != 0, abs(each - size)))


def _is_used(each: TriedSizes, tried: TriedSizes, sides: set[Any]) -> bool:
    """Tell whether sizes differ in what the shapes have."""
    return ("size" in sides and each.size != tried.size) or ("length" in sides and each.length != tried.length)

"""What a quantizer does to its own tensor: noise, clipping, levels, and how far its place is off in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from qviz.document.graph import Number
from qviz.engine.measure.models.measured import Measured
from qviz.engine.measure.running.outputs import decibels, power
from qviz.engine.measure.simulated.board import Operator, Switch
from qviz.engine.measure.simulated.rounding import Affine, Rounding, affine_of
from qviz.engine.measure.simulated.simulation import Simulation

_MOST_LEVELS = 2**16
_MOST_KEPT = 2**30
"""Bytes of float activations kept to compare with the simulated ones; places beyond have no accumulated error."""


@dataclass
class TensorNoise:
    """What one quantizer does to the float values at its places, summed over all of them.

    Attributes:
        signal: Sum of squares of the float values.
        noise: Sum of squares of what rounding changes.
        clipping: The part of `noise` at values outside the range.
        count: How many values.
        outside: How many of them lie outside the range by more than half a step.
        levels: How often each integer between the bounds occurs; None where there are too many to tell.
        zeros: How many values are zero, which every scale holds.
        axis: Where the channels are: of a weight those of the output; None where they cannot be told.
        reach: The largest magnitude of each channel.
        low: The smallest float value.
        high: The largest.
        float_signal: As `signal`, at the places that were compared with the simulated model.
        accumulated: Sum of squares of the difference between simulated and float values.
        not_finite: How many values are no numbers, or infinite.
    """

    signal: float = 0.0
    noise: float = 0.0
    clipping: float = 0.0
    count: int = 0
    outside: int = 0
    levels: Tensor | None = None
    zeros: int = 0
    axis: int | None = None
    reach: Tensor | None = None
    low: float = float("inf")
    high: float = float("-inf")
    float_signal: float = 0.0
    accumulated: float = 0.0
    not_finite: int = 0

    @property
    def local_db(self) -> Number | None:
        """Signal to noise of the tensor given float inputs."""
        return decibels(self.signal, self.noise) if self.count else None

    @property
    def accumulated_db(self) -> Number | None:
        """Signal to noise at its place with every quantizer on."""
        return decibels(self.float_signal, self.accumulated) if self.float_signal else None

    @property
    def clipping_share(self) -> float | None:
        """The part of the noise that is clipping."""
        return self.clipping / self.noise if self.noise else None

    @property
    def clipped(self) -> float | None:
        """The share of values outside the range."""
        return self.outside / self.count if self.count and self.levels is not None else None

    @property
    def levels_used(self) -> float | None:
        """The share of the integers between the bounds that occur."""
        return float((self.levels > 0).double().mean()) if self.levels is not None else None

    def add(self, values: Tensor, rounding: Rounding, axis: int | None = None) -> None:
        """Take float values that the quantizer rounds, with channels along an axis."""
        values = values.detach().float()
        rounded = rounding(values)
        self.signal += power(values)
        self.noise += power(rounded - values)
        self.count += values.numel()
        if values.numel():
            low, high = torch.aminmax(values)
            self.low, self.high = min(self.low, float(low)), max(self.high, float(high))
            self.not_finite += int((~torch.isfinite(values)).sum())
            self.zeros += values.numel() - int(torch.count_nonzero(values))
            if axis is not None and axis < values.dim() > 1:  # a vector has no channels
                self.axis = axis
                self._add_channels(values.movedim(axis, 0).flatten(1).abs().amax(1))
        affine = affine_of(rounding)
        if affine is not None and affine.high - affine.low < _MOST_LEVELS:
            self._count_levels(values, rounded, affine)

    def _count_levels(self, values: Tensor, rounded: Tensor, affine: Affine) -> None:
        scale, zero_point = affine.spread(values)
        steps = torch.nan_to_num(values / scale.float() + zero_point.float()).round_()
        outside = (steps < affine.low) | (steps > affine.high)
        count = int(outside.sum())
        if count:
            self.outside += count
            self.clipping += power((rounded - values)[outside])
        if self.levels is None:
            self.levels = torch.zeros(affine.high - affine.low + 1, dtype=torch.int64)
        integers = steps.clamp_(affine.low, affine.high).sub_(affine.low).to(torch.int32)
        self.levels += torch.bincount(integers.reshape(-1), minlength=len(self.levels))

    def _add_channels(self, reach: Tensor) -> None:
        """Keep the largest magnitudes; places with other channels tell nothing about each other."""
        if self.reach is None:
            self.reach = reach
        elif self.reach.shape == reach.shape:
            self.reach = torch.maximum(self.reach, reach)


@dataclass
class SeenTensors:
    """What was seen at all places of rounding.

    Attributes:
        noise: By quantizer.
        idle: Places where the simulated model's values are on the grid already: (path, which call).
        bytes: What the activations at the places of one batch take, of the largest batch.
    """

    noise: dict[int, TensorNoise] = field(default_factory=dict)
    idle: set[tuple[str, int]] = field(default_factory=set)
    bytes: int = 0


class _Float:
    """Looks at the float model; every quantizer is off."""

    def __init__(self, places: SeenTensors, weights_seen: set[int]) -> None:
        self._places, self._weights_seen = places, weights_seen
        self._calls: Counter[str] = Counter()
        self.kept: dict[tuple[str, int], Tensor] = {}
        self.bytes = 0

    def at_switch(self, switch: Switch, values: Tensor) -> Tensor:
        key = switch.path, self._calls[switch.path]
        self._calls[switch.path] += 1
        noise = self._places.noise.setdefault(switch.quantizer, TensorNoise())
        noise.add(values, switch.rounding, channel_axis(values))
        self.bytes += values.numel() * values.element_size()
        if self.bytes <= _MOST_KEPT:
            self.kept[key] = values.detach().clone()
        return values

    def at_operator(self, operator: Operator, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        result = operator.run(frozenset(), args, kwargs)
        new = [each for each in operator.floats(args) if each[0] not in self._weights_seen]
        for quantizer, rounding, values in new:
            self._places.noise.setdefault(quantizer, TensorNoise()).add(values, rounding, operator.output_axis)
        self._weights_seen.update(each[0] for each in new)
        if operator.cell is not None:
            rounded = operator.run({operator.cell[0]}, args, kwargs)
            noise = self._places.noise.setdefault(operator.cell[0], TensorNoise())
            weights = operator.run({each.quantizer for each in operator.weights}, args, kwargs)
            for have, want in zip(pytree.tree_leaves(rounded), pytree.tree_leaves(weights), strict=True):
                noise.signal += power(want)
                noise.noise += power(have - want)
                noise.count += want.numel()
        return result


class _Simulated:
    """Looks at the simulated model, beside what the float one gave."""

    def __init__(self, places: SeenTensors, everything: frozenset[int], kept: dict[tuple[str, int], Tensor]) -> None:
        self._places, self._everything, self._kept = places, everything, kept
        self._calls: Counter[str] = Counter()
        self.busy: set[tuple[str, int]] = set()
        self.all: set[tuple[str, int]] = set()

    def at_switch(self, switch: Switch, values: Tensor) -> Tensor:
        key = switch.path, self._calls[switch.path]
        self._calls[switch.path] += 1
        rounded = switch.rounding(values)
        self.all.add(key)
        if not torch.equal(rounded, values):
            self.busy.add(key)
        wanted = self._kept.pop(key, None)
        if wanted is not None and wanted.shape == rounded.shape:
            noise = self._places.noise[switch.quantizer]
            noise.float_signal += power(wanted)
            noise.accumulated += power(rounded - wanted)
        return rounded

    def at_operator(self, operator: Operator, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        return operator.run(self._everything, args, kwargs)


def look(measured: Measured) -> SeenTensors:
    """Return what every quantizer does to its tensors, on all batches."""
    simulation, places = measured.simulation, SeenTensors()
    weights_seen: set[int] = set()
    busy: set[tuple[str, int]] = set()
    every: set[tuple[str, int]] = set()
    for batch in measured.evaluation.batches:
        floating = _Float(places, weights_seen)
        _run(simulation, floating, lambda: batch.cloned().call(simulation.module))  # noqa: B023 - called at once
        simulated = _Simulated(places, simulation.everything, floating.kept)
        _run(simulation, simulated, lambda: batch.cloned().call(simulation.module))  # noqa: B023
        places.bytes = max(places.bytes, floating.bytes)
        busy |= simulated.busy
        every |= simulated.all
    places.idle = every - busy
    return places


def channel_axis(values: Tensor) -> int | None:
    """Return where an activation has its channels: second of images, last of rows and sequences."""
    return None if values.dim() < 2 else 1 if values.dim() > 3 else values.dim() - 1


def _run(simulation: Simulation, probe: Any, call: Callable[[], Any]) -> None:
    with torch.no_grad(), simulation.board.set_to(probe=probe):
        call()

"""Estimates what every quantizer alone puts on each output, all of them at once, by random projections.

For a random sign vector v over an output, g = Jᵀv is one backward pass; the mean over several v of (g · δ)², the inner
product taken for each sample, is to first order the noise power ‖J δ‖² that the rounding error δ of a quantizer
puts on that output. δ is taken on float inputs and J of the float model, which ranks best; or both along the
simulated model with straight-through gradients, which tells the total better where noise is large.

Source:
    Hutchinson's estimator of a trace (1989), with Rademacher vectors; FIT (arXiv 2210.08502) uses gradients of
    the loss in the same way. The relative standard deviation is at most sqrt(2 / (K · samples)), where no sample
    has a part in the output of another.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from qviz.engine.loading.forward import Arguments
from qviz.engine.measure.ledger.anchors import Anchoring
from qviz.engine.measure.ledger.inner_products import InnerProducts, Ray
from qviz.engine.measure.ledger.segments import in_segments
from qviz.engine.measure.models.measured import Measured
from qviz.engine.measure.running import memory
from qviz.engine.measure.running.outputs import Outputs, raw_outputs, samples_in
from qviz.engine.measure.simulated.simulation import Simulation

MEMORY = 13 << 26
"""Bytes; above it a batch goes in parts, or a backward pass segment by segment. With what torch takes while it works,
and what the allocator does not give back, the process stays below a gigabyte above that of the float model."""
LEAST_PROJECTIONS, MOST_PROJECTIONS = 8, 16
_OF_ALL_SAMPLES = 64
_MOST_OUTPUTS = 4
_LEAST_PART = 2
_TIMES_KEPT = 3
"""What passes take, in activations: these, and the errors of two quantizers at most of them."""
_MUCH = 1 << 26
_NEARLY = 1e-4
_log = logging.getLogger(__name__)
Powers = dict[int, dict[str, float]]
"""By quantizer and output."""


def projections_for(samples: int) -> int:
    """Return K: few samples need more projections for the same standard deviation."""
    return min(max(_OF_ALL_SAMPLES // max(1, samples), LEAST_PROJECTIONS), MOST_PROJECTIONS)


def estimate(
    measured: Measured,
    idle: set[tuple[str, int]],
    projections: int | None = None,
    is_simulated: bool = False,
    kept_bytes: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Powers:
    """Return the noise power that each quantizer alone puts on each output, over all batches.

    Args:
        measured: The simulation and the data.
        idle: Places that round nothing because their values are on the grid already.
        projections: K; each costs one backward pass for each output; at least 3. None: as many as the samples need.
        is_simulated: Along the simulated model, with straight-through gradients.
        kept_bytes: What the activations of one batch take, about; above a limit it
            goes in parts, or they are computed again in segments.
        progress: Is told how many backward passes are done, of how many.
    """
    simulation, batches = measured.simulation, measured.evaluation.batches
    random = torch.Generator().manual_seed(measured.plan.seed)
    names = tuple(dict.fromkeys(name for batch in measured.outputs.floating for name in batch))[:_MOST_OUTPUTS]
    powers: Powers = {each.index: dict.fromkeys(names, 0.0) for each in simulation.quantizers}
    count = max(3, projections or projections_for(samples_in(batches, measured.outputs.floating)))
    done, total = 0, len(batches) * len(names) * count

    def passed() -> None:
        nonlocal done
        done += 1
        progress(min(done, total), total)

    estimating = _Estimating(simulation, idle, is_simulated, kept_bytes, passed)
    for batch, floating in zip(batches, measured.outputs.floating, strict=True):
        signs = {
            (name, number): _signs(floating[name], random)
            for name in names
            if name in floating
            for number in range(count)
        }
        for inner in estimating.of_batch(batch, floating, signs):
            for quantizer, name, power in inner.powers():
                powers[quantizer][name] += power
    return powers


@dataclass(frozen=True)
class _Estimating:
    """Sends the passes of a batch backward, in a way that holds the limit of memory.

    Attributes:
        passed: Is called behind each pass.
    """

    simulation: Simulation
    idle: set[tuple[str, int]]
    is_simulated: bool
    kept_bytes: int
    passed: Callable[[], None]

    def of_batch(self, batch: Arguments, floating: Outputs, signs: dict[Ray, Tensor]) -> list[InnerProducts]:
        """Return the inner products of a batch: of all of it, or of its parts if a part is what fits in memory."""
        samples = samples_in([batch], [floating])
        if _TIMES_KEPT * self.kept_bytes <= MEMORY:
            return [self._of(partial(at_once, look=lambda outputs: self._give_back()), batch, samples, signs)]
        most = samples * MEMORY // (_TIMES_KEPT * self.kept_bytes)
        if most >= _LEAST_PART and not any(each.kind == "dynamic" for each in self.simulation.quantizers):
            try:
                return self._of_parts(batch, floating, signs, -(-samples // most))
            except Exception:  # a model may know the size of its batches; whatever it raises, it is run whole
                _log.info("the model does not run on a part of a batch", exc_info=True)
        return [self._of(in_segments if self.simulation.reruns_part else at_once, batch, samples, signs)]

    def _of_parts(
        self, batch: Arguments, floating: Outputs, signs: dict[Ray, Tensor], count: int
    ) -> list[InnerProducts]:
        samples = samples_in([batch])
        found = []
        for number in range(count):
            rows = slice(number * samples // count, (number + 1) * samples // count)

            def part(values: Tensor, rows: slice = rows) -> Tensor:
                return values[rows] if values.dim() and len(values) == samples else values

            def look(outputs: Outputs, part: Callable[[Tensor], Tensor] = part) -> None:
                self._give_back()
                if not self.is_simulated:
                    _check(outputs, floating, part)

            own, given = batch.mapped(part), {ray: part(each) for ray, each in signs.items()}
            if self.is_simulated:  # nothing is as chaotic as rounding: the float model tells
                with torch.no_grad(), self.simulation.board.set_to():
                    _check(raw_outputs(own.cloned().call(self.simulation.module)), floating, part)
            found.append(self._of(partial(at_once, look=look), own, rows.stop - rows.start, given))
        return found

    def _give_back(self) -> None:
        """Give back what is free, where that is much: what forward leaves behind is in the way of gradients."""
        if self.kept_bytes >= _MUCH:
            memory.give_back()

    def _of(
        self, passes: Callable[..., Iterator[None]], batch: Arguments, samples: int, signs: dict[Ray, Tensor]
    ) -> InnerProducts:
        if any(_is_image(each) for each in pytree.tree_leaves(batch.values)):
            try:  # convolutions of oneDNN go backward in two thirds of the time
                with _weights_in_channels_last(self.simulation.module):
                    return self._inner(passes, batch.mapped(_channels_last), samples, signs)
            except Exception:  # a model may take views that another order of memory does not have
                _log.info("the model does not run on images in channels-last order", exc_info=True)
        return self._inner(passes, batch, samples, signs)

    def _inner(
        self, passes: Callable[..., Iterator[None]], batch: Arguments, samples: int, signs: dict[Ray, Tensor]
    ) -> InnerProducts:
        self._give_back()
        inner = InnerProducts(samples)
        marked = {ray: inner.marked(ray[1], given) for ray, given in signs.items()}
        probe = Anchoring(self.simulation, inner, self.idle, self.is_simulated)
        for _ in passes(self.simulation, batch, probe, inner, marked):
            self.passed()
        return inner


def _check(part: Outputs, whole: Outputs, rows: Callable[[Tensor], Tensor]) -> None:
    """Raise unless what a part of a batch gives is the same part of what the batch gives."""
    for name, values in whole.items():
        wanted = rows(values)
        if wanted is values or part[name].shape != wanted.shape:
            raise ValueError(f"{name} has no part for each sample")
        if not torch.allclose(part[name].detach(), wanted, _NEARLY, _NEARLY * float(values.abs().max())):
            raise ValueError(f"{name} of a sample depends on other samples")


def _is_image(value: Any) -> bool:
    return isinstance(value, Tensor) and value.dim() == 4 and value.is_floating_point() and value.is_contiguous()


def _channels_last(values: Tensor) -> Tensor:
    return values.contiguous(memory_format=torch.channels_last) if _is_image(values) else values


@contextmanager
def _weights_in_channels_last(module: nn.Module) -> Iterator[None]:
    """Hold the weights of convolutions in that order too: else each pass would copy each of them.

    They are put back by value, one by one, so that this holds none twice.
    """
    moved = [each for each in module.parameters() if _is_image(each)]
    for each in moved:
        each.data = each.data.contiguous(memory_format=torch.channels_last)
    try:
        yield
    finally:
        for each in moved:
            each.data = each.data.contiguous()


def _signs(output: Tensor, random: torch.Generator) -> Tensor:
    return torch.randint(0, 2, output.shape, generator=random).to(output) * 2 - 1


def at_once(
    simulation: Simulation,
    batch: Arguments,
    probe: Anchoring,
    inner: InnerProducts,
    signs: Mapping[Ray, Tensor],
    look: Callable[[Outputs], None] = lambda outputs: None,
) -> Iterator[None]:
    """Run forward once, then backward for each ray; yield behind each; `look` is called with the outputs."""
    with torch.enable_grad(), simulation.board.set_to(probe=probe):
        found = raw_outputs(batch.cloned().call(simulation.module))
    look(found)
    for ray, given in signs.items():
        output = found.get(ray[0])
        if output is not None and output.requires_grad:
            inner.ray = ray
            torch.autograd.grad(output, probe.leaf, given, retain_graph=True, allow_unused=True)
        yield

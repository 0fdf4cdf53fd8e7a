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

from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor

from qviz.engine.loading.forward import Arguments
from qviz.engine.measure.anchors import Anchoring, InnerProducts, Ray
from qviz.engine.measure.measured import Measured
from qviz.engine.measure.outputs import raw_outputs, samples_in
from qviz.engine.measure.segments import in_segments
from qviz.engine.measure.simulation import Simulation

MEMORY = 1 << 30
"""Bytes; above it a backward pass goes segment by segment."""
LEAST_PROJECTIONS, MOST_PROJECTIONS = 8, 16
_OF_ALL_SAMPLES = 64
_MOST_OUTPUTS = 4
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
        kept_bytes: What the activations of one batch take, about; above a limit they are computed again in segments.
        progress: Is told how many backward passes are done, of how many.
    """
    simulation, batches = measured.simulation, measured.evaluation.batches
    random = torch.Generator().manual_seed(measured.plan.seed)
    names = tuple(dict.fromkeys(name for batch in measured.outputs.floating for name in batch))[:_MOST_OUTPUTS]
    powers: Powers = {each.index: dict.fromkeys(names, 0.0) for each in simulation.quantizers}
    count = max(3, projections or projections_for(samples_in(batches)))
    done, total = 0, len(batches) * len(names) * count
    for batch, floating in zip(batches, measured.outputs.floating, strict=True):
        signs = {
            (name, number): _signs(floating[name], random)
            for name in names
            if name in floating
            for number in range(count)
        }
        inner = InnerProducts(samples_in([batch]))
        signs = {ray: inner.marked(ray[1], given) for ray, given in signs.items()}
        probe = Anchoring(simulation, inner, idle, is_simulated)
        passes = in_segments if 4 * kept_bytes > MEMORY and simulation.reruns_part else at_once
        for _ in passes(simulation, batch, probe, inner, signs):
            done += 1
            progress(min(done, total), total)
        for quantizer, name, power in inner.powers():
            powers[quantizer][name] += power
    return powers


def _signs(output: Tensor, random: torch.Generator) -> Tensor:
    return torch.randint(0, 2, output.shape, generator=random).to(output) * 2 - 1


def at_once(
    simulation: Simulation, batch: Arguments, probe: Anchoring, inner: InnerProducts, signs: Mapping[Ray, Tensor]
) -> Iterator[None]:
    """Run forward once, then backward for each ray; yield behind each."""
    with torch.enable_grad(), simulation.board.set_to(probe=probe):
        found = raw_outputs(batch.cloned().call(simulation.module))
    for ray, given in signs.items():
        output = found.get(ray[0])
        if output is not None and output.requires_grad:
            inner.ray = ray
            torch.autograd.grad(output, probe.leaf, given, retain_graph=True, allow_unused=True)
        yield

"""A network that went through a flow of qviz: the simulation with its data, without the recording of a run."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from qviz.document.flows import flow
from qviz.document.plan import Plan
from qviz.document.snapshot import Finding
from qviz.engine.flow_table import implementation
from qviz.engine.flows.job import Job
from qviz.engine.flows.results import FlowResult
from qviz.engine.loading.forward import Arguments
from qviz.engine.measure.ledger import estimate, exact, tensors
from qviz.engine.measure.models.four_models import FourModels, floating, simulated
from qviz.engine.measure.models.measured import Measured
from qviz.engine.measure.running import outputs
from qviz.engine.measure.running.data import Evaluation
from qviz.engine.measure.simulated.simulation import copied, simulate
from qviz.engine.serving.histogram_search import searched_once
from qviz.engine.serving.stack_traces import light_stack_traces
from qviz.engine.serving.torch_state import kept


class _Keeps:
    """Takes the prepared and the converted model of a flow, and records nothing."""

    prepared: nn.Module
    result: nn.Module
    untouched: nn.Module | None = None

    def __init__(self, keeps_prepared: bool) -> None:
        self._keeps_prepared = keeps_prepared

    def started(self, step: str, done: int = 0, total: int = 0) -> None:
        """Take a step."""

    def reached(self, stage: str, graph: nn.Module) -> None:
        """Take a stage."""

    def found(self, finding: Finding) -> None:
        """Take a finding."""

    def so_far(self, result: FlowResult) -> None:
        """Take what the flow has come to."""

    def converting(self, model: nn.Module) -> None:
        """Keep a copy before conversion changes it."""
        self.untouched = copy.deepcopy(model) if self._keeps_prepared else None
        self.prepared = copied(model)

    def converted(self, model: nn.Module) -> None:
        """Keep the result."""
        self.result = model


@dataclass(frozen=True)
class Subject:
    """What is measured.

    Attributes:
        model: The float network.
        prepared: As conversion found it, with torch's own observers, if it was to be kept.
        measured: What the engine's measuring parts take.
    """

    model: nn.Module
    prepared: nn.Module | None
    measured: Measured

    @property
    def batches(self) -> tuple[Arguments, ...]:
        """What is evaluated."""
        return self.measured.evaluation.batches

    @property
    def wholes(self) -> dict[str, tuple[float, float]]:
        """(noise, signal) of each output with all quantizers on."""
        found = outputs.noise_to_signal(self.measured.outputs.floating, self.measured.outputs.simulated)
        return {name: each for name, each in found.items() if each[1]}

    @property
    def total(self) -> float:
        """The whole noise: each output counts by its noise-to-signal ratio."""
        return sum(noise / signal for noise, signal in self.wholes.values())

    @property
    def sqnr_db(self) -> float:
        """Of all outputs together."""
        ratio = self.total / max(1, len(self.wholes))
        return -10 * math.log10(ratio) if ratio else math.inf

    def shares(self, powers: dict[int, dict[str, float]]) -> dict[int, float]:
        """Return the share of each quantizer in the whole noise."""
        signals = {name: signal for name, (_, signal) in self.wholes.items()}
        return {
            index: sum(power / signals[name] for name, power in each.items() if name in signals) / self.total
            for index, each in powers.items()
        }

    def name(self, index: int) -> str:
        """Return a short name of a quantizer."""
        quantizer = self.measured.simulation.quantizers[index]
        return f"{quantizer.paths[0]} {quantizer.name}".strip()


def subject(
    model: nn.Module,
    evaluate: Sequence[Any],
    calibrate: Sequence[Any],
    plan: Plan,
    converts: bool = True,
    keeps_prepared: bool = False,
) -> Subject:
    """Take a network through the flow of a plan.

    Args:
        model: In eval mode; stays as it is.
        evaluate: Arguments of calls, the first of which is also the example.
        calibrate: Arguments of calls.
        plan: Of a flow that quantizes.
        converts: Whether the result's outputs are computed, too.
        keeps_prepared: Whether the prepared model is wanted.
    """
    batches = tuple(Arguments(each if isinstance(each, tuple) else (each,)) for each in evaluate)
    data = [Arguments(each if isinstance(each, tuple) else (each,)) for each in calibrate]
    chosen = flow(plan.flow)
    assert chosen is not None
    keeps = _Keeps(keeps_prepared)
    with kept(plan.seed), searched_once(), light_stack_traces(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        original = outputs.run(model, batches)
        job = Job(plan, copy.deepcopy(model), batches[0], data, keeps)
        implementation(plan.flow).run(job)
        simulation = simulate(keeps.prepared, keeps.result, chosen.converts_to_kernels)
        without = floating(simulation, batches)
        models = FourModels(
            original,
            without,
            simulated(simulation, batches),
            [],
            outputs.run(keeps.result, batches) if converts else None,
        )
    measured = Measured(
        plan, Evaluation(batches, "generated"), simulation, keeps.result, models, (), (), lambda step, done, total: None
    )
    return Subject(model, keeps.untouched, measured)


def estimated(found: Subject, places: tensors.SeenTensors, projections: int | None = None) -> dict[int, float]:
    """Return the estimated share of each quantizer."""
    return found.shares(estimate.estimate(found.measured, places.idle, projections, kept_bytes=places.bytes))


def exactly(found: Subject, places: tensors.SeenTensors) -> dict[int, float]:
    """Return the exact share of each quantizer; places that round nothing in the simulated model stay off."""
    quantizers = range(len(found.measured.simulation.quantizers))
    return found.shares(dict(exact.powers(found.measured, quantizers, places.idle)))


def images(seed: int, count: int, pixels: int, channels: int = 3) -> Tensor:
    """Return smooth random images with a little noise, about as wide as normalized photographs."""
    random = torch.Generator().manual_seed(seed)
    coarse = torch.randn(count, channels, 6, 6, generator=random)
    smooth: Tensor = nn.functional.interpolate(coarse, (pixels, pixels), mode="bicubic", align_corners=False)
    return smooth + 0.2 * torch.randn(count, channels, pixels, pixels, generator=random)

"""What a measurement of a run has in hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch.nn import Module

from qviz.document.plan import Plan
from qviz.document.said import Said
from qviz.document.snapshot import Link, Stage
from qviz.engine.measure.models.four_models import FourModels
from qviz.engine.measure.running.data import Evaluation
from qviz.engine.measure.simulated.simulation import Simulation


@dataclass(frozen=True)
class Measured:
    """All that a measurement has in hand.

    Attributes:
        evaluation: What is measured on.
        simulation: The prepared model with a switch for every quantizer.
        converted: The result.
        outputs: Of the four models.
        stages: As far as they are recorded: all of the run.
        links: From each to the next.
        started: Is told what is measured now: a step, how much of it is done, of how much.
        can_reload: Whether another process could load the model by the plan's source.
        note: Takes what could not be measured, or not as it was asked for, and why.
    """

    plan: Plan
    evaluation: Evaluation
    simulation: Simulation
    converted: Module
    outputs: FourModels
    stages: tuple[Stage, ...]
    links: tuple[Link, ...]
    started: Callable[[str, int, int], None]
    can_reload: bool = False
    note: Callable[[Said], None] = lambda said: None

    @property
    def stage(self) -> Stage:
        """The stage that quantizers are shown at."""
        return shown_at(self.stages)


def shown_at(stages: Sequence[Stage]) -> Stage:
    """Return the stage that quantizers are shown at: the prepared one, or the result of a flow that has none."""
    by_name = {stage.name: stage for stage in stages}
    return by_name.get("prepared") or stages[-1]

"""Runs original, float, simulated and converted model on the same data; tells how far each moves the outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import Module

from qviz.document.graph import Number
from qviz.document.measurements import OutputErrors, SecondCalls
from qviz.engine.loading.forward import Arguments
from qviz.engine.measure.running import outputs
from qviz.engine.measure.running.outputs import Outputs
from qviz.engine.measure.simulated.board import Operator, Probe, Switch
from qviz.engine.measure.simulated.simulation import Simulation

_NUDGE = 1e-6


@dataclass(frozen=True)
class FourModels:
    """The outputs of the four models, batch by batch; None where one does not run.

    Attributes:
        original: Of the user's module in eval mode.
        floating: With every quantizer off.
        simulated: With every quantizer on.
        nudged: The same with activations moved by 1e-6 of their size.
        converted: Of the result.
        again: Of second calls on the first batch: original and converted.
        is_original: Whether `original` is that; else it is the float model once more, because no original has the
            parameters that were trained.
        features: The outputs that the model itself reads on; their largest entry is no class.
        samples: How many the batches hold; an output with fewer rows than that has no class for each.
    """

    original: list[Outputs]
    floating: list[Outputs]
    simulated: list[Outputs]
    nudged: list[Outputs]
    converted: list[Outputs] | None
    again: tuple[Outputs, Outputs] | None = None
    is_original: bool = True
    features: frozenset[str] = frozenset()
    samples: int = 0

    def errors(self) -> tuple[OutputErrors, ...]:
        """Return the errors of each output of the original model."""
        names = dict.fromkeys(name for batch in self.original for name in batch)
        steps = self._steps()
        found = {step: outputs.sqnr(*pair) for step, pair in steps.items()}

        def at(name: str, step: str) -> Number | None:
            return found.get(step, {}).get(name)

        agreements = {
            name: outputs.agreement(self.original, self.converted, name, self.samples)
            if self.converted and name not in self.features
            else None
            for name in names
        }
        return tuple(
            OutputErrors(
                name,
                at(name, "prepared"),
                at(name, "simulated"),
                at(name, "converted"),
                at(name, "total"),
                at(name, "floor"),
                agreements[name],
            )
            for name in names
        )

    def together(self) -> OutputErrors:
        """Return the errors of all outputs together."""
        found = {step: outputs.together(*pair) for step, pair in self._steps().items()}
        return OutputErrors(
            "", found.get("prepared"), found["simulated"], found.get("converted"), found.get("total"), found["floor"]
        )

    def repeat(self) -> SecondCalls | None:
        """Return what second calls gave."""
        if self.again is None or self.converted is None:
            return None
        original, converted = self.again
        return SecondCalls(
            outputs.together([self.original[0]], [original]),
            outputs.together([self.converted[0]], [converted]),
            outputs.together([original], [converted]),
            outputs.together([self.original[0]], [self.converted[0]]),
        )

    def _steps(self) -> dict[str, tuple[list[Outputs], list[Outputs]]]:
        steps = {"simulated": (self.floating, self.simulated), "floor": (self.simulated, self.nudged)}
        if self.is_original:
            steps["prepared"] = (self.original, self.floating)
        if self.converted is not None:
            steps["converted"] = (self.simulated, self.converted)
            steps["total"] = (self.original, self.converted)
        return steps


class _Nudge:
    """Runs the simulated model with every activation moved a little before it is rounded."""

    def __init__(self, simulation: Simulation) -> None:
        self._everything = simulation.everything
        self._random = torch.Generator().manual_seed(0)

    def at_switch(self, switch: Switch, values: Tensor) -> Tensor:
        noise = torch.randn(values.shape, generator=self._random).to(values)
        return switch.given(values, switch.rounding(values * (1 + _NUDGE * noise)))

    def at_operator(self, operator: Operator, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        return operator.run(self._everything, args, kwargs)


def simulated(simulation: Simulation, batches: Sequence[Arguments]) -> list[Outputs]:
    """Return the outputs with every quantizer on."""
    with simulation.board.set_to(simulation.everything):
        return outputs.run(simulation.module, batches)


def floating(simulation: Simulation, batches: Sequence[Arguments], watch: Probe | None = None) -> list[Outputs]:
    """Return the outputs with every quantizer off; `watch` looks on."""
    with simulation.board.set_to(probe=watch):
        return outputs.run(simulation.module, batches)


def nudged(simulation: Simulation, batches: Sequence[Arguments]) -> list[Outputs]:
    """Return the outputs of the simulated model whose activations were moved by 1e-6."""
    with simulation.board.set_to(probe=_Nudge(simulation)):  # type: ignore[arg-type]
        return outputs.run(simulation.module, batches)


def twice(module: Module, batch: Arguments) -> Outputs:
    """Return the outputs of one more call."""
    return outputs.run(module, [batch])[0]

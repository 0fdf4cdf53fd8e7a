"""Looks at the float model while it runs anyway: data beside the calibrated ranges, weights with uneven channels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from qviz.analysis.findings.evidence import is_move
from qviz.document.graph import WATCHING, Node
from qviz.document.measurements import InputRange, UnevenWeight
from qviz.document.query import Index
from qviz.document.snapshot import Stage
from qviz.engine.measure.simulated.board import Operator, Switch
from qviz.engine.measure.simulated.rounding import Affine, Rounding, affine_of, bounds_of
from qviz.engine.measure.simulated.simulation import Simulation, nodes_of
from qviz.engine.nodes.arguments import number

_LOST_DB = 10.0
"""A channel whose own signal-to-noise ratio is below is lost: its largest weight is a step or two."""
_DEAD = 1e-5
"""A channel this small beside the widest one does nothing in float either."""


@dataclass
class _AtInput:
    """What came to one quantizer, with the range that it was calibrated to."""

    least: float
    greatest: float
    step: float
    low: float = math.inf
    high: float = -math.inf
    count: int = 0
    outside: int = 0
    is_exact: bool = True

    def add(self, values: Tensor, rounding: Rounding) -> None:
        values = values.detach()
        self.is_exact = self.is_exact and torch.allclose(rounding(values), values.float(), 0.01, 0)
        finite = values if bool(torch.isfinite(values).all()) else values[torch.isfinite(values)]
        if not finite.numel():
            return
        low, high = torch.aminmax(finite)
        self.low, self.high = min(self.low, float(low)), max(self.high, float(high))
        self.count += finite.numel()
        if float(low) < self.least - self.step / 2 or float(high) > self.greatest + self.step / 2:
            outside = (finite < self.least - self.step / 2) | (finite > self.greatest + self.step / 2)
            self.outside += int(outside.sum())


@dataclass
class FloatWatch:
    """A probe that leaves everything in float, and looks.

    Attributes:
        simulation: What runs.
        stage: Where its quantizers are shown.
    """

    simulation: Simulation
    stage: Stage
    _inputs: dict[int, _AtInput] = field(default_factory=dict)
    _uneven: dict[int, UnevenWeight | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        at_input = _behind_inputs(self.stage)
        for each in self.simulation.quantizers:
            is_read = each.kind == "activation" and set(nodes_of(each, self.stage.graph)) & at_input
            rounding = each.rounding
            if is_read and isinstance(rounding, Affine) and rounding.axis is None:
                scale, zero_point = float(rounding.scale), float(rounding.zero_point)
                low, high = bounds_of(each.observer, rounding)
                if math.isfinite(scale) and scale > 0:
                    bounds = (low - zero_point) * scale, (high - zero_point) * scale
                    self._inputs[each.index] = _AtInput(*bounds, scale)

    def at_switch(self, switch: Switch, values: Tensor) -> Tensor:
        """Look at the values of an input."""
        if (seen := self._inputs.get(switch.quantizer)) is not None:
            seen.add(values, switch.rounding)
        return values

    def at_operator(self, operator: Operator, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Look at each weight once."""
        result = operator.run(frozenset(), args, kwargs)
        for quantizer, rounding, values in operator.floats(args):
            if quantizer not in self._uneven:
                affine = affine_of(rounding)
                is_per_tensor = affine is not None and affine.axis is None
                axis = operator.output_axis
                self._uneven[quantizer] = (
                    self._channels(quantizer, values, rounding(values), axis) if is_per_tensor else None
                )
        return result

    def _channels(self, quantizer: int, values: Tensor, rounded: Tensor, axis: int) -> UnevenWeight | None:
        if values.dim() < 2 or values.shape != rounded.shape or axis >= values.dim():
            return None
        rows, noise = (each.float().movedim(axis, 0).flatten(1) for each in (values, values - rounded))
        reach = rows.abs().amax(1)
        is_alive = reach > _DEAD * reach.max()
        is_lost = noise.square().sum(1) > 10 ** (-_LOST_DB / 10) * rows.square().sum(1)
        lost, total = int((is_alive & is_lost).sum()), int(is_alive.sum())
        if not lost or total < 2 or not math.isfinite(float(reach.max())):  # one channel is unlike no other
            return None
        return UnevenWeight(
            stage=self.stage.name,
            nodes=nodes_of(self.simulation.quantizers[quantizer], self.stage.graph),
            lost=lost,
            total=total,
            widest=int(reach.argmax()),
            ratio=number(float(reach.max() / reach[is_alive].median())),
        )

    def inputs(self) -> tuple[InputRange, ...]:
        """Return what came to the inputs."""
        return tuple(
            InputRange(
                stage=self.stage.name,
                nodes=nodes_of(self.simulation.quantizers[index], self.stage.graph),
                low=number(seen.low),
                high=number(seen.high),
                calibrated_low=number(seen.least),
                calibrated_high=number(seen.greatest),
                outside=seen.outside / seen.count,
                is_exact=seen.is_exact,
            )
            for index, seen in self._inputs.items()
            if seen.count
        )

    def uneven(self) -> tuple[UnevenWeight, ...]:
        """Return the weights that lose channels."""
        return tuple(each for each in self._uneven.values() if each is not None)


def _behind_inputs(stage: Stage) -> set[str]:
    """Return the observers that see an input of the model as it is, or moved."""
    index, found = Index(stage.graph), set[str]()
    for node in stage.graph.nodes:
        if node.kind in WATCHING and any(_is_input(index, each) for each in index.producers[node.id]):
            found.add(node.id)
    return found


def _is_input(index: Index, node_id: str) -> bool:
    for each in _upwards(index, node_id):
        if each.op == "placeholder":
            return True
        if not (is_move(each) or each.attributes.get("stub") or each.kind in WATCHING):
            return False
    return False


def _upwards(index: Index, node_id: str) -> Iterator[Node]:
    step: str | None = node_id
    while step is not None:
        yield index.nodes[step]
        step = next(iter(index.producers[step]), None)

"""What each quantizer would cost if it rounded otherwise: from its tensors alone, by its noise now and then.

To first order the noise power at the output goes with the squared error at its place, P · ‖δ′‖² / ‖δ‖². An
activation's errors are summed over its values; those of a weight over the outputs of its operator, given float
inputs; each channel counts as much as the outputs answer to it. Ranges and histograms are collected batch by batch:
percentile and MSE-optimal ranges of activations are those of a histogram of 4096 bins, all errors are then those of
the values themselves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from qviz.document.graph import Number
from qviz.document.measurements import Alternative, QuantizerNoise
from qviz.engine.loading.forward import Arguments
from qviz.engine.measure.changes.other_roundings import CLIPPING, SeenValues, grid_of, of_activation, of_weight
from qviz.engine.measure.changes.sensitivity import Sensitivity, channel_powers
from qviz.engine.measure.models.measured import Measured
from qviz.engine.measure.running import outputs
from qviz.engine.measure.simulated.board import Operator, Switch
from qviz.engine.measure.simulated.replaced import replaced, replaced_in
from qviz.engine.measure.simulated.rounding import Rounding
from qviz.engine.nodes.arguments import number

FLOAT = "float"
_FEW_BITS = 6
_CLIPPED = 0.25
"""Where more of the noise now is clipping, no other way is foretold well."""
_VERIFIED = 4
"""Of so many quantizers, those with the largest shares, clipping alternatives are run; of others they are left out."""


class OtherWays:
    """The other ways to round of all quantizers, and the squared errors of each.

    Attributes:
        roundings: By quantizer and name.
        errors: Of the present rounding by "" and of each other by its name.
    """

    def __init__(self, measured: Measured) -> None:
        self._measured, simulation = measured, measured.simulation
        self._grids = {each.index: grid_of(each) for each in simulation.quantizers}
        self.roundings: dict[int, dict[str, Rounding]] = {}
        self.errors: dict[int, dict[str, float]] = {each.index: {} for each in simulation.quantizers}
        self._bytes = 0
        seen = self._seen()
        self._sensitivity = Sensitivity(measured, self._bytes // max(1, len(measured.evaluation.batches)))
        for index, grid in self._grids.items():
            if grid is not None and index in seen:
                self.roundings[index] = of_activation(grid, seen[index])
        errors = _Errors(self)
        self._run(errors.at_switch, errors.at_operator)

    def _seen(self) -> dict[int, SeenValues]:
        seen: dict[int, SeenValues] = {}

        def widen(switch: Switch, values: Tensor) -> Tensor:
            self._bytes += values.numel() * values.element_size()
            if self._grids[switch.quantizer] is not None:
                seen.setdefault(switch.quantizer, SeenValues()).widen(values.detach().float())
            return values

        def count(switch: Switch, values: Tensor) -> Tensor:
            if switch.quantizer in seen:
                seen[switch.quantizer].count(values.detach().float())
            return values

        for look in (widen, count):
            self._run(look, _in_float)
        return seen

    def _run(self, at_switch: Callable[..., Tensor], at_operator: Callable[..., Any]) -> None:
        probe = _CallingProbe(at_switch, at_operator)
        with torch.no_grad(), self._measured.simulation.board.set_to(probe=probe):
            for batch in self._measured.evaluation.batches:
                batch.cloned().call(self._measured.simulation.module)

    def of_operator(self, operator: Operator, args: tuple[Any, ...]) -> None:
        """Make the other ways of an operator's weights, when it first runs."""
        for index, _, weight in operator.floats(args):
            grid = self._grids[index]
            if grid is not None and index not in self.roundings:
                self.roundings[index] = of_weight(grid, weight, _axis(operator))

    def add(self, index: int, name: str, place: str, error: Tensor) -> None:
        """Add the squared error at a place, channel by channel."""
        self.errors[index][name] = self.errors[index].get(name, 0.0) + self._sensitivity.weighed(place, error)


def _in_float(operator: Operator, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    return operator.run(frozenset(), args, kwargs)


class _CallingProbe:
    def __init__(self, at_switch: Callable[..., Tensor], at_operator: Callable[..., Any]) -> None:
        self.at_switch, self.at_operator = at_switch, at_operator


class _Errors:
    """Sums the errors of all ways to round on float values."""

    def __init__(self, ways: OtherWays) -> None:
        self._ways = ways

    def at_switch(self, switch: Switch, values: Tensor) -> Tensor:
        plain = values.detach().float()
        ways = {"": switch.rounding, **self._ways.roundings.get(switch.quantizer, {})}
        for name, rounding in ways.items():
            self._ways.add(switch.quantizer, name, switch.path, channel_powers(rounding(plain) - plain))
        return values

    def at_operator(self, operator: Operator, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        result = operator.run(frozenset(), args, kwargs)
        self._ways.of_operator(operator, args)
        for index, rounding, _ in operator.floats(args):
            for name, way in {"": rounding, **self._ways.roundings.get(index, {})}.items():
                with replaced_in(operator, {index: way}):
                    self._ways.add(index, name, operator.path, _distance(operator.run({index}, args, kwargs), result))
        return result


def _distance(have: Any, want: Any) -> Tensor:
    """Return the squared differences of the first output, channel by channel."""
    one, other = pytree.tree_leaves(have)[0], pytree.tree_leaves(want)[0]
    return channel_powers(one - other)


def _axis(operator: Operator) -> int:
    """Return the dimension of a weight that its output channels lie along."""
    owner = operator.weights[0].owner if operator.weights else None
    is_transposed = isinstance(owner, nn.modules.conv._ConvTransposeNd) or "transpose" in operator.path  # noqa: SLF001
    return 1 if is_transposed else 0


def with_alternatives(
    measured: Measured, rows: Sequence[QuantizerNoise], index_of: Mapping[str, int]
) -> tuple[QuantizerNoise, ...]:
    """Return the rows of a ledger with what other ways to round would gain, the best first.

    Args:
        measured: The simulation and the data.
        rows: The largest share first.
        index_of: The quantizer of each row.
    """
    ways = OtherWays(measured)
    found = []
    for place, row in enumerate(rows):
        index = index_of[row.id]
        errors = ways.errors[index]
        now = errors.get("", 0.0)
        alternatives = [Alternative(FLOAT, "inf")]
        for name in ways.roundings.get(index, {}):
            gain = _gain(now, errors.get(name, math.nan))
            if gain is not None:
                alternatives.append(Alternative(name, gain))
        if not now:
            alternatives = []  # it rounds nothing away
        verify = _Verification(measured, index, ways.roundings.get(index, {})) if place < _VERIFIED else None
        kept = (_verified(each, row, verify) for each in alternatives)
        found.append(msgspec.structs.replace(row, alternatives=_sorted(each for each in kept if each is not None)))
        measured.started("counterfactuals", place + 1, len(rows))
    return tuple(found)


def _sorted(alternatives: Any) -> tuple[Alternative, ...]:
    return tuple(sorted(alternatives, key=lambda each: (-float(gain_of(each)), each.name)))


def gain_of(alternative: Alternative) -> Number:
    """Return what a run showed, else what is foretold."""
    return alternative.gain_db if alternative.verified_db is None else alternative.verified_db


def _gain(now: float, then: float) -> Number | None:
    if not (math.isfinite(now) and math.isfinite(then)) or not now:
        return None
    return number(10 * math.log10(now / then)) if then else "inf"


def _verified(alternative: Alternative, row: QuantizerNoise, verification: _Verification | None) -> Alternative | None:
    """Return an alternative that needs a run after that run; None where there is none."""
    is_coarse = row.bits is not None and row.bits < _FEW_BITS
    is_clipped = row.clipping is not None and row.clipping > _CLIPPED
    if alternative.name == FLOAT or not (alternative.name in CLIPPING or is_coarse or is_clipped):
        return alternative
    got = verification.gain(alternative.name) if verification is not None else None
    return None if got is None else msgspec.structs.replace(alternative, verified_db=got)


class _Verification:
    """Runs the model with one quantizer on, now and otherwise."""

    def __init__(self, measured: Measured, index: int, roundings: Mapping[str, Rounding]) -> None:
        self._measured, self._index, self._roundings = measured, index, roundings
        self._now: float | None = None

    def gain(self, name: str) -> Number | None:
        """Return by how much the noise at the outputs falls, in dB."""
        if name not in self._roundings:
            return None
        if self._now is None:
            self._now = self._noise({})
        return _gain(self._now, self._noise({self._index: self._roundings[name]}))

    def _noise(self, roundings: Mapping[int, Rounding]) -> float:
        return noise_alone(self._measured, self._index, roundings)


def noise_alone(measured: Measured, index: int, roundings: Mapping[int, Rounding]) -> float:
    """Return the noise-to-signal ratio of all outputs with one quantizer on; nan where there is none."""
    simulation = measured.simulation
    batches: Sequence[Arguments] = measured.evaluation.batches
    with replaced(simulation, roundings), simulation.board.set_to({index}):
        got = outputs.run(simulation.module, batches)
    ratios = outputs.noise_to_signal(measured.outputs.floating, got).values()
    known = [noise / signal for noise, signal in ratios if signal]
    return sum(known) / len(known) if known else math.nan

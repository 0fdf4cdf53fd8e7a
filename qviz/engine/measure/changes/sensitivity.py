"""How strongly the outputs answer to each channel of a tensor: an error in a channel that is amplified weighs more.

For random signs v over an output, the mean square of g = Jᵀv in a channel is, to first order, the noise power at that
output for a unit of error power in that channel, wherever in it the errors lie (`qviz.engine.measure.ledger.estimate`).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from qviz.engine.loading.forward import Arguments
from qviz.engine.measure.ledger.estimate import MEMORY
from qviz.engine.measure.models.measured import Measured
from qviz.engine.measure.running.outputs import power, samples_in
from qviz.engine.measure.simulated.board import Operator, Switch

_PROJECTIONS = 2

_log = logging.getLogger(__name__)


def channel_powers(values: Tensor) -> Tensor:
    """Return the sum of squares of each channel: the second dimension of images, else the last one."""
    if values.dim() < 2:
        return values.double().square().sum().reshape(1)
    channel = 1 if values.dim() > 3 else values.dim() - 1
    return values.double().square().sum([each for each in range(values.dim()) if each != channel])


class Sensitivity:
    """Mean squares of gradients by place and channel.

    Args:
        measured: The simulation and the data.
        kept_bytes: What the activations of a batch take, about; above a limit its first samples stand for it.
    """

    def __init__(self, measured: Measured, kept_bytes: int = 0) -> None:
        self._measured, self._kept_bytes = measured, kept_bytes
        self._squares: dict[str, Tensor] = {}
        self._counts: dict[str, float] = {}
        try:
            self._look()
        except Exception:  # not every model can be differentiated, nor every operator of torch
            _log.info("channels are not weighed", exc_info=True)
            self._squares = {}

    def weighed(self, place: str, powers: Tensor) -> float:
        """Return the power that errors at a place put on the outputs, to first order; their sum where none is known."""
        squares = self._squares.get(place)
        if squares is None or squares.shape != powers.shape:
            return float(powers.sum())
        return float((squares / self._counts[place]) @ powers)

    def _look(self) -> None:
        measured = self._measured
        random = torch.Generator().manual_seed(measured.plan.seed)
        signals = {
            name: sum(power(each[name]) for each in measured.outputs.floating if name in each)
            for name in _names(measured)
        }
        for whole in measured.evaluation.batches:
            batch = self._that_fits(whole)
            with (
                torch.enable_grad(),
                measured.simulation.board.set_to(probe=_Watch(self, measured.simulation.reruns_part)),
            ):
                result = batch.cloned().call(measured.simulation.module)
            floats = [
                each for each in pytree.tree_leaves(result) if isinstance(each, Tensor) and each.is_floating_point()
            ]
            named = list(zip(_names(measured), floats, strict=False))
            wanted = [(each, signals[name]) for name, each in named if each.requires_grad and signals[name]]
            for turn in range(_PROJECTIONS if wanted else 0):
                signs = [
                    (torch.randint(0, 2, each.shape, generator=random).to(each) * 2 - 1) / signal**0.5
                    for each, signal in wanted
                ]
                torch.autograd.backward([each for each, _ in wanted], signs, retain_graph=turn + 1 < _PROJECTIONS)

    def _that_fits(self, batch: Arguments) -> Arguments:
        if 4 * self._kept_bytes <= MEMORY:
            return batch
        samples = samples_in([batch])
        rows = max(1, samples * MEMORY // (4 * self._kept_bytes))
        return batch.mapped(lambda each: each[:rows] if each.dim() and len(each) == samples else each)

    def add(self, place: str, gradient: Tensor) -> None:
        """Take a gradient."""
        found = channel_powers(gradient)
        before = self._squares.get(place)
        if before is None or before.shape == found.shape:
            self._squares[place] = found if before is None else before + found
            self._counts[place] = self._counts.get(place, 0.0) + gradient.numel() / len(found)


def _names(measured: Measured) -> list[str]:
    return list(dict.fromkeys(name for batch in measured.outputs.floating for name in batch))


class _Watch:
    """Hooks the gradient of every place of the float model."""

    def __init__(self, owner: Sensitivity, keeps: bool) -> None:
        self._owner, self._keeps = owner, keeps

    def at_switch(self, switch: Switch, values: Tensor) -> Tensor:
        return self._watched(switch.path, values)

    def at_operator(self, operator: Operator, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        leaves, structure = pytree.tree_flatten(operator.run(frozenset(), args, kwargs))
        if leaves and isinstance(leaves[0], Tensor) and leaves[0].is_floating_point():
            leaves[0] = self._watched(operator.path, leaves[0])
        return pytree.tree_unflatten(leaves, structure)

    def _watched(self, place: str, values: Tensor) -> Tensor:
        found = values if values.requires_grad else values.detach().requires_grad_()
        found = found.view_as(found) if self._keeps else found.clone()
        found.register_hook(partial(self._owner.add, place))
        return found

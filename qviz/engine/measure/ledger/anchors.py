"""Anchors at every place of rounding, by which backward passes through a model come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from qviz.engine.measure.ledger.inner_products import InnerProducts, RoundingErrors
from qviz.engine.measure.simulated.board import Operator, Switch
from qviz.engine.measure.simulated.neighbors import neighbors
from qviz.engine.measure.simulated.simulation import Simulation


class _Anchor(torch.autograd.Function):
    """Passes values on, and takes the inner product of their gradient with rounding errors on the way back."""

    @staticmethod
    def forward(
        ctx: Any, values: Tensor, leaf: Tensor, probe: Anchoring, errors: RoundingErrors, anchor: int
    ) -> Tensor:
        """Keep what the backward pass needs; `leaf` makes it come here."""
        ctx.inner, ctx.errors, ctx.anchor = probe.inner, errors, anchor
        return values.view_as(values) if probe.shares_memory else values.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        """Take the inner products."""
        ctx.inner.add(ctx.anchor, ctx.errors, gradients[0])
        return gradients[0], None, None, None, None


class Anchoring:
    """Puts an anchor at every place of rounding; a probe of a board.

    A switch that alone reads an operator's result shares the operator's anchor: their gradient is the same. What an
    input's switch does to the float model is seen behind the operators that read it, like the rounding of their
    weights, so that no pass has to go back through the first layer.

    Attributes:
        calls: How often each switch was called.
        inner: Takes the inner products.
        leaf: What every anchor leads back to, so that every backward pass comes by.
        is_simulated: Whether values go on as rounded, with straight-through gradients.
        shares_memory: Whether what goes on may be the values themselves: nothing is changed in place.
    """

    def __init__(
        self, simulation: Simulation, inner: InnerProducts, idle: set[tuple[str, int]], is_simulated: bool
    ) -> None:
        self._simulation, self.inner, self._idle, self.is_simulated = simulation, inner, idle, is_simulated
        self.calls: Counter[str] = Counter()
        self.leaf = torch.zeros((), requires_grad=True)
        self.shares_memory = simulation.reruns_part
        self._neighbors = neighbors(simulation)
        self._read_alone = frozenset(self._neighbors.alone.values())
        self._anchors = 0
        self._last: tuple[Tensor, RoundingErrors] | None = None
        self._operator = ""

    def at_switch(self, switch: Switch, values: Tensor) -> Tensor:
        """Note its rounding error, unless it is idle."""
        key = switch.path, self.calls[switch.path]
        self.calls[switch.path] += 1
        if key in self._idle or (not self.is_simulated and switch.path in self._neighbors.inputs):
            return values
        last, self._last = self._last, None
        is_beside = last is not None and last[0] is values and self._neighbors.alone.get(switch.path) == self._operator
        errors = last[1] if last is not None and is_beside else RoundingErrors(values, 1)
        with torch.no_grad():
            errors.add(switch.quantizer, switch.rounding(values), values.detach())
        if self.is_simulated:
            *_, error = errors
            values = values + error
        return values if is_beside else self._anchored(values, errors)

    def at_operator(self, operator: Operator, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Compare the operator's outputs with one of its weights rounded, and without, on equal inputs."""
        result = operator.run(frozenset(), args, kwargs)
        plain = pytree.tree_map_only(Tensor, Tensor.detach, (args, dict(kwargs)))
        leaves, structure = pytree.tree_flatten(result)
        before = [each.detach() if isinstance(each, Tensor) else each for each in leaves]
        base: frozenset[int] = frozenset()
        given = None if self.is_simulated else self._neighbors.readers.get(operator.path)
        room = len(operator.quantizers) + bool(given) + (len(leaves) == 1 and operator.path in self._read_alone)
        errors = {
            place: RoundingErrors(leaf, room)
            for place, leaf in enumerate(leaves)
            if isinstance(leaf, Tensor) and leaf.is_floating_point()
        }

        def compare(quantizer: int, found: Any) -> None:
            outputs = pytree.tree_leaves(found)
            for place, each in errors.items():
                each.add(quantizer, outputs[place], before[place])

        with torch.no_grad():
            for quantizer in operator.quantizers:
                if operator.cell is not None and quantizer == operator.cell[0]:
                    base = frozenset(each.quantizer for each in operator.weights)
                    before = pytree.tree_leaves(operator.run(base, *plain))
                compare(quantizer, operator.run({quantizer}, *plain))
            if given is not None and (given.path, 0) not in self._idle and plain[0][0].is_floating_point():
                compare(
                    given.quantizer, operator.run(frozenset(), (given.rounding(plain[0][0]), *plain[0][1:]), plain[1])
                )
        for place, each in errors.items():
            leaves[place] = self._anchored(self._moved(leaves[place], each), each)
        self._operator = operator.path if len(leaves) == 1 else ""
        return pytree.tree_unflatten(leaves, structure)

    def _moved(self, values: Tensor, errors: RoundingErrors) -> Tensor:
        if self.is_simulated:
            for error in errors:
                values = values + error
        return values

    def _anchored(self, values: Tensor, errors: RoundingErrors) -> Tensor:
        self._anchors += 1
        anchored: Tensor = _Anchor.apply(values, self.leaf, self, errors, self._anchors)
        self._last = anchored, errors
        return anchored

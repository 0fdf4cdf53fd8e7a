"""Anchors at every place of rounding, by which backward passes through a model come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from qviz.engine.measure.ledger.inner_products import InnerProducts
from qviz.engine.measure.simulated.board import Operator, Switch
from qviz.engine.measure.simulated.neighbors import neighbors
from qviz.engine.measure.simulated.simulation import Simulation


class _Anchor(torch.autograd.Function):
    """Passes values on, and takes the inner product of their gradient with rounding errors on the way back."""

    @staticmethod
    def forward(
        ctx: Any, values: Tensor, leaf: Tensor, probe: Anchoring, deltas: list[tuple[int, Tensor]], anchor: int
    ) -> Tensor:
        """Keep what the backward pass needs; `leaf` makes it come here."""
        ctx.inner, ctx.deltas, ctx.anchor = probe.inner, deltas, anchor
        return values.view_as(values) if probe.shares_memory else values.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        """Take the inner products."""
        for quantizer, delta in ctx.deltas:
            ctx.inner.add(ctx.anchor, quantizer, gradients[0], delta)
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
        self._anchors = 0
        self._last: tuple[Tensor, list[tuple[int, Tensor]]] | None = None
        self._operator = ""

    def at_switch(self, switch: Switch, values: Tensor) -> Tensor:
        """Note its rounding error, unless it is idle."""
        key = switch.path, self.calls[switch.path]
        self.calls[switch.path] += 1
        if key in self._idle or (not self.is_simulated and switch.path in self._neighbors.inputs):
            return values
        with torch.no_grad():
            delta = switch.rounding(values) - values.detach()
        last, self._last = self._last, None
        if last is not None and last[0] is values and self._neighbors.alone.get(switch.path) == self._operator:
            last[1].append((switch.quantizer, _finite(delta)))
            return values + delta if self.is_simulated else values
        if self.is_simulated:
            values = values + delta
        return self._anchored(values, [(switch.quantizer, delta)])

    def at_operator(self, operator: Operator, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Compare the operator's outputs with one of its weights rounded, and without, on equal inputs."""
        result = operator.run(frozenset(), args, kwargs)
        plain = pytree.tree_map_only(Tensor, Tensor.detach, (args, dict(kwargs)))
        before = pytree.tree_map_only(Tensor, Tensor.detach, result)
        base: frozenset[int] = frozenset()
        errors: list[tuple[int, list[Any]]] = []
        with torch.no_grad():
            for quantizer in operator.quantizers:
                if operator.cell is not None and quantizer == operator.cell[0]:
                    base = frozenset(each.quantizer for each in operator.weights)
                    before = operator.run(base, *plain)
                errors.append((quantizer, _differences(operator.run({quantizer}, *plain), before)))
            given = None if self.is_simulated else self._neighbors.readers.get(operator.path)
            if given is not None and (given.path, 0) not in self._idle and plain[0][0].is_floating_point():
                moved = (given.rounding(plain[0][0]), *plain[0][1:])
                errors.append((given.quantizer, _differences(operator.run(frozenset(), moved, plain[1]), before)))
        leaves, structure = pytree.tree_flatten(result)
        for place, leaf in enumerate(leaves):
            if isinstance(leaf, Tensor) and leaf.is_floating_point():
                deltas = [(quantizer, found[place]) for quantizer, found in errors]
                leaves[place] = self._anchored(self._moved(leaf, deltas), deltas)
        self._operator = operator.path if len(leaves) == 1 else ""
        return pytree.tree_unflatten(leaves, structure)

    def _moved(self, values: Tensor, deltas: list[tuple[int, Tensor]]) -> Tensor:
        if not self.is_simulated:
            return values
        for _, delta in deltas:
            values = values + delta
        return values

    def _anchored(self, values: Tensor, deltas: list[tuple[int, Tensor]]) -> Tensor:
        self._anchors += 1
        finite = [(quantizer, _finite(delta)) for quantizer, delta in deltas]
        anchored: Tensor = _Anchor.apply(values, self.leaf, self, finite, self._anchors)
        self._last = anchored, finite
        return anchored


def _finite(delta: Tensor) -> Tensor:
    """Return an error in float32.

    A mask of the smallest float is rounded to minus infinity, where softmax has no slope: that is no noise.
    """
    return torch.nan_to_num_(delta.float())


def _differences(have: Any, want: Any) -> list[Any]:
    pairs = zip(pytree.tree_leaves(have), pytree.tree_leaves(want), strict=True)
    return [one - other if isinstance(one, Tensor) and one.is_floating_point() else None for one, other in pairs]

"""Anchors at every place of rounding: backward passes take their inner products with rounding errors there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from qviz.engine.measure.board import Operator, Switch
from qviz.engine.measure.simulation import Simulation

Ray: TypeAlias = tuple[str, int]
"""One backward pass: from which output, and its number."""


class InnerProducts:
    """Sums the inner products of backward passes, by quantizer; for each sample where the first dimension tells.

    Args:
        samples: How many a batch holds.

    Attributes:
        ray: The pass that is under way.
    """

    def __init__(self, samples: int) -> None:
        self._samples = samples
        self._products: dict[Ray, dict[int, Tensor]] = {}
        self.ray: Ray = ("", 0)

    def add(self, quantizer: int, gradient: Tensor, delta: Tensor) -> None:
        """Take the gradient and the rounding error at one place of a quantizer."""
        gradient, delta = gradient.float(), delta.float()
        if gradient.dim() and len(gradient) == self._samples:
            columns = gradient.reshape(self._samples, 1, -1), delta.reshape(self._samples, -1, 1)
            product = torch.bmm(*columns).reshape(-1).double()
        else:
            product = torch.dot(gradient.reshape(-1), delta.reshape(-1)).double().reshape(1)
        found = self._products.setdefault(self.ray, {})
        before = found.get(quantizer)
        if before is None or before.shape == product.shape:
            found[quantizer] = product if before is None else before + product
        else:  # one of its places shows no samples: all are taken together
            found[quantizer] = (before.sum() + product.sum()).reshape(1)

    def squares(self) -> Iterator[tuple[int, str, float]]:
        """Yield quantizer, output and the sum over samples of the squared product, for each pass."""
        for (name, _), found in self._products.items():
            for quantizer, product in found.items():
                yield quantizer, name, float(product.square().sum())


class _Anchor(torch.autograd.Function):
    """Passes values on, and takes the inner product of their gradient with rounding errors on the way back."""

    @staticmethod
    def forward(
        ctx: Any, values: Tensor, leaf: Tensor, inner: InnerProducts, deltas: list[tuple[int, Tensor]], keep: bool
    ) -> Tensor:
        """Keep what the backward pass needs; `leaf` makes it come here."""
        ctx.inner, ctx.deltas = inner, deltas
        return values.view_as(values) if keep else values.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        """Take the inner products."""
        for quantizer, delta in ctx.deltas:
            ctx.inner.add(quantizer, gradients[0], delta)
        return gradients[0], None, None, None, None


class Anchoring:
    """Puts an anchor at every place of rounding; a probe of a board.

    Attributes:
        calls: How often each switch was called.
        leaf: What every anchor leads back to, so that every backward pass comes by.
        is_simulated: Whether values go on as rounded, with straight-through gradients.
    """

    def __init__(
        self, simulation: Simulation, inner: InnerProducts, idle: set[tuple[str, int]], is_simulated: bool
    ) -> None:
        self._simulation, self._inner, self._idle, self.is_simulated = simulation, inner, idle, is_simulated
        self.calls: Counter[str] = Counter()
        self.leaf = torch.zeros((), requires_grad=True)
        self._keep = simulation.reruns_part

    def at_switch(self, switch: Switch, values: Tensor) -> Tensor:
        """Note its rounding error, unless it is idle."""
        key = switch.path, self.calls[switch.path]
        self.calls[switch.path] += 1
        if key in self._idle:
            return values
        with torch.no_grad():
            delta = switch.rounding(values) - values.detach()
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
        leaves, structure = pytree.tree_flatten(result)
        for place, leaf in enumerate(leaves):
            if isinstance(leaf, Tensor) and leaf.is_floating_point():
                deltas = [(quantizer, found[place]) for quantizer, found in errors]
                leaves[place] = self._anchored(self._moved(leaf, deltas), deltas)
        return pytree.tree_unflatten(leaves, structure)

    def _moved(self, values: Tensor, deltas: list[tuple[int, Tensor]]) -> Tensor:
        if not self.is_simulated:
            return values
        for _, delta in deltas:
            values = values + delta
        return values

    def _anchored(self, values: Tensor, deltas: list[tuple[int, Tensor]]) -> Tensor:
        anchored: Tensor = _Anchor.apply(values, self.leaf, self._inner, deltas, self._keep)
        return anchored


def _differences(have: Any, want: Any) -> list[Any]:
    pairs = zip(pytree.tree_leaves(have), pytree.tree_leaves(want), strict=True)
    return [one - other if isinstance(one, Tensor) and one.is_floating_point() else None for one, other in pairs]

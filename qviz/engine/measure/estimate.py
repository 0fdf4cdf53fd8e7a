"""Estimates what every quantizer alone puts on each output, all of them at once, by random projections.

For a random sign vector v over an output, g = Jᵀv is one backward pass; the mean over several v of (g · δ)², the inner
product taken for each sample, is to first order the noise power ‖J δ‖² that the rounding error δ of a quantizer
puts on that output. δ is taken on float inputs and J of the float model, which ranks best; or both along the
simulated model with straight-through gradients, which tells the total better where noise is large.

Source:
    Hutchinson's estimator of a trace (1989), with Rademacher vectors; FIT (arXiv 2210.08502) uses gradients of
    the loss in the same way. The relative standard deviation is at most sqrt(2 / (K · samples)).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from qviz.engine.loading.forward import Arguments
from qviz.engine.measure.board import Operator, Switch
from qviz.engine.measure.measured import Measured
from qviz.engine.measure.outputs import outputs_of
from qviz.engine.measure.simulation import Simulation

PROJECTIONS = 8
_MOST_OUTPUTS = 4
Powers = dict[int, dict[str, float]]
"""By quantizer and output."""


class _Inner:
    """Sums the inner products of one backward pass, by quantizer; for each sample where the first dimension tells."""

    def __init__(self, samples: int) -> None:
        self._samples = samples
        self.products: dict[int, Tensor] = {}

    def add(self, quantizer: int, gradient: Tensor, delta: Tensor) -> None:
        gradient, delta = gradient.float(), delta.float()
        if gradient.dim() and len(gradient) == self._samples:
            columns = gradient.reshape(self._samples, 1, -1), delta.reshape(self._samples, -1, 1)
            product = torch.bmm(*columns).reshape(-1).double()
        else:
            product = torch.dot(gradient.reshape(-1), delta.reshape(-1)).double().reshape(1)
        before = self.products.get(quantizer)
        if before is None or before.shape == product.shape:
            self.products[quantizer] = product if before is None else before + product
        else:  # one of its places shows no samples: all are taken together
            self.products[quantizer] = (before.sum() + product.sum()).reshape(1)

    def taken(self) -> dict[int, float]:
        """Return the sums of their squares, and begin again."""
        found = {quantizer: float(each.square().sum()) for quantizer, each in self.products.items()}
        self.products = {}
        return found


class _Anchor(torch.autograd.Function):
    """Passes values on, and takes the inner product of their gradient with rounding errors on the way back."""

    @staticmethod
    def forward(
        ctx: Any, values: Tensor, leaf: Tensor, inner: _Inner, deltas: list[tuple[int, Tensor]], keep: bool
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


class _Anchoring:
    """Puts an anchor at every place of rounding."""

    def __init__(self, simulation: Simulation, inner: _Inner, idle: set[tuple[str, int]], is_simulated: bool) -> None:
        self._simulation, self._inner, self._idle, self._is_simulated = simulation, inner, idle, is_simulated
        self._calls: Counter[str] = Counter()
        self._leaf = torch.zeros((), requires_grad=True)
        self._keep = simulation.reruns_part

    def at_switch(self, switch: Switch, values: Tensor) -> Tensor:
        key = switch.path, self._calls[switch.path]
        self._calls[switch.path] += 1
        if key in self._idle:
            return values
        with torch.no_grad():
            delta = switch.rounding(values) - values.detach()
        if self._is_simulated:
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
        if not self._is_simulated:
            return values
        for _, delta in deltas:
            values = values + delta
        return values

    def _anchored(self, values: Tensor, deltas: list[tuple[int, Tensor]]) -> Tensor:
        anchored: Tensor = _Anchor.apply(values, self._leaf, self._inner, deltas, self._keep)
        return anchored


def _differences(have: Any, want: Any) -> list[Any]:
    pairs = zip(pytree.tree_leaves(have), pytree.tree_leaves(want), strict=True)
    return [one - other if isinstance(one, Tensor) and one.is_floating_point() else None for one, other in pairs]


def estimate(
    measured: Measured,
    idle: set[tuple[str, int]],
    projections: int = PROJECTIONS,
    is_simulated: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Powers:
    """Return the noise power that each quantizer alone puts on each output, over all batches.

    Args:
        measured: The simulation and the data.
        idle: SeenTensors that round nothing because their values are on the grid already.
        projections: K; each costs one backward pass for each output.
        is_simulated: Along the simulated model, with straight-through gradients.
        progress: Is told how many backward passes are done, of how many.
    """
    simulation, batches = measured.simulation, measured.evaluation.batches
    random = torch.Generator().manual_seed(measured.plan.seed)
    names = tuple(dict.fromkeys(name for batch in measured.outputs.floating for name in batch))[:_MOST_OUTPUTS]
    powers: Powers = {each.index: dict.fromkeys(names, 0.0) for each in simulation.quantizers}
    done, total = 0, len(batches) * len(names) * projections
    for batch in batches:
        inner = _Inner(_samples(batch))
        probe = _Anchoring(simulation, inner, idle, is_simulated)
        with torch.enable_grad(), simulation.board.set_to(probe=probe):
            found = _raw_outputs(batch.cloned().call(simulation.module))
        for name in names:
            output = found.get(name)
            for _ in range(projections):
                done += 1
                progress(done, total)
                if output is None or not output.requires_grad:
                    continue
                signs = torch.randint(0, 2, output.shape, generator=random).to(output) * 2 - 1
                torch.autograd.grad(output, probe._leaf, signs, retain_graph=True, allow_unused=True)  # noqa: SLF001
                for quantizer, squares in inner.taken().items():
                    powers[quantizer][name] += squares / projections
    return powers


def _samples(batch: Arguments) -> int:
    tensors = [each for each in pytree.tree_leaves((batch.args, batch.kwargs)) if isinstance(each, Tensor)]
    return len(tensors[0]) if tensors and tensors[0].dim() else 1


def _raw_outputs(result: Any) -> dict[str, Tensor]:
    """Return the outputs by name, with their gradients."""
    named = outputs_of(result)
    leaves = [each for each in pytree.tree_leaves(result) if isinstance(each, Tensor)]
    floats = [each for each in leaves if each.is_floating_point() or each.is_quantized]
    return dict(zip(named, floats, strict=True))

"""Inner products of gradients with rounding errors, taken on the way of backward passes through a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from qviz.engine.measure.simulated.board import Operator, Switch
from qviz.engine.measure.simulated.neighbors import neighbors
from qviz.engine.measure.simulated.simulation import Simulation

_LONG_ROW = 4096

Ray: TypeAlias = tuple[str, int]
"""One backward pass: from which output, and its number."""


class InnerProducts:
    """Sums the inner products of backward passes, by quantizer; for each sample where samples do not meet.

    Whether they do, the first pass from an output finds out: it begins with nan at a sample in the middle, of two
    samples at one, and in the second pass at the other. A place whose gradient is nan in no row but that of this
    sample is taken sample by sample. Elsewhere (samples meet on the way to the output, or the first dimension of the
    input counts something else, such as time) the products of different rows depend on each other and must be added
    up before they are squared; such a place does without these passes.

    Args:
        samples: How many a batch holds, by the first dimension of its first tensor.

    Attributes:
        ray: The pass that is under way.
    """

    def __init__(self, samples: int) -> None:
        self._samples = samples
        self._marks = {1: {}, 2: {0: 0, 1: 1}}.get(samples, {0: samples // 2})
        self._products: dict[tuple[str, int], dict[int, Tensor]] = {}
        self._dims: dict[tuple[str, int], int | None] = {}
        self.ray: Ray = ("", 0)

    def marked(self, number: int, signs: Tensor) -> Tensor:
        """Return what a pass from an output begins with, given random signs."""
        row = self._marks.get(number)
        if row is None:
            return signs
        rows = torch.atleast_1d(signs.clone())
        if len(rows) % self._samples:
            rows[:] = torch.nan
        else:
            rows.reshape(self._samples, -1)[row] = torch.nan
        marked: Tensor = rows.reshape(signs.shape)
        return marked

    def add(self, anchor: int, quantizer: int, gradient: Tensor, delta: Tensor) -> None:
        """Take the gradient and the rounding error of a quantizer at one of its places.

        Args:
            anchor: The number of the place.
            quantizer: Its index.
            gradient: Of the output of the pass that is under way.
            delta: The rounding error, in the same shape: float32, finite.
        """
        name, number = self.ray
        product = self._product((name, anchor), number, gradient.float(), delta)
        passes = self._products.setdefault((name, quantizer), {})
        before = passes.get(number)
        if before is None or before.shape == product.shape:
            passes[number] = product if before is None else before + product
        else:  # one of its places shows no samples: all are taken together
            passes[number] = before.sum(0, keepdim=True) + product.sum(0, keepdim=True)

    def _product(self, place: tuple[str, int], number: int, gradient: Tensor, delta: Tensor) -> Tensor:
        """Return the inner products by sample, or the one of all samples where they meet."""
        if self._samples == 1:
            return _dots(gradient.reshape(1, -1), delta.reshape(1, -1))
        row = self._marks.get(number)
        if row is not None:
            known = self._dims.get(place, -1)
            for dim in self._possible_dims(gradient.shape) if known == -1 else (known,):
                if dim is not None:
                    product = self._by_sample(gradient, delta, dim)
                    spread = ~torch.isfinite(product)
                    spread[row] = False
                    if not bool(spread.any()):
                        self._dims[place] = dim
                        return product
            self._dims[place] = None
        dim = self._dims.get(place)
        if dim is None:
            return _dots(gradient.reshape(1, -1), delta.reshape(1, -1))
        return self._by_sample(gradient, delta, dim)

    def _possible_dims(self, shape: torch.Size) -> Iterator[int]:
        """Yield the dimensions that may be those of samples; the first may hold several rows of each."""
        for dim, size in enumerate(shape):
            if size == self._samples or (dim == 0 and size and size % self._samples == 0):
                yield dim

    def _by_sample(self, gradient: Tensor, delta: Tensor, dim: int) -> Tensor:
        """Return the inner products along a dimension; both are read in the order of the gradient's memory."""
        rest = sorted((each for each in range(gradient.dim()) if each != dim), key=gradient.stride, reverse=True)
        one, other = (each.permute(dim, *rest).reshape(self._samples, -1) for each in (gradient, delta))
        return _dots(one, other)

    def powers(self) -> Iterator[tuple[int, str, float]]:
        """Yield quantizer, output, and the mean over passes of the squared product, summed over samples."""
        for (name, quantizer), passes in self._products.items():
            products = [passes[number] for number in sorted(passes)]
            if len({len(each) for each in products}) > 1:  # the second pass found that samples meet
                products = [each.sum(0, keepdim=True) for each in products]
            squares = torch.stack(products).square()
            is_marked = ~torch.isfinite(squares)
            is_marked[len(self._marks) :] = False
            counts = len(products) - is_marked.sum(0)
            yield quantizer, name, float((squares.masked_fill(is_marked, 0.0).sum(0) / counts).sum())


def _dots(one: Tensor, other: Tensor) -> Tensor:
    """Return the inner products of rows in float64; for long rows BLAS is several times as fast as ``bmm``."""
    if one.shape[1] < _LONG_ROW:
        return (one * other).sum(1, dtype=torch.float64)
    return torch.stack([torch.dot(*rows) for rows in zip(one, other, strict=True)]).double()


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

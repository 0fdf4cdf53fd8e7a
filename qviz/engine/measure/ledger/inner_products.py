"""Inner products of gradients with rounding errors, taken on the way of backward passes through a model."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TypeAlias

import torch
from torch import Tensor

_LONG_ROW, _BLOCKS = 4096, 8

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
        passes[number] = _added(passes[number], product) if number in passes else product

    def _product(self, place: tuple[str, int], number: int, gradient: Tensor, delta: Tensor) -> Tensor:
        """Return the inner products by sample, or the one of all samples where they meet: summands in rows."""
        if self._samples == 1:
            return _dots(1, gradient, delta)
        row = self._marks.get(number)
        if row is not None:
            known = self._dims.get(place, -1)
            for dim in self._possible_dims(gradient.shape) if known == -1 else (known,):
                if dim is not None:
                    product = self._by_sample(gradient, delta, dim)
                    spread = ~torch.isfinite(product).all(1)
                    spread[row] = False
                    if not bool(spread.any()):
                        self._dims[place] = dim
                        return product
            self._dims[place] = None
        dim = self._dims.get(place)
        return _dots(1, gradient, delta) if dim is None else self._by_sample(gradient, delta, dim)

    def _possible_dims(self, shape: torch.Size) -> Iterator[int]:
        """Yield the dimensions that may be those of samples; the first may hold several rows of each."""
        for dim, size in enumerate(shape):
            if size == self._samples or (dim == 0 and size and size % self._samples == 0):
                yield dim

    def _by_sample(self, gradient: Tensor, delta: Tensor, dim: int) -> Tensor:
        """Return the inner products along a dimension: for each sample a row of summands."""
        return _dots(self._samples, gradient, delta, dim)

    def powers(self) -> Iterator[tuple[int, str, float]]:
        """Yield quantizer, output, and the mean over passes of the squared product, summed over samples."""
        for (name, quantizer), passes in self._products.items():
            products = [passes[number].double().sum(1) for number in sorted(passes)]
            if len({len(each) for each in products}) > 1:  # the second pass found that samples meet
                products = [each.sum(0, keepdim=True) for each in products]
            squares = torch.stack(products).square()
            is_marked = ~torch.isfinite(squares)
            is_marked[len(self._marks) :] = False
            counts = len(products) - is_marked.sum(0)
            yield quantizer, name, float((squares.masked_fill(is_marked, 0.0).sum(0) / counts).sum())


def _added(one: Tensor, other: Tensor) -> Tensor:
    """Return the sum of summands in rows, at two places of a quantizer."""
    if one.shape != other.shape:
        one, other = (each.double().sum(1, keepdim=True) for each in (one, other))
    if len(one) != len(other):  # one of its places shows no samples: all are taken together
        one, other = (each.sum(0, keepdim=True) for each in (one, other))
    return one + other


def _dots(rows: int, gradient: Tensor, delta: Tensor, dim: int = 0) -> Tensor:
    """Return the inner products of so many rows along a dimension, each as one or more summands in a row.

    Long rows go to BLAS, in blocks that all threads share; with the second operand as a column it takes two to
    three times as long. They are read in the order of the gradient's memory, and where it is that of the error too,
    where they stand: a pass comes by hundreds of times.
    """
    length, strides = gradient.numel() // rows, gradient.stride()
    blocks = _BLOCKS if length % _BLOCKS == 0 else 1
    size = length // blocks
    if (
        length >= _LONG_ROW
        and delta.stride() == strides
        and _are_rows(gradient.shape, strides, dim if rows > 1 else None)
    ):
        one = gradient.as_strided((rows * blocks, 1, size), (size, size, 1))
        other = delta.as_strided((rows * blocks, size, 1), (size, 1, size))
        return torch.bmm(one, other).view(rows, blocks)
    first = [dim] if rows > 1 else []
    rest = sorted(set(range(gradient.dim())).difference(first), key=lambda each: -strides[each])
    one, other = (each.permute([*first, *rest]).reshape(rows, length) for each in (gradient, delta))
    if length < _LONG_ROW:
        return (one * other).sum(1, keepdim=True, dtype=torch.float64)
    return torch.bmm(one.reshape(rows * blocks, 1, size), other.reshape(rows * blocks, 1, size).mT).view(rows, blocks)


@lru_cache(maxsize=1024)
def _are_rows(shape: torch.Size, strides: tuple[int, ...], dim: int | None) -> bool:
    """Return whether the rows of a dimension, or all values as one row, stand in memory without a gap."""
    size = 1
    for each in sorted((each for each in range(len(shape)) if each != dim), key=strides.__getitem__):
        if shape[each] > 1 and strides[each] != size:
            return False
        size *= shape[each]
    return dim is None or strides[dim] == size

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


class RoundingErrors:
    """The rounding errors of quantizers whose gradient is the same: those of one place.

    They are kept side by side in the order of the gradient's memory, so that a pass reads its gradient once for all
    of them. A pass comes by hundreds of times: what does not change from one to the next is kept.

    Args:
        values: What is rounded.
        room: For the errors of how many quantizers.

    Attributes:
        quantizers: By index.
    """

    def __init__(self, values: Tensor, room: int) -> None:
        self.quantizers: list[int] = []
        self._beside = _beside(values, room)
        self._blocks: tuple[tuple[int, int | None], Tensor] | None = None

    def add(self, quantizer: int, rounded: Tensor, values: Tensor) -> None:
        """Add what a quantizer does to the values; before the first pass.

        A mask of the smallest float is rounded to minus infinity, where softmax has no slope: that is no noise.
        """
        place = self._beside[len(self.quantizers)]
        torch.nan_to_num_(torch.sub(rounded, values, out=place))
        self.quantizers.append(quantizer)

    def __iter__(self) -> Iterator[Tensor]:
        """Yield the errors in the shape of the values: float32, finite."""
        return iter(self._beside[: len(self.quantizers)])

    def dots(self, gradient: Tensor, rows: int = 1, dim: int | None = None) -> Tensor:
        """Return the inner products of so many rows along a dimension: (rows, summands, quantizers).

        Args:
            gradient: Of what the errors are made to.
            rows: How many; 1: all values are one row.
            dim: Of the rows; None: all values are one row.
        """
        gradient = gradient.float()
        if gradient.stride() != self._beside.stride()[1:]:
            if not _are_rows(gradient.shape, gradient.stride(), None):
                gradient = gradient.contiguous()
            if gradient.stride() != self._beside.stride()[1:]:
                errors, self._blocks, count = self._beside, None, len(self._beside)
                self._beside = _beside(gradient, count)
                self._beside.copy_(errors)
        if self._blocks is None or self._blocks[0] != (rows, dim):
            length = gradient.numel() // rows
            if length < _LONG_ROW or (dim is not None and not _are_rows(gradient.shape, gradient.stride(), dim)):
                return self._short_dots(gradient, rows, dim)
            blocks = rows * (_BLOCKS if length % _BLOCKS == 0 else 1)
            size = gradient.numel() // blocks
            columns = self._beside.as_strided((blocks, size, len(self.quantizers)), (size, 1, gradient.numel()))
            self._blocks = (rows, dim), columns
        columns = self._blocks[1]  # long rows go to BLAS, in blocks that all threads share
        blocks, size, count = columns.shape
        return torch.bmm(gradient.as_strided((blocks, 1, size), (size, size, 1)), columns).view(rows, -1, count)

    def _short_dots(self, gradient: Tensor, rows: int, dim: int | None) -> Tensor:
        first = [] if dim is None else [dim]
        order = [*first, *(each for each in range(gradient.dim()) if each != dim)]
        one = gradient.permute(order).reshape(1, rows, -1)
        other = self._beside.permute(0, *(1 + each for each in order)).reshape(len(self._beside), rows, -1)
        return (one * other[: len(self.quantizers)]).sum(2, dtype=torch.float64).mT.unsqueeze(1)


def _beside(values: Tensor, count: int) -> Tensor:
    """Return so many tensors beside each other in memory, each in the order of values."""
    is_dense = _are_rows(values.shape, values.stride(), None)
    strides = (values if is_dense else torch.empty(values.shape, device="meta")).stride()
    memory = torch.empty(count * values.numel(), device=values.device)
    return memory.as_strided((count, *values.shape), (values.numel(), *strides))


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
        self._products: list[tuple[Ray, list[int], Tensor]] = []
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

    def add(self, place: int, errors: RoundingErrors, gradient: Tensor) -> None:
        """Take the inner products of a gradient with the rounding errors of a place.

        Args:
            place: Its number.
            errors: What quantizers do there.
            gradient: Of the output of the pass that is under way.
        """
        name, number = self.ray
        self._products.append((self.ray, errors.quantizers, self._product((name, place), number, gradient, errors)))

    def _product(self, place: tuple[str, int], number: int, gradient: Tensor, errors: RoundingErrors) -> Tensor:
        """Return the inner products by sample, or the one of all samples where they meet: quantizers last."""
        if self._samples == 1:
            return errors.dots(gradient)
        row = self._marks.get(number)
        if row is not None:
            known = self._dims.get(place, -1)
            for dim in self._possible_dims(gradient.shape) if known == -1 else (known,):
                if dim is not None:
                    product = errors.dots(gradient, self._samples, dim)
                    are_finite = torch.isfinite(product).flatten(1).all(1).tolist()
                    if all(is_finite or each == row for each, is_finite in enumerate(are_finite)):
                        self._dims[place] = dim
                        return product
            self._dims[place] = None
        dim = self._dims.get(place)
        return errors.dots(gradient) if dim is None else errors.dots(gradient, self._samples, dim)

    def _possible_dims(self, shape: torch.Size) -> Iterator[int]:
        """Yield the dimensions that may be those of samples; the first may hold several rows of each."""
        for dim, size in enumerate(shape):
            if size == self._samples or (dim == 0 and size and size % self._samples == 0):
                yield dim

    def powers(self) -> Iterator[tuple[int, str, float]]:
        """Yield quantizer, output, and the mean over passes of the squared product, summed over samples."""
        for (quantizer, name), passes in self._by_quantizer().items():
            products = [passes[number] for number in sorted(passes)]
            if len({len(each) for each in products}) > 1:  # the second pass found that samples meet
                products = [each.sum(0, keepdim=True) for each in products]
            squares = torch.stack(products).square()
            is_marked = ~torch.isfinite(squares)
            is_marked[len(self._marks) :] = False
            counts = len(products) - is_marked.sum(0)
            yield quantizer, name, float((squares.masked_fill(is_marked, 0.0).sum(0) / counts).sum())

    def _by_quantizer(self) -> dict[tuple[int, str], dict[int, Tensor]]:
        """Return by quantizer and output the product of each pass, over all places: rows in float64."""
        found: dict[tuple[int, str], dict[int, Tensor]] = {}
        for (name, number), quantizers, product in self._products:
            for quantizer, rows in zip(quantizers, product.double().sum(1).unbind(1), strict=True):
                passes = found.setdefault((quantizer, name), {})
                passes[number] = _added(passes[number], rows) if number in passes else rows
        return found


def _added(one: Tensor, other: Tensor) -> Tensor:
    """Return the sum of the rows of two places of a quantizer."""
    if len(one) != len(other):  # one of its places shows no samples: all are taken together
        one, other = (each.sum(0, keepdim=True) for each in (one, other))
    return one + other


@lru_cache(maxsize=1024)
def _are_rows(shape: torch.Size, strides: tuple[int, ...], dim: int | None) -> bool:
    """Return whether the rows of a dimension, or all values as one row, stand in memory without a gap."""
    size = 1
    for each in sorted((each for each in range(len(shape)) if each != dim), key=strides.__getitem__):
        if shape[each] > 1 and strides[each] != size:
            return False
        size *= shape[each]
    return dim is None or strides[dim] == size

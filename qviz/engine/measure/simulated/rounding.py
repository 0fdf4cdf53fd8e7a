"""How a quantizer rounds a tensor, read from torch's observers, fake-quants and quantized tensors."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.ao.quantization.fx import _decomposed  # noqa: F401 - registers quantized_decomposed

from qviz.engine.nodes.observers import statistics
from qviz.engine.nodes.qparams import PER_CHANNEL


class Rounding(Protocol):
    """Rounds a float tensor to what its integers represent; shapes stay."""

    @property
    def bits(self) -> int:
        """Of the integers in use; 16 of float16."""

    def __call__(self, values: Tensor) -> Tensor:
        """Return the values as they come back from the quantized type, in float32."""


@dataclass(frozen=True, eq=False)
class Affine:
    """Integers ``clamp(round(x / scale) + zero_point, low, high)``; per channel along `axis`.

    Attributes:
        by_kernel: Whether torch's quantized tensors do it, as FX and eager models do: these know the range of the
            dtype and no other. Else ``quantized_decomposed``, as PT2E graphs do, with the observer's own range.
    """

    dtype: torch.dtype
    scale: Tensor
    zero_point: Tensor
    low: int
    high: int
    axis: int | None = None
    by_kernel: bool = True

    @property
    def bits(self) -> int:
        """Of the range in use."""
        return int(self.high - self.low).bit_length()

    def __call__(self, values: Tensor) -> Tensor:
        """Return the values as they come back from the quantized type."""
        values = values.detach().to(torch.float32)
        if self.by_kernel:
            return self._by_kernel(values)
        operators: Any = torch.ops.quantized_decomposed
        if self.axis is None:
            chosen = (float(self.scale), int(self.zero_point), self.low, self.high, self.dtype)
            if self.dtype in _KERNELS and _is_tame(values, chosen[0]):
                return self._in_one_go(values, *chosen[:2])
            back: Tensor = operators.dequantize_per_tensor(operators.quantize_per_tensor(values, *chosen), *chosen)
            return back
        along = (self.scale, self.zero_point, self.axis, self.low, self.high, self.dtype)
        spread: Tensor = operators.dequantize_per_channel(operators.quantize_per_channel(values, *along), *along)
        return spread

    def _in_one_go(self, values: Tensor, scale: float, zero_point: int) -> Tensor:
        """Return what ``quantized_decomposed`` gives, bit for bit, in a fifth of its time."""
        integers = torch.quantize_per_tensor(values, scale, zero_point, _KERNELS[self.dtype]).int_repr()
        if (self.low, self.high) != _BOUNDS[self.dtype]:
            integers.clamp_(self.low, self.high)
        return integers.to(torch.float32).sub_(zero_point).mul_(scale)

    def _by_kernel(self, values: Tensor) -> Tensor:
        if self.axis is None:
            return torch.quantize_per_tensor(values, float(self.scale), int(self.zero_point), self.dtype).dequantize()
        return torch.quantize_per_channel(
            values, self.scale.double(), self.zero_point, self.axis, self.dtype
        ).dequantize()

    def in_steps(self, values: Tensor) -> Tensor:
        """Return where values stand between the integers, unrounded and unclipped."""
        scale, zero_point = self.spread(values)
        return values.detach().double() / scale + zero_point

    def spread(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Return scale and zero point in a shape that broadcasts against the values, in float64."""
        if self.axis is None:
            return self.scale.double().reshape(()), self.zero_point.double().reshape(())
        shape = [1] * values.dim()
        shape[self.axis] = -1
        return self.scale.double().reshape(shape), self.zero_point.double().reshape(shape)


@dataclass(frozen=True)
class Dynamic:
    """Ranges of a tensor are computed when it comes, one for the whole tensor.

    Attributes:
        reduce_range: As ``quantized::linear_dynamic`` does it on x86: 7 bits.
        decomposed: (low, high, eps, dtype, is_symmetric) of a PT2E graph's ``choose_qparams``; None for kernels.
    """

    reduce_range: bool = True
    decomposed: tuple[int, int, float, torch.dtype, bool] | None = None
    bits: int = 8

    def __call__(self, values: Tensor) -> Tensor:
        """Return the values as they come back from the quantized type."""
        values = values.detach().to(torch.float32)
        if self.decomposed is None:
            scale, zero_point = torch._choose_qparams_per_tensor(values, self.reduce_range)  # noqa: SLF001
            return torch.quantize_per_tensor(values, scale, zero_point, torch.quint8).dequantize()
        low, high, eps, dtype, is_symmetric = self.decomposed
        operators: Any = torch.ops.quantized_decomposed
        choose = operators.choose_qparams_symmetric if is_symmetric else operators.choose_qparams
        chosen = choose.tensor(values, low, high, eps, dtype)
        quantized = operators.quantize_per_tensor.tensor(values, *chosen, low, high, dtype)
        back: Tensor = operators.dequantize_per_tensor.tensor(quantized, *chosen, low, high, dtype)
        return back


@dataclass(frozen=True)
class Half:
    """Float16, with clipping at its largest number as torch's packing of weights does it."""

    bits: int = 16

    def __call__(self, values: Tensor) -> Tensor:
        """Return the values as float16 holds them."""
        return values.detach().to(torch.float16).to(torch.float32)


@dataclass(frozen=True, eq=False)
class HeldWeight:
    """Numbers that the converted model holds: what a weight has become, in the layout of the float one.

    Attributes:
        held: As it is held: a quantized tensor is unpacked when it is asked for, for float32 takes four times as much.
        affine: How it was rounded, where that is known.
    """

    held: Tensor
    bits: int
    affine: Affine | None = None

    def __call__(self, values: Tensor) -> Tensor:
        """Return what is held, in the order of memory of the float weight: a forward may take views of what comes."""
        found = self.held.dequantize() if self.held.is_quantized else self.held.float()
        if found.shape != values.shape or found.stride() == values.stride():
            return found
        return torch.empty_like(values, dtype=found.dtype).copy_(found)


def of_observer(observer: nn.Module, by_kernel: bool) -> Rounding | None:
    """Return how conversion rounds what an observer or fake-quant watches; None where it does not.

    Args:
        observer: An observer or a fake-quant, calibrated or not.
        by_kernel: Whether the result calls quantized kernels (`Affine.by_kernel`).
    """
    keeper = statistics(observer)
    dtype = getattr(observer, "dtype", None) or getattr(keeper, "dtype", None)
    if dtype is torch.float16:
        return Half()
    bounds = _BOUNDS.get(dtype)
    if bounds is None or dtype is None:
        return None
    low, high = (_bound(observer, keeper, name) for name in ("quant_min", "quant_max"))
    if getattr(observer, "is_dynamic", False) or getattr(keeper, "is_dynamic", False):
        return _dynamic(keeper, dtype, (low, high), by_kernel)
    calculate = getattr(observer, "calculate_qparams", None)
    if calculate is None:
        return None
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of an observer that saw no data; its finding says it
            scale, zero_point = _calculated(observer)
    except Exception:  # placeholder and recording observers raise, each in its own way
        return None
    qscheme = getattr(observer, "qscheme", None) or getattr(keeper, "qscheme", None)
    is_narrow = not by_kernel and low is not None and high is not None
    lowest, highest = (int(low), int(high)) if is_narrow and low is not None and high is not None else bounds
    axis = int(getattr(keeper, "ch_axis", 0)) if qscheme in PER_CHANNEL and scale.numel() > 1 else None
    return Affine(dtype, scale.detach(), zero_point.detach(), lowest, highest, axis, by_kernel)


_KERNELS = {torch.int8: torch.qint8, torch.uint8: torch.quint8}


def _is_tame(values: Tensor, scale: float) -> bool:
    """Return whether torch's kernel divides as the decomposed operators do, and no value runs over its 32 bits."""
    if (
        not values.numel()
        or scale <= 0
        or float(torch.tensor(1.0) / torch.tensor(scale)) != float(torch.tensor(1 / scale))
    ):
        return False
    lowest, highest = values.aminmax()
    return max(-float(lowest), float(highest)) < scale * 2**30 and not math.isnan(float(lowest))


_BOUNDS: dict[torch.dtype | None, tuple[int, int]] = {
    torch.quint8: (0, 255),
    torch.uint8: (0, 255),
    torch.qint8: (-128, 127),
    torch.int8: (-128, 127),
    torch.int16: (-(2**15), 2**15 - 1),
    torch.qint32: (-(2**31), 2**31 - 1),
    torch.int32: (-(2**31), 2**31 - 1),
    torch.quint4x2: (0, 15),
}


def of_quantized(tensor: Tensor) -> HeldWeight:
    """Return what a quantized tensor holds, with how it was rounded."""
    low, high = _BOUNDS[tensor.dtype]
    if tensor.qscheme() in (torch.per_tensor_affine, torch.per_tensor_symmetric):
        scale, zero_point = torch.tensor(tensor.q_scale()), torch.tensor(tensor.q_zero_point())
        affine = Affine(tensor.dtype, scale, zero_point, low, high)
    else:
        scale, zero_point = tensor.q_per_channel_scales(), tensor.q_per_channel_zero_points()
        affine = Affine(tensor.dtype, scale, zero_point, low, high, tensor.q_per_channel_axis())
    return HeldWeight(tensor.detach(), affine.bits, affine)


def _calculated(observer: nn.Module) -> tuple[Tensor, Tensor]:
    if type(observer).__name__ == "_LearnableFakeQuantize":  # its calculate_qparams clamps the scale in place
        return observer.get_parameter("scale"), observer.get_parameter("zero_point")
    scale, zero_point = observer.calculate_qparams()[:2]  # type: ignore[operator]
    return torch.as_tensor(scale), torch.as_tensor(zero_point)


def _bound(observer: nn.Module, keeper: nn.Module, name: str) -> int | None:
    for each in (observer, keeper):
        value = getattr(each, name, None)
        if isinstance(value, int):
            return value
    return None


def affine_of(rounding: Rounding) -> Affine | None:
    """Return scale and zero point of a rounding, also of a weight that is held; None where it has none."""
    found = rounding.affine if isinstance(rounding, HeldWeight) else rounding
    return found if isinstance(found, Affine) else None


def bounds_of(observer: nn.Module | None, affine: Affine) -> tuple[int, int]:
    """Return the integers that an observer spreads what it saw over; kernels may reach further (`Affine.by_kernel`)."""
    if observer is None:
        return affine.low, affine.high
    low, high = (_bound(observer, statistics(observer), name) for name in ("quant_min", "quant_max"))
    return (affine.low if low is None else low), (affine.high if high is None else high)


def _dynamic(keeper: nn.Module, dtype: torch.dtype, bounds: tuple[int | None, int | None], by_kernel: bool) -> Rounding:
    if by_kernel:
        return Dynamic()
    low, high = (_BOUNDS[dtype][side] if bounds[side] is None else bounds[side] for side in (0, 1))
    assert low is not None
    assert high is not None
    eps = float(getattr(keeper, "eps", torch.finfo(torch.float32).eps))
    is_symmetric = getattr(keeper, "qscheme", None) is torch.per_tensor_symmetric
    return Dynamic(False, (low, high, eps, dtype, is_symmetric), int(high - low).bit_length())

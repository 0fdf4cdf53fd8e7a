"""Reads scale, zero point and range from tensors, modules and observers."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch._subclasses import FakeTensor

from qviz.document.graph import Number, Numbers, QParams, Quant
from qviz.engine.nodes.arguments import number
from qviz.engine.nodes.module_roles import LOW, Role, is_qat, role_of
from qviz.engine.nodes.observers import is_calibrated, statistics

PER_CHANNEL = (torch.per_channel_affine, torch.per_channel_symmetric, torch.per_channel_affine_float_qparams)


def numbers(value: Any) -> Numbers:
    """Return a scale or zero point as the document has it: a number, or one per channel."""
    if isinstance(value, FakeTensor):  # it has no numbers
        return None
    if isinstance(value, torch.Tensor):
        flat = [_number(each) for each in value.detach().reshape(-1).tolist()]
        return flat[0] if len(flat) == 1 and value.dim() == 0 else tuple(flat)
    if isinstance(value, bool | int | float):
        return _number(value)
    return None


def _number(value: float) -> Number:
    return value if isinstance(value, int) else number(value)


def single(value: Any) -> Numbers:
    """Return a per-tensor scale or zero point, which torch may keep as a tensor of one."""
    found = numbers(value)
    return found[0] if isinstance(found, tuple) and len(found) == 1 else found


def of_tensor(tensor: torch.Tensor) -> QParams | None:
    """Return how a tensor of torch's own quantized dtypes is quantized; None for any other."""
    if not tensor.is_quantized:
        return None
    dtype, qscheme = str(tensor.dtype), str(tensor.qscheme())
    if tensor.qscheme() in (torch.per_tensor_affine, torch.per_tensor_symmetric):
        return QParams(dtype, qscheme, number(tensor.q_scale()), tensor.q_zero_point())
    scale, zero_point = numbers(tensor.q_per_channel_scales()), numbers(tensor.q_per_channel_zero_points())
    return QParams(dtype, qscheme, scale, zero_point, axis=tensor.q_per_channel_axis())


def of_observer(observer: nn.Module) -> QParams | None:
    """Return what an observer or fake-quant asks for, with scale and zero point where it saw data."""
    source = statistics(observer)
    dtype = getattr(observer, "dtype", None) or getattr(source, "dtype", None)
    if dtype is None:
        return None
    qscheme = getattr(observer, "qscheme", None) or getattr(source, "qscheme", None)
    per_channel = qscheme in PER_CHANNEL
    scale, zero_point = _calculated(observer)
    read = numbers if per_channel else single
    return QParams(
        str(dtype),
        None if qscheme is None else str(qscheme),
        read(scale),
        read(zero_point),
        _bound(observer, source, "quant_min"),
        _bound(observer, source, "quant_max"),
        _axis(source) if per_channel else None,
    )


def _axis(source: nn.Module) -> int | None:
    """Return the axis of an observer of channels; None where it was given None, at which torch stops later."""
    axis = getattr(source, "ch_axis", 0)
    return None if axis is None else int(axis)


def _bound(observer: nn.Module, source: nn.Module, name: str) -> Number | None:
    for each in (observer, source):
        value = getattr(each, name, None)
        if isinstance(value, int | float):
            return _number(value)
    return None


def _calculated(observer: nn.Module) -> tuple[Any, Any]:
    """Return scale and zero point, or two None for an observer without data or without a scale."""
    if is_calibrated(observer) is False:
        return None, None
    if type(observer).__name__ == "_LearnableFakeQuantize":  # its calculate_qparams clamps the scale in place
        return observer.scale, observer.zero_point
    calculate = getattr(observer, "calculate_qparams", None)
    if calculate is None:
        return None, None
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scale, zero_point = calculate()[:2]
    except Exception:  # placeholder and recording observers raise, each in its own way
        return None, None
    return scale, zero_point


def of_module(module: nn.Module, packed: torch.Tensor | None = None) -> Quant | None:
    """Return the weight's and the output's quantization of a quantized, reference, QAT or Quantize module.

    Args:
        module: Any module.
        packed: Its `packed_weight`, if it was unpacked already, which takes long.
    """
    role = role_of(module)
    if role in (Role.OBSERVER, Role.FAKE_QUANT):
        asked = of_observer(module)
        return Quant(output=asked) if asked else None
    if role is Role.QUANTIZE:
        return Quant(output=_of_scale_attributes(module))
    if is_qat(module):
        return Quant(weight=of_observer(module.get_submodule("weight_fake_quant")))
    if role not in LOW:
        return None
    output = _of_scale_attributes(module) if role is Role.QUANTIZED else None
    if role is Role.REFERENCE:
        weight = _reference_weight(module)
    else:
        tensor = packed if packed is not None else packed_weight(module)
        weight = None if tensor is None else of_tensor(tensor) or QParams(_held_dtype(module, tensor))
    return Quant(weight=weight, output=output) if weight or output else None


def _held_dtype(module: nn.Module, weight: torch.Tensor) -> str:
    """Return what a weight is packed as: float16 ones are unpacked to float32."""
    return str(getattr(getattr(module, "_packed_params", None), "dtype", weight.dtype))


def _of_scale_attributes(module: nn.Module) -> QParams | None:
    scale, zero_point = getattr(module, "scale", None), getattr(module, "zero_point", None)
    if scale is None or zero_point is None:
        return None
    dtype = getattr(module, "dtype", None)
    dtype = dtype if isinstance(dtype, torch.dtype) else torch.quint8
    if role_of(module) is not Role.QUANTIZE:
        dtype = torch.quint8  # of a quantized module `dtype` is its weight's
    return QParams(str(dtype), str(torch.per_tensor_affine), single(scale), single(zero_point))


def packed_weight(module: nn.Module) -> torch.Tensor | None:
    """Return the weight that a quantized module holds packed, or as it is."""
    weight = getattr(module, "weight", None)
    tensor = _tried(weight) if callable(weight) else weight
    return tensor if isinstance(tensor, torch.Tensor) else None


def _tried(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except (RuntimeError, NotImplementedError, TypeError, AttributeError):
        return None


def _reference_weight(module: nn.Module) -> QParams | None:
    inner: Any = next((each for each in module.modules() if hasattr(each, "weight_qscheme")), None)
    if inner is None or inner.weight_qscheme is None:
        return None
    qscheme = inner.weight_qscheme
    per_channel = qscheme in PER_CHANNEL
    read = numbers if per_channel else single
    return QParams(
        str(inner.weight_dtype),
        str(qscheme),
        read(inner.weight_scale),
        read(inner.weight_zero_point),
        _bound(inner, inner, "weight_quant_min"),
        _bound(inner, inner, "weight_quant_max"),
        int(inner.weight_axis) if per_channel else None,
    )


def of_packed(packed: Any) -> QParams | None:
    """Return how the weight inside packed parameters is quantized; None where they do not unpack."""
    weight = unpacked(packed)
    return of_tensor(weight) if weight is not None else None


def unpacked(packed: Any) -> torch.Tensor | None:
    """Return the weight inside packed parameters; None where they do not unpack."""
    unpack = getattr(packed, "unpack", None) if isinstance(packed, torch.ScriptObject) else None
    content = _tried(unpack) if unpack is not None else None
    weight = content[0] if isinstance(content, tuple) and content else content
    return weight if isinstance(weight, torch.Tensor) else None

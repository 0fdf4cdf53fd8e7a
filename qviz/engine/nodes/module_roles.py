"""Says what a module is for: observer, fake-quant, quantized, reference, fused, stub, or plain."""

from __future__ import annotations

from enum import Enum, auto

import torch
from torch import nn
from torch.ao.quantization import DeQuantStub, QuantStub
from torch.ao.quantization.observer import _is_activation_post_process


class Role(Enum):
    """The role of a module; `SEVERAL` is a float or QAT module that replaces several."""

    FAKE_QUANT = auto()
    OBSERVER = auto()
    QUANTIZE = auto()
    DEQUANTIZE = auto()
    QUANTIZED = auto()
    QUANTIZED_DYNAMIC = auto()
    REFERENCE = auto()
    SEVERAL = auto()
    STUB = auto()
    GRAPH = auto()
    PLAIN = auto()


OBSERVING = frozenset({Role.OBSERVER, Role.FAKE_QUANT})
LOW = frozenset({Role.QUANTIZED, Role.QUANTIZED_DYNAMIC, Role.REFERENCE})

_OBSERVERS = (
    "ObserverBase",
    "AffineQuantizedObserverBase",
    "_InputEqualizationObserver",
    "_WeightEqualizationObserver",
)
_BY_NAME = {
    "Quantize": Role.QUANTIZE,
    "DeQuantize": Role.DEQUANTIZE,
    "FloatFunctional": Role.STUB,
    "FXFloatFunctional": Role.STUB,
}
"""Classes that live in the quantized package and are no quantized modules."""

_BY_PACKAGE = (
    ("torch.ao.nn.quantized.reference", Role.REFERENCE),
    ("torch.ao.nn.quantized.dynamic", Role.QUANTIZED_DYNAMIC),
    ("torch.ao.nn.intrinsic.quantized.dynamic", Role.QUANTIZED_DYNAMIC),
    ("torch.ao.nn.sparse.quantized.dynamic", Role.QUANTIZED_DYNAMIC),
    ("torch.ao.nn.quantized", Role.QUANTIZED),
    ("torch.ao.nn.intrinsic.quantized", Role.QUANTIZED),
    ("torch.ao.nn.sparse.quantized", Role.QUANTIZED),
    ("torch.ao.nn.intrinsic", Role.SEVERAL),
    ("torch.ao.nn", Role.PLAIN),
)
"""The most specific package first: ``intrinsic.qat`` replaces several modules, ``qat`` one."""


def role_of(module: nn.Module) -> Role:
    """Return the role of a module by its class, or by the first torch class that it derives from."""
    if is_called(module, "FakeQuantizeBase"):
        return Role.FAKE_QUANT
    if is_called(module, *_OBSERVERS) or _is_activation_post_process(module):
        return Role.OBSERVER
    if isinstance(module, QuantStub | DeQuantStub):
        return Role.STUB
    if isinstance(module, torch.fx.GraphModule):
        return Role.GRAPH
    role = _packaged_role(type(module))
    if role is Role.SEVERAL and any(role_of(child) is Role.REFERENCE for child in module.children()):
        return Role.REFERENCE
    return role


def is_called(thing: object, *names: str) -> bool:
    """Return whether the class of a thing, or one that it derives from, has one of these names.

    torchao has its own copies of what ``torch.ao.quantization`` has, under the same names and of the same form.
    """
    return any(base.__name__ in names for base in type(thing).__mro__)


def weight_subclass(module: nn.Module) -> type | None:
    """Return the class of a weight that torchao's ``quantize_`` put into a float module; None of a plain one."""
    weight = getattr(module, "weight", None)
    held = weight.data if isinstance(weight, nn.Parameter) and type(weight) is nn.Parameter else weight
    is_own = isinstance(held, torch.Tensor) and type(held).__module__.startswith("torchao.")
    return type(held) if is_own else None


def _packaged_role(class_: type) -> Role:
    for base in class_.__mro__:
        if base.__module__.startswith("torch.ao.nn."):
            if base.__module__.startswith("torch.ao.nn.quantized.modules") and base.__name__ in _BY_NAME:
                return _BY_NAME[base.__name__]
            return next(role for package, role in _BY_PACKAGE if base.__module__.startswith(package))
    return Role.PLAIN


def is_qat(module: nn.Module) -> bool:
    """Return whether a module is trained with a fake-quantized weight."""
    return isinstance(getattr(module, "weight_fake_quant", None), nn.Module)

"""Says what a module is for: observer, fake-quant, quantized, reference, fused, stub, or plain."""

from __future__ import annotations

from enum import Enum, auto

import torch
from torch import nn
from torch.ao.quantization import DeQuantStub, FakeQuantizeBase, QuantStub
from torch.ao.quantization.fx._equalize import _InputEqualizationObserver, _WeightEqualizationObserver
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
    if isinstance(module, FakeQuantizeBase):
        return Role.FAKE_QUANT
    if _is_activation_post_process(module) or isinstance(
        module, _InputEqualizationObserver | _WeightEqualizationObserver
    ):
        return Role.OBSERVER
    if isinstance(module, QuantStub | DeQuantStub):
        return Role.STUB
    if isinstance(module, torch.fx.GraphModule):
        return Role.GRAPH
    role = _packaged_role(type(module))
    if role is Role.SEVERAL and any(role_of(child) is Role.REFERENCE for child in module.children()):
        return Role.REFERENCE
    return role


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

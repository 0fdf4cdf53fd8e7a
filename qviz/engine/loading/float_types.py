"""The floating-point types of a model's weights: which there are, and where one differs from the rest."""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import Module
from torch.nn.parameter import is_lazy

from qviz.engine.loading.wrappers import named_insides

_OF_TYPES = re.compile(
    r"dtype|scalar type|same type|[Ii]nput type \(|Half|BFloat16|Double|but (got|found|expected)[^.]*Float"
)


class FloatTypes(NamedTuple):
    """What floats a model is made of.

    Attributes:
        main: That of most weights; None without any.
        others: The module paths of each other one.
    """

    main: torch.dtype | None
    others: dict[torch.dtype, tuple[str, ...]]

    @property
    def is_float32(self) -> bool:
        """Whether torch can quantize them as they are."""
        return self.main in (None, torch.float32) and not self.others

    @property
    def to_cast(self) -> tuple[torch.dtype, ...]:
        """All but float32."""
        return tuple(each for each in (self.main, *self.others) if each not in (None, torch.float32))


def float_types(model: Module) -> FloatTypes:
    """Return the types of a model's parameters; of one without parameters, those of its buffers."""
    held = _by_module(model, lambda module: module._parameters) or _by_module(model, lambda module: module._buffers)  # noqa: SLF001
    counts: Counter[torch.dtype] = Counter()
    for _, tensors in held:
        for each in tensors:
            counts[each.dtype] += 1 if is_lazy(each) else max(each.numel(), 1)
    if not counts:
        return FloatTypes(None, {})
    main = counts.most_common(1)[0][0]
    others = {
        dtype: tuple(path or type(model).__name__ for path, tensors in held if any(t.dtype is dtype for t in tensors))
        for dtype in sorted(counts, key=str)
        if dtype is not main
    }
    return FloatTypes(main, others)


def _by_module(model: Module, held: object) -> list[tuple[str, list[Tensor]]]:
    assert callable(held)
    found = [
        (path, [each for each in held(module).values() if each is not None and each.dtype.is_floating_point])
        for path, module in named_insides(model)
    ]
    return [(path, tensors) for path, tensors in found if tensors]


def is_type_fault(error: BaseException | None) -> bool:
    """Tell whether torch stopped because two tensors have different types."""
    return isinstance(error, (RuntimeError, TypeError)) and _OF_TYPES.search(str(error)) is not None


def named(dtype: torch.dtype) -> str:
    """Return a type as people call it: ``bfloat16``."""
    return str(dtype).removeprefix("torch.")

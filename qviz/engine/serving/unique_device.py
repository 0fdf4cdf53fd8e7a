"""Lets torch.ao find the device of a module once, and not again for every node that it inserts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any
from weakref import WeakSet

import torch
import torch.ao.quantization.fx.utils
from torch.nn import Module

_CPU = torch.device("cpu")


@contextmanager
def found_once() -> Iterator[None]:
    """Remember which modules are on the CPU alone.

    ``torch.ao.quantization.fx.utils`` asks for each scale, zero point and observer, and looks at every parameter and
    buffer of the model each time: 786 times, a third of an FX flow on resnet152. What torch inserts it puts on that
    very device, so that the answer stays; unless a training moves the model, and with it the first of its weights.
    """
    utils: Any = torch.ao.quantization.fx.utils
    look = utils._assert_and_get_unique_device  # noqa: SLF001 - what its public name calls
    on_cpu: WeakSet[Module] = WeakSet()

    def remembered(module: Module) -> Any:
        if module in on_cpu and _first(module) == _CPU:
            return _CPU
        device = look(module)
        if device == _CPU:
            on_cpu.add(module)
        return device

    utils._assert_and_get_unique_device = remembered  # noqa: SLF001
    try:
        yield
    finally:
        utils._assert_and_get_unique_device = look  # noqa: SLF001


def _first(module: Module) -> torch.device | None:
    """Return the device of the first weight, without looking at the others."""
    return next((each.device for each in chain(module.parameters(), module.buffers())), None)

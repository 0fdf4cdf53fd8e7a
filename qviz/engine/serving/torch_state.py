"""Leaves torch's global state as it was found."""

from __future__ import annotations

import random
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch

try:
    import numpy as np
except ImportError:  # torch does without
    np = None  # type: ignore[assignment]

_DYNAMO = "torch._dynamo.config"


def _refuses_compiled() -> bool:
    """Return whether torch.fx stops at a compiled function, as it does unless told otherwise; imports nothing."""
    return bool(getattr(sys.modules.get(_DYNAMO), "error_on_nested_fx_trace", True))


def settle() -> None:
    """Take back what the user's file may have set for itself while it was imported: warnings as errors, no grad."""
    warnings.simplefilter("always")
    torch.set_grad_enabled(True)


def _default_device() -> torch.device | None:
    """Return the device that torch was told to make tensors on; None where it was told nothing."""
    context = getattr(torch._GLOBAL_DEVICE_CONTEXT, "device_context", None)  # noqa: SLF001
    return None if context is None else context.device


@contextmanager
def kept(seed: int) -> Iterator[None]:
    """Seed the random number generators; restore them, the engine, dtype, device and grad mode at the end."""
    engine, dtype = torch.backends.quantized.engine, torch.get_default_dtype()
    grad, state, python_state = torch.is_grad_enabled(), torch.get_rng_state(), random.getstate()
    numpy_state = np.random.get_state() if np else None
    refuses, device = _refuses_compiled(), _default_device()
    torch.set_grad_enabled(True)
    torch.manual_seed(seed)
    random.seed(seed)
    if np:
        np.random.seed(seed % 2**32)
    try:
        yield
    finally:
        torch.backends.quantized.engine = engine
        torch.set_default_dtype(dtype)
        if _default_device() != device:
            torch.set_default_device(device)
        torch.set_grad_enabled(grad)
        if _refuses_compiled() is not refuses:
            sys.modules[_DYNAMO].error_on_nested_fx_trace = refuses  # type: ignore[attr-defined]
        torch.set_rng_state(state)
        random.setstate(python_state)
        if numpy_state is not None:
            np.random.set_state(numpy_state)

"""Leaves torch's global state as it was found."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import torch

try:
    import numpy as np
except ImportError:  # torch does without
    np = None  # type: ignore[assignment]


@contextmanager
def kept(seed: int) -> Iterator[None]:
    """Seed the random number generators; restore them, the engine, the dtype and the grad mode at the end."""
    engine, dtype = torch.backends.quantized.engine, torch.get_default_dtype()
    grad, state, python_state = torch.is_grad_enabled(), torch.get_rng_state(), random.getstate()
    numpy_state = np.random.get_state() if np else None
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
        torch.set_grad_enabled(grad)
        torch.set_rng_state(state)
        random.setstate(python_state)
        if numpy_state is not None:
            np.random.set_state(numpy_state)

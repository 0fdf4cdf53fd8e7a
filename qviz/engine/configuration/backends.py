"""Selects the engine of quantized kernels."""

from __future__ import annotations

import torch

from qviz.document.plan import BACKENDS
from qviz.errors import QvizError


def use_backend(name: str) -> None:
    """Select the engine of quantized kernels.

    Raises:
        QvizError: Unknown, or this machine does not have it.
    """
    if name not in BACKENDS:
        raise QvizError(f"there is no backend {name!r}", f"There are: {', '.join(BACKENDS)}.")
    here = [each for each in BACKENDS if each in torch.backends.quantized.supported_engines]
    if name not in here:
        raise QvizError(f"this machine has no engine {name!r}", f"It has: {', '.join(here)}.")
    torch.backends.quantized.engine = name

"""Selects the engine of quantized kernels."""

from __future__ import annotations

import torch

from qviz.document.plan import BACKENDS
from qviz.errors import QvizError
from qviz.words import tr


def use_backend(name: str) -> None:
    """Select the engine of quantized kernels.

    Raises:
        QvizError: Unknown, or this machine does not have it.
    """
    if name not in BACKENDS:
        raise QvizError(
            tr('Unknown backend "{name}"', name=name), tr("Choose one of: {names}.", names=", ".join(BACKENDS))
        )
    here = [each for each in BACKENDS if each in torch.backends.quantized.supported_engines]
    if name not in here:
        raise QvizError(
            tr('This machine lacks the quantized engine "{name}"', name=name),
            tr("Choose one of: {names}.", names=", ".join(here)),
        )
    torch.backends.quantized.engine = name

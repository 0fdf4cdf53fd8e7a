"""Makes the ``BackendConfig`` of a plan, and the Python of it."""

from __future__ import annotations

import difflib
import importlib

import torch.ao.quantization.backend_config.utils  # noqa: F401 - torch's own configurations need it imported
from torch.ao.quantization.backend_config import BackendConfig

from qviz.document.plan import BACKEND_CONFIGS
from qviz.engine.loading.written import Written, users_own
from qviz.errors import QvizError

_PACKAGE = "torch.ao.quantization.backend_config"


def make_backend_config(text: str | None) -> Written | None:
    """Return the backend's configuration; None leaves it to torch, which takes the native one.

    Raises:
        QvizError: There is none of that name, or the user's is something else.
    """
    if text is None:
        return None
    if ":" in text:
        return _users(text)
    if text not in BACKEND_CONFIGS:
        near = difflib.get_close_matches(text, BACKEND_CONFIGS, 1)
        there_are = f"There are: {', '.join(BACKEND_CONFIGS)}, and mod:callable."
        raise QvizError(f"there is no backend config {text!r}", f"Did you mean {near[0]}?" if near else there_are)
    place, function = f"{_PACKAGE}.{text}", f"get_{text}_backend_config"  # the package itself leaves out x86
    value = getattr(importlib.import_module(place), function)()
    return Written(value, f"{function}()", frozenset({f"from {place} import {function}"}))


def _users(text: str) -> Written:
    made = users_own(text)
    if not isinstance(made.value, BackendConfig):
        raise QvizError(
            f"{text} gives a {type(made.value).__name__}, not a BackendConfig",
            f"Give one of {_PACKAGE}, or a function that returns one.",
        )
    return made

"""Asks a backend configuration which operators it has patterns for."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from torch.ao.quantization.backend_config import BackendConfig, get_native_backend_config

BACKEND_CONFIG = "qviz.backend_config"
"""Where the meta of a prepared graph keeps the backend configuration that it was prepared with."""


def has_pattern(config: BackendConfig | None, called: Any) -> bool:
    """Return whether any pattern holds a module type, a function or the name of a method."""
    return called in _held(config)


@lru_cache(maxsize=8)
def _held(config: BackendConfig | None) -> frozenset[Any]:
    """Return all that the patterns of a configuration are made of; None is torch's own default."""
    known = config if config is not None else get_native_backend_config()
    found: set[Any] = set()
    for each in known.configs:
        waiting = [each._pattern_complex_format or each.pattern]  # noqa: SLF001 - torch has no public way
        while waiting:
            part = waiting.pop()
            if isinstance(part, tuple | list):
                waiting += part
            elif part is not None:
                found.add(part)
    return frozenset(found)


def dtypes_of(qconfig: Any) -> str:
    """Return ``activation torch.quint8, weight torch.qint8``; other things where it does not say."""
    found = []
    for name in ("activation", "weight"):
        constructor: Any = getattr(qconfig, name, None)
        try:
            found.append(f"{name} {constructor().dtype}")
        except (AttributeError, TypeError):  # a placeholder without a dtype, or a function of the user's
            found.append(f"{name} unknown")
    return ", ".join(found)

"""qviz shows what quantization did to a PyTorch model, stage by stage, and why."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from qviz.version import __version__

if TYPE_CHECKING:
    from qviz.api import Snapshot as Snapshot
    from qviz.api import inspect as inspect
    from qviz.api import load as load
    from qviz.api import show as show
    from qviz.api import snapshot as snapshot
    from qviz.document.plan import Plan as Plan

__all__ = ["Plan", "Snapshot", "__version__", "inspect", "load", "show", "snapshot"]


_ELSEWHERE = {"Plan": "qviz.document.plan"}
"""Public names that the functions of `qviz.api` take or give, and where they stand."""


def __getattr__(name: str) -> object:
    """Import the public functions on first use: `import qviz` alone costs nothing."""
    if name in _ELSEWHERE:
        return getattr(import_module(_ELSEWHERE[name]), name)
    if name in __all__:
        from qviz import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""qviz shows what quantization did to a PyTorch model, stage by stage, and why."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from qviz.version import __version__

if TYPE_CHECKING:
    from qviz.analysis.findings.evidence import Evidence as Evidence
    from qviz.api import Snapshot as Snapshot
    from qviz.api import inspect as inspect
    from qviz.api import load as load
    from qviz.api import show as show
    from qviz.api import snapshot as snapshot
    from qviz.document.plan import Plan as Plan
    from qviz.document.snapshot import Finding as Finding
    from qviz.document.snapshot import Level as Level

__all__ = ["Evidence", "Finding", "Level", "Plan", "Snapshot", "__version__", "inspect", "load", "show", "snapshot"]


_ELSEWHERE = {
    "Evidence": "qviz.analysis.findings.evidence",
    "Finding": "qviz.document.snapshot",
    "Level": "qviz.document.snapshot",
    "Plan": "qviz.document.plan",
}
"""Public names beside the functions of `qviz.api`: what those take or give, and what rules of users need."""


def __getattr__(name: str) -> object:
    """Import the public functions on first use: `import qviz` alone costs nothing."""
    if name in _ELSEWHERE:
        return getattr(import_module(_ELSEWHERE[name]), name)
    if name in __all__:
        from qviz import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

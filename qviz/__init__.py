"""qviz shows what quantization did to a PyTorch model, stage by stage, and why.

>>> import qviz
>>> plan = qviz.Plan(flow="fx-static", seed=3)
>>> plan.flow, plan.backend, plan.measure
('fx-static', 'x86', None)
>>> qviz.Finding.of("wide", qviz.Level.WARNING, "converted", ["fc"], message="fc is wide").nodes
('fc',)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from qviz.version import __version__

if TYPE_CHECKING:
    from qviz.analysis.findings.evidence import Evidence as Evidence
    from qviz.api import Result as Snapshot
    from qviz.api import inspect as inspect
    from qviz.api import load as load
    from qviz.api import show as show
    from qviz.api import snapshot as snapshot
    from qviz.document.plan import Plan as Plan
    from qviz.document.snapshot import Finding as Finding
    from qviz.document.snapshot import Level as Level
    from qviz.engine.serving.guess_inputs import guess_inputs as guess_inputs

__all__ = [
    "Evidence",
    "Finding",
    "Level",
    "Plan",
    "Snapshot",
    "__version__",
    "guess_inputs",
    "inspect",
    "load",
    "show",
    "snapshot",
]


_PLACES = {
    "Evidence": "qviz.analysis.findings.evidence:Evidence",
    "Finding": "qviz.document.snapshot:Finding",
    "Level": "qviz.document.snapshot:Level",
    "Plan": "qviz.document.plan:Plan",
    "Snapshot": "qviz.api:Result",
    "guess_inputs": "qviz.engine.serving.guess_inputs:guess_inputs",
    **{name: f"qviz.api:{name}" for name in ("inspect", "load", "show", "snapshot")},
}
"""Where each public name stands."""


def __getattr__(name: str) -> object:
    """Import the public functions on first use: `import qviz` alone costs nothing."""
    if name in _PLACES:
        module, _, inner = _PLACES[name].partition(":")
        return getattr(import_module(module), inner)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

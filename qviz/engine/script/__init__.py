"""The Python that reproduces a run with plain torch, without qviz; one file per way to capture."""

from __future__ import annotations

from qviz.document.plan import Plan
from qviz.engine.job import Capture
from qviz.engine.script import fx, pt2e


def script(plan: Plan, recipe: str, captured_by: Capture) -> str:
    """Return the script: the recipe of the model and its data, and the calls of the flow."""
    return f"import torch\n\n{recipe}\n{_flow(plan, captured_by)}"


def _flow(plan: Plan, captured_by: Capture) -> str:
    if plan.flow is None:
        return (fx.CAPTURE if captured_by == "torch.fx" else pt2e.capture(captured_by)) + "print(captured)\n"
    return fx.flow(plan) if plan.flow.startswith("fx") else pt2e.flow(plan, captured_by)

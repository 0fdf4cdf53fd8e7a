"""The Python that reproduces a run with plain torch, without qviz; one file per way to capture."""

from __future__ import annotations

from qviz.engine.flows.job import Job
from qviz.engine.script import eager, fx, pt2e


def script(job: Job, recipe: str) -> str:
    """Return the script: the recipe of the model and its data, and the calls of the flow."""
    return f"import torch\n\n{recipe}\n{_flow(job)}"


def _flow(job: Job) -> str:
    flow = job.plan.flow
    if flow is None:
        return (fx.capture(job) if job.captured_by == "torch.fx" else pt2e.capture(job)) + "print(captured)\n"
    if flow.startswith("eager"):
        return eager.flow(job)
    return fx.flow(job) if flow.startswith("fx") else pt2e.flow(job)

"""Captures a graph without quantizing: what a picture of the bare model needs."""

from __future__ import annotations

from torch.fx import GraphModule

from qviz.engine.flows import fx
from qviz.engine.flows.job import Job
from qviz.engine.loading.model_files import is_program
from qviz.errors import QvizError


def capture_only(job: Job) -> None:
    """Record the captured stage: by torch.fx, or by torch.export where torch.fx cannot follow the model."""
    job.step("capturing")
    try:
        module = _export(job) if is_program(job.model) else fx.trace(job)
    except QvizError:
        raise
    except Exception:  # tracing runs the user's forward, which may raise anything
        module = _export(job)
    job.reached("captured", module)


def _export(job: Job) -> GraphModule:
    from qviz.engine.flows import pt2e  # torch.fx follows most models, and the import takes as long as torch's

    return pt2e.export(job)

"""Captures a graph without quantizing: what a picture of the bare model needs."""

from __future__ import annotations

from qviz.engine.flows import fx, pt2e
from qviz.engine.flows.job import Job
from qviz.engine.loading.model_files import is_program
from qviz.errors import QvizError


def capture_only(job: Job) -> None:
    """Record the captured stage: by torch.fx, or by torch.export where torch.fx cannot follow the model."""
    job.step("capturing")
    try:
        module = pt2e.export(job) if is_program(job.model) else fx.trace(job)
    except QvizError:
        raise
    except Exception:  # tracing runs the user's forward, which may raise anything
        module = pt2e.export(job)
    job.reached("captured", module)

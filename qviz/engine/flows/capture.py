"""Captures a graph without quantizing: what a picture of the bare model needs."""

from __future__ import annotations

from torch.fx import GraphModule

from qviz.engine.flows.job import Job
from qviz.engine.flows.results import ExportResult, FxResult
from qviz.engine.nodes.programs import is_program
from qviz.errors import QvizError


def capture_only(job: Job) -> FxResult | ExportResult:
    """Record the captured stage: by torch.fx, or by torch.export where torch.fx cannot follow the model."""
    job.reporter.started("capturing")
    module, result = _exported(job) if is_program(job.model) else _traced(job)
    job.reporter.reached("captured", module)
    return result


def _traced(job: Job) -> tuple[GraphModule, FxResult | ExportResult]:
    from qviz.engine.flows import fx

    try:
        return fx.trace(job)
    except QvizError:
        raise
    except Exception:  # tracing runs the user's forward, which may raise anything
        return _exported(job)


def _exported(job: Job) -> tuple[GraphModule, ExportResult]:
    from qviz.engine.flows import pt2e  # its quantizers take seconds to import: only where torch.export is needed

    captured, result = pt2e.export(job, ExportResult())
    pt2e.refine(job, captured, result)
    return captured, result

"""The Python of a model that is only captured."""

from __future__ import annotations

from qviz.engine.flows.job import Job
from qviz.engine.flows.results import ExportResult, FxResult


def write(job: Job, result: FxResult | ExportResult | None) -> str:
    """Return the call that captures the model, and prints the graph."""
    if isinstance(result, ExportResult):
        from qviz.engine.script import pt2e

        return pt2e.capture(job, result) + "print(captured)\n"
    from qviz.engine.script import fx

    return fx.capture(result) + "print(captured)\n"

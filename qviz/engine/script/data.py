"""The parts of a script that show data to a prepared model."""

from __future__ import annotations

from qviz.document.plan import flow
from qviz.engine.job import Job

_CALIBRATE = """
with torch.no_grad():
    for batch in {batches}:
        prepared(*batch)
"""
_DEMONSTRATE = """
prepared(*example_inputs)  # one forward pass in training mode stands for the training
"""
_WITHOUT_DATA = ("fx-dynamic", "fx-weight-only", "eager-dynamic", "eager-weight-only")


def observe(job: Job) -> str:
    """Return the calibration or the training of a flow that has one."""
    chosen = flow(job.plan.flow or "")
    if chosen is not None and chosen.is_training:
        return _DEMONSTRATE if job.training is None else _train(job)
    if job.plan.flow in _WITHOUT_DATA:
        return ""
    if job.plan.batch_limit is None:
        return _CALIBRATE.format(batches="batches")
    return "\nimport itertools\n" + _CALIBRATE.format(batches=f"itertools.islice(batches, {job.plan.batch_limit})")


def _train(job: Job) -> str:
    assert job.training is not None
    lines = sorted(job.training.imports)
    return "\n" + "\n".join([*lines, f"{job.training.python}(prepared)"]) + "\n"

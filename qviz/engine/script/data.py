"""The parts of a script that show data to a prepared model."""

from __future__ import annotations

from qviz.document.flows import flow
from qviz.engine.flows.job import Job

_CALIBRATE = """
with torch.no_grad():
    for {batch} in {batches}:
        prepared({call})
"""
_DEMONSTRATE = """
prepared({call})  # one forward pass in training mode stands for the training
"""


def observe(job: Job) -> str:
    """Return the calibration or the training of a flow that has one."""
    chosen = flow(job.plan.flow)
    if chosen is not None and chosen.is_training:
        example = "*example_inputs, **example_kwargs" if job.inputs.kwargs else "*example_inputs"
        return _DEMONSTRATE.format(call=example) if job.training is None else _train(job)
    if chosen is None or not chosen.calibrates:
        return ""
    one = (
        {"batch": "args, kwargs", "call": "*args, **kwargs"}
        if job.inputs.kwargs
        else {"batch": "batch", "call": "*batch"}
    )
    if job.plan.batch_limit is None:
        return _CALIBRATE.format(batches="batches", **one)
    some = f"itertools.islice(batches, {job.plan.batch_limit})"
    return "\nimport itertools\n" + _CALIBRATE.format(batches=some, **one)


def _train(job: Job) -> str:
    assert job.training is not None
    lines = sorted(job.training.imports)
    return "\n" + "\n".join([*lines, f"{job.training.python}(prepared)"]) + "\n"

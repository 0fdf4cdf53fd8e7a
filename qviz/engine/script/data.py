"""The parts of a script that show data to a prepared model."""

from __future__ import annotations

from qviz.document.plan import Plan, flow

_CALIBRATE = """
with torch.no_grad():
    for batch in batches:
        prepared(*batch)
"""
_TRAIN = """
prepared(*example_inputs)  # one forward pass in training mode stands for the training
"""


def observe(plan: Plan) -> str:
    """Return the calibration or the training of a flow that has one."""
    chosen = flow(plan.flow or "")
    if chosen is not None and chosen.is_training:
        return _TRAIN
    return "" if plan.flow in ("fx-dynamic", "fx-weight-only", "eager-dynamic", "eager-weight-only") else _CALIBRATE

"""Says why random batches that a plan asks for were not drawn."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.document.flows import flow
from qviz.document.graph import Json
from qviz.document.plan import Plan
from qviz.document.snapshot import Finding, Level
from qviz.engine.loading.calibration import is_drawn
from qviz.engine.loading.source import Loaded


def batches_not_drawn(plan: Plan, loaded: Loaded) -> Iterator[Finding]:
    """Yield that a run has other batches than the random ones of its plan, if it has.

    Args:
        plan: Asks for them.
        loaded: The model, with the batches that the run calibrates and measures with.
    """
    chosen = flow(plan.flow)
    if plan.random_batches < 2 or chosen is None or not chosen.quantizes or is_drawn(loaded.batches):
        return
    code, level = "batches.own_inputs", Level.WARNING
    if loaded.fake is not None:
        code = "batches.fake"
    elif loaded.batches is not None:
        code, level = "batches.data", Level.INFO
    args: dict[str, Json] = {"count": plan.random_batches}
    told = f"setting_without_effect.{code}"
    yield Finding("setting_without_effect", level, "captured", (), told, {}, args, ("random_batches",))

"""What a run that stops leaves: its error, with another way to capture the model where that was tried and found."""

from __future__ import annotations

import msgspec
from torch.nn import Module

from qviz.document.flows import flow
from qviz.document.snapshot import RunError
from qviz.engine.failures import run_error
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.other_capture import other_capture
from qviz.wire.assembly import Assembly


def stopped(step: str, failure: BaseException, so_far: Assembly, model: Module, loaded: Loaded) -> RunError:
    """Return the error of a flow.

    Args:
        step: The step that failed.
        failure: What was raised.
        so_far: The stages that were reached before.
        model: The user's, as the flow has it.
        loaded: What the run was given.
    """
    error = run_error(step, failure, so_far.stages, model, has_data=loaded.batches is not None)
    chosen = flow(so_far.plan.flow)
    if step != "capturing" or chosen is None:
        return error
    other = other_capture(chosen, model, loaded.inputs, is_strict=bool(so_far.plan.strict), of=loaded.module)
    return error if other is None else msgspec.structs.replace(error, args={**error.args, "other": other})

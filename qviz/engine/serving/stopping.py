"""What a run that stops leaves: its error, with the change of the plan that gets past it, where there is one."""

from __future__ import annotations

import msgspec
from torch.nn import Module

from qviz.document.flows import flow
from qviz.document.graph import Json, Kind
from qviz.document.snapshot import RunError
from qviz.engine.failures import run_error
from qviz.engine.failures.remedies import remedy
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
    error = _of_data(error, so_far) if loaded.batches is not None else error
    chosen = flow(so_far.plan.flow)
    if step == "capturing" and chosen is not None:
        other = other_capture(chosen, model, loaded.inputs, is_strict=bool(so_far.plan.strict), of=loaded.module)
        error = _with(error, other=other)
    return _with(error, patch=remedy(error, so_far.plan, model, tuple(so_far.stages)))


def _of_data(error: RunError, so_far: Assembly) -> RunError:
    """Return the error that data of another dtype than the examples made, where an observer of an input stopped."""
    stage = next((each for each in so_far.stages if each.name == error.args.get("stage")), None)
    if error.code != "stop.dtype_observed" or stage is None:
        return error
    subject = error.roles.get("subject", ())
    inputs = (each for each in stage.graph.nodes if each.id in subject and each.kind is Kind.INPUT)
    wanted = {each.id: each.values[0].dtype for each in inputs if each.values and "float" in each.values[0].dtype}
    if not wanted:
        return error
    name, dtype = next(iter(wanted.items()))
    return msgspec.structs.replace(error, code="stop.dtype_of_data", args={**error.args, "name": name, "wanted": dtype})


def _with(error: RunError, **args: Json) -> RunError:
    given = {key: value for key, value in args.items() if value}
    return msgspec.structs.replace(error, args={**error.args, **given}) if given else error

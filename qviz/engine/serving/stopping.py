"""What a run that stops leaves: its error, with the change of the plan that gets past it, where there is one."""

from __future__ import annotations

import msgspec
from torch.nn import Module

from qviz.document.flows import flow
from qviz.document.graph import Json, Kind, Node
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
    error = run_error(step, failure, so_far.stages, model, has_data=_has_data(step, loaded))
    error = _of_data(error, so_far) if loaded.batches is not None else error
    chosen = flow(so_far.plan.flow)
    if step == "capturing" and chosen is not None:
        other = other_capture(chosen, model, loaded.inputs, is_strict=bool(so_far.plan.strict), of=loaded.module)
        error = _with(error, other=other)
    return _with(error, patch=remedy(error, so_far.plan, model, tuple(so_far.stages)))


def _has_data(step: str, loaded: Loaded) -> bool:
    """Tell whether a step ran the model on data of the user's; a train function brings its own."""
    return loaded.batches is not None or (step == "training" and loaded.training is not None)


def _of_data(error: RunError, so_far: Assembly) -> RunError:
    """Return the error that data of another dtype than the examples made, where an observer of an input stopped."""
    stage = next((each for each in so_far.stages if each.name == error.args.get("stage")), None)
    if error.code != "stop.dtype_observed" or stage is None:
        return error
    known = {each.id: each for each in stage.graph.nodes}
    given = {edge.to_id: known[edge.from_id] for edge in reversed(stage.graph.edges)}
    found = next((each for name in error.roles.get("subject", ()) if (each := _float_input(known[name], given))), None)
    if found is None:
        return error
    name, dtype = found.id, found.values[0].dtype
    return msgspec.structs.replace(error, code="stop.dtype_of_data", args={**error.args, "name": name, "wanted": dtype})


def _float_input(node: Node, given: dict[str, Node]) -> Node | None:
    """Return the input behind a node where all on the way is float on the examples: only other data changes that."""
    while node.values and "float" in node.values[0].dtype:
        if node.kind is Kind.INPUT:
            return node
        if node.id not in given:
            return None
        node = given[node.id]
    return None


def _with(error: RunError, **args: Json) -> RunError:
    given = {key: value for key, value in args.items() if value}
    return msgspec.structs.replace(error, args={**error.args, **given}) if given else error

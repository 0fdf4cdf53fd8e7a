"""Runs a model once on its example inputs, and says why it does not run."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import Module
from torch.utils import _pytree as pytree

from qviz.document.flows import Flow
from qviz.engine.failures import advice, is_of_inputs, line_of
from qviz.engine.loading.fake_tensors import inside
from qviz.engine.loading.float_types import is_type_fault
from qviz.engine.loading.forward import Arguments, describe, parameters
from qviz.engine.loading.kept_state import buffers_kept, written_weights_kept
from qviz.engine.loading.missing_gpu import asks_for_gpu, gpu_in_forward
from qviz.engine.loading.other_batch import kept_of_other_batch
from qviz.engine.loading.refusals import refuse_unopened
from qviz.engine.loading.source import Loaded
from qviz.engine.nodes import held_state
from qviz.engine.nodes.held_state import HeldState
from qviz.engine.nodes.programs import is_program
from qviz.errors import QvizError
from qviz.words import tr
from qviz.words.formats import listed


def shapes_tell(loaded: Loaded) -> bool:
    """Tell whether shapes are all that can be wrong; an index may also be out of range, a type another one."""
    leaves = pytree.tree_leaves((loaded.inputs.args, loaded.inputs.kwargs))
    if not _fits_signature(loaded.module, loaded.inputs):
        return False
    return not is_cast(loaded) and all(isinstance(each, Tensor) and each.is_floating_point() for each in leaves)


def run_once(model: Module, loaded: Loaded, flow: Flow | None, start: HeldState) -> None:
    """Run the model once, so that a wrong shape is told apart from a failing flow.

    Args:
        model: The copy that the flow will have.
        loaded: What it came from, made ready.
        flow: The one to come.
        start: What the model came with in its attributes, where a failed capture may have left stand-ins for tensors.

    Raises:
        QvizError: It does not run, or gives what the flow cannot take.
    """
    held_state.put(model, start)
    try:
        with (
            torch.no_grad(),
            inside(loaded.fake),
            held_state.unchanged(model),
            buffers_kept(model),
            written_weights_kept(model),
        ):
            given = loaded.inputs.cloned().call(model)  # forward may work in place
    except (Exception, SystemExit) as error:  # the user's forward may raise anything
        raise does_not_run(error, model, loaded.inputs, is_cast(loaded)) from error
    if flow is not None and flow.takes_exported_programs and not is_program(model):
        refuse_unopened(given, loaded.inputs)


def _fits_signature(model: Module, inputs: Arguments) -> bool:
    """Tell whether forward() takes inputs by their number and names, as far as Python can tell."""
    try:
        inspect.signature(model.forward).bind(*inputs.args, **inputs.kwargs)
    except TypeError:
        return False
    except ValueError:  # Python cannot tell
        return True
    return True


def _about_arguments(error: BaseException, model: Module, inputs: Arguments) -> str | None:
    """Return what to do about inputs that forward() does not take by their number or names; None where it may."""
    taken = listed([*parameters(model)]) or tr("nothing")
    if not _fits_signature(model, inputs):
        return tr(
            "Give one input for each argument of forward(), which takes {taken}; a list or dict that is one argument "
            "stands in a tuple.",
            taken=taken,
        )
    lone = inputs.args[0] if len(inputs.args) == 1 and not inputs.kwargs else None
    if isinstance(lone, Mapping) and lone and "dict" in str(error) and not isinstance(error, KeyError):
        return tr(
            "forward() takes {taken}, and the inputs are a dict with {keys}: name them as forward() does.",
            taken=taken,
            keys=listed(map(str, lone)),
        )
    return None


def _about_state(model: Module, inputs: Arguments) -> str | None:
    """Return what to do about a state of another batch size, which a model came with; None where that is not it."""
    if (kept := kept_of_other_batch(model, inputs)) is None:
        return None
    return tr(
        "The model keeps {names} of a batch of {size} from an earlier call: reset it before the run, or give inputs "
        "of that batch size.",
        names=listed(kept.names),
        size=kept.size,
    )


def is_cast(loaded: Loaded) -> bool:
    """Tell whether the model, or its inputs, came in another type than float32, which they have now."""
    return any(each.said.code.startswith("made_ready.float32") for each in loaded.steps)


def does_not_run(error: BaseException, model: Module, inputs: Arguments, was_cast: bool = False) -> QvizError:
    """Return what to say of a model whose forward() failed on its example inputs.

    Args:
        error: What it raised.
        model: The model.
        inputs: What it was given.
        was_cast: The model came in another type than float32, which it has now.
    """
    if asks_for_gpu(error):
        return gpu_in_forward(error)
    where = line_of(error)
    cause = " ".join(str(error).split()).partition(", but expected one of: *")[0] or type(error).__name__
    place = None if where is None else f"{where.file}:{where.line}: {where.code}"
    if was_cast and is_type_fault(error):
        message = tr("The model does not run in float32: {cause}", cause=cause)
        if place is not None:
            message = tr("The model does not run in float32 at {place}: {cause}", place=place, cause=cause)
        return QvizError(message, tr("Use the dtype of the input there, as in .to(x.dtype)."))
    given = ", ".join(describe(inputs)) or tr("no input")
    message = tr("The model does not run on {given}: {cause}", given=given, cause=cause)
    if place is not None:
        message = tr("The model does not run on {given} at {place}: {cause}", given=given, place=place, cause=cause)
    if any(type(each).__module__ == "numpy" for each in pytree.tree_leaves(inputs.values)):
        return QvizError(message, tr("Give tensors, as torch.from_numpy(x) makes them."), option="--input")
    if (fault := _about_arguments(error, model, inputs) or _about_state(model, inputs)) is not None:
        return QvizError(message, fault, option="--input")
    if is_of_inputs(error, model):
        return QvizError(message, tr("Give inputs of shapes, dtypes and values that fit."), option="--input")
    return QvizError(message, advice("checking", error))

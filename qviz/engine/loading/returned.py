"""Takes apart what a function of the user's returns: a model alone, with inputs, or beside a tokenizer and more."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.export import ExportedProgram
from torch.nn import Module
from torch.utils import _pytree as pytree

from qviz.engine.loading.model_files import is_loss, module_in, under_key
from qviz.engine.loading.ready_step import ReadyStep, step
from qviz.engine.loading.weights import unnamed_weights, weights_alone
from qviz.errors import QvizError
from qviz.words import tr

_PAIR = 2


class Returned(NamedTuple):
    """A model, and what came with it.

    Attributes:
        model: The model.
        at: Where it is in what was returned, as Python: ``[0]``, ``['model']``, or "".
        inputs: Its example inputs, if they came with it.
        has_inputs: Whether they did.
        is_pair: Nothing came beside model and inputs.
        steps: What tells that it was taken from among others.
    """

    model: Module | ExportedProgram
    at: str = ""
    inputs: Any = None
    has_inputs: bool = False
    is_pair: bool = True
    steps: tuple[ReadyStep, ...] = ()


def taken_apart(made: Any, call: str, expression: str) -> Returned:
    """Return the model in what a source gives.

    Args:
        made: What was returned.
        call: Names it in messages, such as ``make()``.
        expression: The Python that gives it again.

    Raises:
        QvizError: There is none, or more than one.
    """
    if isinstance(made, (Module, ExportedProgram)):
        return Returned(made)
    if isinstance(made, Mapping):
        model, key = module_in(made, call, expression)
        return Returned(model, f"[{key!r}]", steps=under_key(key))
    if isinstance(made, torch.jit.ScriptFunction):
        raise QvizError(
            tr("{call} returned TorchScript, made by torch.jit, not a model", call=call),
            tr("Return a Module whose forward() calls the function that it was made from."),
        )
    if isinstance(made, (tuple, list)) and made:
        if isinstance(made[0], Mapping):
            raise weights_alone(call, made[0], f"{expression}[0]")
        if begins_with_model(made):
            return _of_several(made, call, expression)
        if (weights := unnamed_weights(call, made, expression)) is not None:
            raise weights
    raise _without_model(made, call, expression)


def _without_model(made: Any, call: str, expression: str) -> QvizError:
    """Return what to say of something else than a model."""
    if made is None:
        return QvizError(
            tr("{call} returned nothing", call=call),
            tr("End the function with: return model, or return model, example_inputs."),
        )
    if inspect.iscoroutine(made):
        made.close()
        return QvizError(
            tr("{call} is an async function, which returns no model by itself", call=call),
            tr("Name a function without async that returns the model."),
        )
    message = tr("{call} returned a {type}, not a model", call=call, type=type(made).__name__)
    if held := _held_model(made):
        chosen = f"{expression}.{held}"
        return QvizError(
            message, tr("Name a function that returns the model it holds, such as {chosen}.", chosen=chosen)
        )
    return QvizError(message, tr("Return a Module, or a tuple of a Module and its example inputs."))


def begins_with_model(value: Any) -> bool:
    """Tell whether a value is a tuple or list whose first entry is a model."""
    return isinstance(value, (tuple, list)) and bool(value) and isinstance(value[0], (Module, ExportedProgram))


def _of_several(made: tuple[Any, ...] | list[Any], call: str, expression: str) -> Returned:
    models = [each for each in made if _is_model(each)]
    if len(models) > 1:
        raise QvizError(
            tr("{call} returned several models", call=call),
            tr("Name a function that returns one of them, such as {chosen}.", chosen=f"{expression}[0]"),
        )
    has_inputs = len(made) > 1 and _may_be_inputs(made[1])
    is_pair = has_inputs and len(made) == _PAIR
    steps = () if is_pair or len(made) == 1 else (_told(made, has_inputs),)
    return Returned(made[0], "[0]", made[1] if has_inputs else None, has_inputs, is_pair, steps)


def _is_model(value: Any) -> bool:
    return isinstance(value, ExportedProgram) or (isinstance(value, Module) and not is_loss(value))


def _told(made: tuple[Any, ...] | list[Any], has_inputs: bool) -> ReadyStep:
    if has_inputs:
        return step("first_two_of", count=len(made))
    return step("first_of", others=[type(each).__name__ for each in made[1:]])


def _may_be_inputs(value: Any) -> bool:
    """Tell whether a value that came with a model is what it is called with, and no tokenizer, loader or settings.

    A batch may be of a class of the user's own; then it holds tensors itself.
    """
    if isinstance(value, (Module, type, torch.utils.data.DataLoader, torch.utils.data.Dataset)):
        return False
    if isinstance(value, (tuple, Mapping)) and not value:
        return True
    if isinstance(value, (tuple, list)) and any(isinstance(each, str) for each in pytree.tree_leaves(value)):
        return True
    return any(map(_is_data, (*pytree.tree_leaves(value), *getattr(value, "__dict__", {}).values())))


def _is_data(value: Any) -> bool:
    return isinstance(value, Tensor) or type(value).__module__ == "numpy"


def _held_model(made: Any) -> str | None:
    """Return the attribute under which a trainer, a pipeline or an agent keeps its one model."""
    held = vars(made) if hasattr(made, "__dict__") and not isinstance(made, type) else {}
    found = [name for name, each in held.items() if _is_model(each)]
    return found[0] if len(found) == 1 else None

"""Copies models, so that the user's own stays as it is."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from types import FunctionType, MethodType
from typing import Any

from torch import Tensor
from torch.nn import Module
from torch.nn.parameter import UninitializedBuffer, is_lazy
from torch.utils import _pytree as pytree

from qviz.document.flows import flow
from qviz.document.plan import Plan
from qviz.engine.loading import wrappers
from qviz.engine.loading.source import Loaded
from qviz.errors import QvizError
from qviz.words import tr


def own_copy(module: Module, known: dict[int, Any]) -> Module:
    """Return a copy of a model.

    Args:
        module: The user's.
        known: By the id of an object inside, what the copy has in its place; deepcopy adds all that it copies.

    Raises:
        QvizError: It holds something that cannot be copied.
    """
    for each in module.buffers():
        if is_lazy(each):  # deepcopy fails for these, and for no lazy parameter
            known[id(each)] = UninitializedBuffer(device=each.device, dtype=each.dtype)  # type: ignore[call-arg]
    before = dict(known)
    try:
        return copy.deepcopy(module, known)
    except Exception:  # a model may hold what cannot be copied
        known.clear()  # it holds objects that were copied in part
        known |= before | {id(each): each for each in _uncopyable(module)}
    try:
        return copy.deepcopy(module, known)
    except Exception as error:  # something deeper inside
        raise QvizError(
            tr("{type} could not be copied: {error}", type=type(module).__name__, error=error),
            tr("Name its class, as in file.py:Net."),
        ) from error


def _uncopyable(model: Module) -> Iterator[Any]:
    """Yield what modules hold and deepcopy refuses, such as locks, generators and open files; a copy shares them."""
    for module in model.modules():
        for each in pytree.tree_leaves([*vars(module).values()]):
            if isinstance(each, (Module, Tensor, FunctionType, MethodType)):
                continue
            try:
                copy.deepcopy(each)
            except Exception:  # an object may raise anything here
                yield each


def shared_weights(loaded: Loaded, plan: Plan) -> dict[int, Any]:
    """Return the weights that a copy may share: those that this process has loaded and nobody trains."""
    chosen = flow(plan.flow)
    writes = loaded.python is None or (chosen is not None and chosen.is_training)
    return {} if writes else {id(each): each for each in wrappers.core(loaded.module).parameters() if not is_lazy(each)}

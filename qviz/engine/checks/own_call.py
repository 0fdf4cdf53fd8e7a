"""Finds the classes whose own ``__call__`` changes what a model gives, and which capture passes by."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor
from torch.nn import Module
from torch.utils import _pytree as pytree

from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.kept_state import written_weights_kept
from qviz.engine.nodes import held_state


def lost_calls(model: Module, inputs: Arguments, is_traced: bool, seed: int) -> list[str]:
    """Return the classes that override ``Module.__call__`` where capture calls forward() past it.

    Those without which the model gives the same outputs are left out.

    Args:
        model: The user's, as the flow gets it.
        inputs: What it is called with.
        is_traced: By torch.fx, which passes by the call of the model; strict export passes by those inside.
        seed: For what a model draws at random.
    """
    modules = [model] if is_traced else [each for each in model.modules() if each is not model]
    classes = dict.fromkeys(type(each) for each in modules if _has_own_call(type(each)))
    return [each.__name__ for each in classes if _changes_outputs(model, inputs, each, seed)]


def _has_own_call(class_: type) -> bool:
    return any("__call__" in vars(each) for each in class_.__mro__ if not each.__module__.startswith("torch."))


def _changes_outputs(model: Module, inputs: Arguments, class_: type, seed: int) -> bool:
    """Tell whether a model gives something else where torch's own ``__call__`` takes the place of a class's.

    Where that cannot be known, it may.
    """
    try:
        usual = _tensors(model, inputs, seed)
        with patch.object(class_, "__call__", Module.__call__):
            without = _tensors(model, inputs, seed)
    except Exception:  # the user's code may raise anything
        return True
    if not usual or len(usual) != len(without):
        return True
    pairs = zip(usual, without, strict=True)
    return not all(one.shape == other.shape and torch.equal(*_comparable(one, other)) for one, other in pairs)


def _tensors(model: Module, inputs: Arguments, seed: int) -> list[Tensor]:
    with (
        torch.no_grad(),
        torch.random.fork_rng(devices=[]),
        held_state.unchanged(model),
        written_weights_kept(model),
    ):
        torch.manual_seed(seed)
        outputs: Any = inputs.cloned().call(model)
    return [each.clone() for each in pytree.tree_leaves(outputs) if isinstance(each, Tensor)]


def _comparable(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    return (one.nan_to_num(), other.nan_to_num()) if one.is_floating_point() else (one, other)

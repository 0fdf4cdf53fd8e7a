"""Finds that a model keeps a state of another batch size than its inputs have, from a call before it came."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.kept_state import buffers_kept
from qviz.engine.nodes import held_state

_BATCH_AXES = 2
"""A batch is along the first axis, of the states of recurrent layers along the second."""


class OtherBatch(NamedTuple):
    """What a model keeps from call to call, and the batch size of the call that left it."""

    names: tuple[str, ...]
    size: int


def kept_of_other_batch(model: nn.Module, inputs: Arguments) -> OtherBatch | None:
    """Return what a model keeps that its inputs do not fit: with as many samples as that has, it runs and changes it.

    Args:
        model: It does not run on its inputs; it holds what it came with.
        inputs: They all have as many samples, along their first axis.
    """
    tensors = [each for each in pytree.tree_leaves(inputs.values) if isinstance(each, Tensor)]
    given = {len(each) for each in tensors if each.dim()}
    if len(given) != 1:
        return None
    kept = _kept(model)
    for size in dict.fromkeys(each for sizes in kept.values() for each in sizes):
        if size not in given and (changed := _changed_by(model, _of_size(inputs, size))):
            names = tuple(name for name in changed if size in kept.get(name, ()))
            if names:
                return OtherBatch(names, size)
    return None


def _kept(model: nn.Module) -> dict[str, tuple[int, ...]]:
    """Return by the names of attributes and buffers what may be the batch size of what they hold."""
    attributes = held_state.held(model).items()
    values = {_joined(path, name): value for path, held in attributes for name, value in held.items()}
    return {
        name: tuple(size for each in pytree.tree_leaves(value) if isinstance(each, Tensor) for size in _sizes(each))
        for name, value in (values | dict(model.named_buffers())).items()
    }


def _sizes(tensor: Tensor) -> tuple[int, ...]:
    return tuple(size for size in tensor.shape[:_BATCH_AXES] if size)


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _of_size(inputs: Arguments, size: int) -> Arguments:
    """Return inputs with another number of samples, repeated where there are too few."""
    return inputs.mapped(lambda each: each[torch.arange(size) % len(each)] if each.dim() else each)


def _changed_by(model: nn.Module, inputs: Arguments) -> tuple[str, ...]:
    """Return what a call changes in the attributes and buffers of a model; nothing where it fails."""
    start = held_state.held(model)
    with torch.no_grad(), held_state.unchanged(model), buffers_kept(model) as buffers:
        try:
            inputs.call(model)
        except Exception:  # the user's forward may raise anything
            return ()
        paths = {id(module): path for path, module in model.named_modules()}
        places = [each.place for each in buffers if each.is_changed]
        return (*held_state.changed(model, start), *(_joined(paths[id(owner)], name) for owner, name in places))

"""What a model keeps from call to call in plain attributes of its own modules: caches, hidden states, grids."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from enum import Enum
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch._subclasses import FakeTensor

HeldState: TypeAlias = Mapping[str, Mapping[str, Any]]
"""By the path of a module the attributes that can hold a state, with copies of their values."""

_TORCHS = frozenset((*vars(nn.Module()), "qconfig", "_modules"))
_PLAIN = (type(None), bool, int, float, complex, str, bytes, slice, range, Enum, torch.dtype, torch.device)
_ROWS = (list, tuple, torch.Size, deque)
_SETS = (set, frozenset)
_TABLES = (dict, OrderedDict)


def held(model: nn.Module) -> HeldState:
    """Return what the modules that are not torch's hold in attributes that are neither parameters nor buffers."""
    return {
        path: {name: _copied(value) for name, value in _attributes(module)}
        for path, module in model.named_modules()
        if not type(module).__module__.startswith("torch.")
    }


def put(model: nn.Module, state: HeldState) -> None:
    """Give a model, or another stage of it, the attributes that were held; those that came later go.

    What is the same stays the object that it is: it may share its memory with a parameter.
    """
    modules = dict(model.named_modules())
    for path, attributes in state.items():
        module = modules.get(path)
        if module is None or type(module).__module__.startswith("torch."):
            continue
        now = dict(_attributes(module))
        for name in now.keys() - attributes.keys():
            del module.__dict__[name]
        for name, value in attributes.items():
            if name not in now or not _are_equal(now[name], value):
                module.__dict__[name] = _copied(value)


def changed(model: nn.Module, state: HeldState) -> tuple[str, ...]:
    """Return the attributes that are tensors, or hold some, now or then, and have another value now."""
    found = []
    for path, attributes in held(model).items():
        before = state.get(path, {})
        for name in dict.fromkeys((*before, *attributes)):
            one, other = before.get(name), attributes.get(name)
            if (_has_tensor(one) or _has_tensor(other)) and not _are_equal(one, other):
                found.append(f"{path}.{name}" if path else name)
    return tuple(found)


@contextmanager
def starting_from(model: nn.Module, state: HeldState) -> Iterator[None]:
    """Run something on a model as it was held, and give it back what it holds now."""
    now = held(model)
    put(model, state)
    try:
        yield
    finally:
        put(model, now)


@contextmanager
def unchanged(model: nn.Module) -> Iterator[None]:
    """Run something on a model, and give it back what it holds now."""
    with starting_from(model, held(model)):
        yield


def _attributes(module: nn.Module) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in vars(module).items() if name not in _TORCHS and _is_state(value)]


def _is_state(value: Any) -> bool:
    if type(value) in (*_ROWS, *_SETS) or (isinstance(value, tuple) and hasattr(value, "_fields")):
        return all(map(_is_state, value))
    if type(value) in _TABLES:
        return all(map(_is_state, value.values()))
    return isinstance(value, _PLAIN) or (isinstance(value, Tensor) and not isinstance(value, nn.Parameter))


def _copied(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, deque):
        return deque(map(_copied, value), value.maxlen)
    if isinstance(value, (list, tuple)):
        return getattr(value, "_make", type(value))(map(_copied, value))  # a named tuple is made in its own way
    if isinstance(value, dict):
        return type(value)((key, _copied(each)) for key, each in value.items())
    return copy(value) if isinstance(value, set) else value


def _has_tensor(value: Any) -> bool:
    if isinstance(value, (list, tuple, deque)):
        return any(map(_has_tensor, value))
    return isinstance(value, Tensor) or (isinstance(value, dict) and any(map(_has_tensor, value.values())))


def _are_equal(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, Tensor):
        alike = (one.shape, one.dtype, one.layout, one.is_quantized) == (
            other.shape,
            other.dtype,
            other.layout,
            other.is_quantized,
        )
        if alike and one.layout is not torch.strided:  # torch.equal takes no sparse tensors
            one, other = one.to_dense(), other.to_dense()
        return alike and (isinstance(one, FakeTensor) or torch.equal(one, other))
    if isinstance(one, (list, tuple, deque)):
        return len(one) == len(other) and all(map(_are_equal, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_are_equal(each, other[key]) for key, each in one.items())
    return bool(one == other)

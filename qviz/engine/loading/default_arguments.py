"""Fixes the arguments of forward that the inputs leave out: torch.fx would make an input of each."""

from __future__ import annotations

import inspect
from typing import NamedTuple

from torch.fx import GraphModule
from torch.nn import Module

from qviz.engine.loading.forward import Arguments, left_out, names, parameters

_CLASS = """

class {name}(type(model)):  # torch.fx makes an input of every argument of forward
    def forward(self, {taken}):
        return super().forward({passed})


model.__class__ = {name}
"""


OF_THE_CLASS = """
forward = vars(model).pop("forward")
model.__class__ = type(type(model).__name__, (type(model),), {"forward": forward.__func__})
"""
"""Gives the class of ``model`` the forward() of the instance: torch.fx traces that of the class."""


def has_own_forward(model: Module) -> bool:
    """Tell whether an instance has a forward() of its own, a method that is not that of its class."""
    own = vars(model).get("forward")
    return inspect.ismethod(own) and own.__func__ is not type(model).forward and not isinstance(model, GraphModule)


def take_own_forward(model: Module) -> None:
    """Do what `OF_THE_CLASS` says."""
    of_class = type(model)
    own = {"forward": vars(model).pop("forward").__func__, "__module__": of_class.__module__}
    model.__class__ = type(of_class.__name__, (of_class,), {**own, "__qualname__": of_class.__qualname__})


class Inputs(NamedTuple):
    """What torch.fx would make inputs of though no call gives it.

    Attributes:
        defaults: Arguments with defaults.
        empty: ``*args`` and ``**kwargs`` that the call puts nothing into.
        by_name: What it puts into ``**kwargs``.
        variadic: The name of these.
    """

    defaults: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    by_name: tuple[str, ...] = ()
    variadic: str = ""


def arguments_left_out(model: Module, inputs: Arguments) -> Inputs:
    """Return the arguments of forward() that are no inputs, as the call leaves them out."""
    if isinstance(model, GraphModule) or not _is_fixable(model, inputs):
        return Inputs()  # it was traced already
    known = parameters(model)
    by_name = tuple(name for name in inputs.kwargs if name not in known)
    empty = []
    variadic = ""
    for name, each in known.items():
        if each.kind is each.VAR_POSITIONAL or (each.kind is each.VAR_KEYWORD and not by_name):
            empty.append("*" * (1 + (each.kind is each.VAR_KEYWORD)) + name)
        elif each.kind is each.VAR_KEYWORD:
            variadic = f"**{name}"
    return Inputs(tuple(left_out(inputs, model)), tuple(empty), by_name, variadic)


def constants(model: Module, inputs: Arguments) -> list[str]:
    """Return the arguments that are None, a truth value or a text; torch.fx would make an input of each."""
    given = names(inputs, model)
    if isinstance(model, GraphModule) or not _is_fixable(model, inputs):
        return []
    return [name for name, value in zip(given, inputs.values, strict=True) if _is_constant(value)]


def _is_constant(value: object) -> bool:
    return value is None or isinstance(value, (bool, str))


def _is_fixable(model: Module, inputs: Arguments) -> bool:
    """Tell whether every argument has a name, and forward() is that of the class, which torch.fx traces."""
    own = vars(model).get("forward")
    is_of_class = own is None or inspect.ismethod(own)
    given = names(inputs, model)[: len(inputs.args)]
    return is_of_class and "" not in given and all(name.isidentifier() for name in inputs.kwargs)


def written_class(model: Module, inputs: Arguments) -> str:
    """Return the statements that give ``model`` a forward of the given arguments alone; its module paths stay."""
    by_position = names(inputs, model)[: len(inputs.args)]
    taken = [*by_position, *inputs.kwargs]
    passed = [_passed(name, value) for name, value in zip(by_position, inputs.args, strict=True)]
    passed += [f"{name}={_passed(name, value)}" for name, value in inputs.kwargs.items()]
    return _CLASS.format(name=type(model).__name__, taken=", ".join(taken), passed=", ".join(passed))


def _passed(name: str, value: object) -> str:
    return repr(value) if _is_constant(value) else name


def fix(model: Module, inputs: Arguments) -> None:
    """Do what `written_class` says."""
    place = {"model": model, "__name__": type(model).__module__}
    qualified = type(model).__qualname__
    exec(compile(written_class(model, inputs), "<string>", "exec"), place)  # noqa: S102 - the lines of the script
    type(model).__qualname__ = qualified
    assert "forward" in vars(type(model))
    assert inspect.isfunction(type(model).forward)

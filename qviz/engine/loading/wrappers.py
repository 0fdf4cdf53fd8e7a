"""Sees through what a model is wrapped in for speed or training: torch.compile, DataParallel."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from types import FunctionType, MethodType
from typing import Any, NamedTuple

from torch.nn import DataParallel, Module
from torch.nn.parallel import DistributedDataParallel

_COMPILED = "torch._dynamo.eval_frame.OptimizedModule"  # by its name: importing it brings dynamo along
_CALL = "_compiled_call_impl"
"""What Module.compile() leaves."""
_COMPILES, _DISABLES = "_torchdynamo_orig_callable", "_torchdynamo_disable"


class Wrapped(NamedTuple):
    """Wrappers around one module, the outermost first.

    Attributes:
        path: Of the module, "" for the model itself; wrappers have no place in it.
        names: The wrappers' classes.
        attributes: Where each of them keeps what it wraps.
        outside: The outermost wrapper.
        inside: The module.
    """

    path: str
    names: tuple[str, ...]
    attributes: tuple[str, ...]
    outside: Module
    inside: Module


def core(module: Module) -> Module:
    """Return what is inside all wrappers of a module, or the module itself."""
    return _unwrapped(module, "").inside


def wrappings(model: Module) -> list[Wrapped]:
    """Return what is wrapped in a model, the model itself included, from the outside in."""
    return [each for each in _all(_unwrapped(model, ""), set()) if each.names]


def named_insides(model: Module) -> list[tuple[str, Module]]:
    """Return the modules of a model by their paths as if nothing were wrapped, each once."""
    found = {id(each.inside): each for each in reversed([*_all(_unwrapped(model, ""), set())])}
    return [(each.path, each.inside) for each in reversed(found.values())]


def _all(whole: Wrapped, seen: set[int]) -> Iterator[Wrapped]:
    yield whole
    if id(whole.inside) in seen:
        return
    seen.add(id(whole.inside))
    for name, child in whole.inside._modules.items():  # noqa: SLF001 - named_children() skips one that has two names
        if child is not None:
            yield from _all(_unwrapped(child, f"{whole.path}.{name}".lstrip(".")), seen)


def _unwrapped(module: Module, path: str) -> Wrapped:
    names: list[str] = []
    attributes: list[str] = []
    inside = module
    while (attribute := _keeps_at(inside)) is not None:
        names.append("torch.compile" if attribute == "_orig_mod" else type(inside).__name__)
        attributes.append(attribute)
        inside = getattr(inside, attribute)
    return Wrapped(path, tuple(names), tuple(attributes), module, inside)


def _keeps_at(module: Module) -> str | None:
    if isinstance(module, (DataParallel, DistributedDataParallel)):
        return "module"
    is_compiled = any(f"{each.__module__}.{each.__qualname__}" == _COMPILED for each in type(module).__mro__)
    return "_orig_mod" if is_compiled else None


def compiled_calls(model: Module) -> list[str]:
    """Return the methods of a model's modules that torch.compile has wrapped, and modules with ``compile()`` called."""
    found, of_class = [], dict[type[Module], tuple[str, ...]]()
    for path, module in named_insides(model):
        if type(module) not in of_class:
            of_class[type(module)] = _class_names(type(module))
        names = [name for name, value in vars(module).items() if _compiles(value) and name != _CALL]
        names += [name for name in of_class[type(module)] if name not in vars(module)]
        found += [f"{path}.{name}".lstrip(".") for name in dict.fromkeys(names)]
        if vars(module).get(_CALL) is not None:
            found.append(path or type(module).__name__)
    return found


def compiled_functions(model: Module) -> list[str]:
    """Return the functions from outside the model's classes that torch.compile has wrapped and a forward() calls."""
    found: dict[str, None] = {}
    for _, module in named_insides(model):
        forward = inspect.unwrap(getattr(type(module), "forward", None) or _nothing, stop=_compiles)
        code, names = getattr(_as_written(forward), "__code__", None), getattr(forward, "__globals__", {})
        if code is not None:
            found |= {name: None for name in code.co_names if _compiles(names.get(name))}
    return [*found]


def _nothing() -> None:
    """Stand where a class has no forward()."""


TRACED_THROUGH_COMPILE = """
import torch._dynamo

torch._dynamo.config.error_on_nested_fx_trace = False  # torch.fx goes through compiled functions
"""


def trace_through_compile() -> None:
    """Do what `TRACED_THROUGH_COMPILE` says; `qviz.engine.serving.torch_state` takes it back."""
    config = sys.modules["torch._dynamo.config"]  # a compiled function has imported it
    config.error_on_nested_fx_trace = False  # type: ignore[attr-defined]


def take_out_of_compile(model: Module, copies: dict[int, Any]) -> None:
    """Give a copied model its methods as they were written.

    Args:
        model: The copy; torch.compile leaves functions, which deepcopy takes over bound to the first model.
        copies: By the id of a module of the first model, its copy.
    """
    for module in model.modules():
        module._compiled_call_impl = None  # noqa: SLF001
        for name, value in [*vars(module).items()]:
            if _compiles(value):
                setattr(module, name, _rebound(value, copies))
        own = {name: _as_written(getattr(type(module), name)) for name in _class_names(type(module))}
        if own:
            module.__class__ = type(
                type(module).__name__, (type(module),), {**own, "__module__": type(module).__module__}
            )


TAKEN_OUT_OF_COMPILE = """
for module in model.modules():
    module._compiled_call_impl = None
    for name, value in [*vars(module).items()]:
        if hasattr(value, "_torchdynamo_orig_callable"):
            setattr(module, name, value._torchdynamo_orig_callable)
    written = {
        name: value._torchdynamo_orig_callable
        for each in type(module).__mro__[::-1]
        for name, value in vars(each).items()
        if hasattr(value, "_torchdynamo_orig_callable")
    }
    if written:
        module.__class__ = type(type(module).__name__, (type(module),), written)
"""
"""What `take_out_of_compile` does, as Python on ``model``."""


def _class_names(of_class: type[Module]) -> tuple[str, ...]:
    """Return the names of the compiled methods of a class of modules."""
    seen: dict[str, Any] = {}
    for each in of_class.__mro__[: of_class.__mro__.index(Module)]:
        for name, value in vars(each).items():
            seen.setdefault(name, value)
    return tuple(name for name, value in seen.items() if _compiles(value))


def _compiles(value: Any) -> bool:
    """Tell whether a function is one that torch.compile gave; those of torch.compiler.disable stay."""
    held = value.__dict__ if isinstance(value, FunctionType) else {}
    return _COMPILES in held and not held.get(_DISABLES, False)


def _as_written(value: Any) -> Callable[..., Any]:
    while _compiles(value):
        value = vars(value)[_COMPILES]
    written: Callable[..., Any] = inspect.unwrap(value, stop=inspect.ismethod) if _is_inlined(value) else value
    return written


def _is_inlined(value: Any) -> bool:
    """Tell whether a function is what dynamo puts around a function of torch's own."""
    return getattr(value, "__code__", None) is not None and value.__code__.co_filename.endswith("external_utils.py")


def _rebound(value: Any, copies: dict[int, Any]) -> Any:
    written = _as_written(value)
    if not inspect.ismethod(written):
        return written
    return MethodType(written.__func__, copies.get(id(written.__self__), written.__self__))

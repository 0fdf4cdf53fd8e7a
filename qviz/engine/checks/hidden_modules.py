"""Finds modules that a model calls and does not own: they stand in a plain list or dict, where torch does not look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch.fx import GraphModule
from torch.nn import Module

from qviz.document.flows import Flow, Mode
from qviz.document.graph import Json
from qviz.document.snapshot import Finding, Level
from qviz.engine.loading.forward import Arguments

_OF_TORCH = ("_modules", "_parameters", "_buffers")


def not_owned(model: Module, inputs: Arguments, chosen: Flow) -> Iterator[Finding]:
    """Yield the modules with weights that a run of a model calls, and that are none of its submodules."""
    hidden = {id(module): (name, module) for name, module in _hidden(model)}
    if not hidden or not chosen.quantizes:
        return
    called = _called(model, inputs, [module for _, module in hidden.values()])
    names: list[Json] = [name for name, module in hidden.values() if id(module) in called]
    types: list[Json] = [*dict.fromkeys(type(module).__name__ for _, module in hidden.values() if id(module) in called)]
    if names:
        level = _level(chosen)
        args: dict[str, Json] = {"modules": names, "types": types}
        code = "hidden_modules." + ("eager" if chosen.mode is Mode.EAGER else "others")
        yield Finding("hidden_modules", level, "captured", (), code, {}, args, tuple(map(str, names)))


def held_beside(model: Module) -> frozenset[str]:
    """Return the names of the modules in lists and dicts that are none of a model's submodules."""
    return frozenset(name for name, _ in _hidden(model))


def _level(chosen: Flow | None) -> Level:
    """Return how bad float modules between quantized ones are: where activations are quantized, the model stops."""
    stops = chosen is not None and chosen.mode is Mode.EAGER and not chosen.keeps_activations_float
    return Level.ERROR if stops else Level.WARNING


def left_behind(converted: Module, inputs: Arguments, before: frozenset[str], chosen: Flow | None) -> Iterator[Finding]:
    """Yield the float modules that a list still holds, and forward() calls, since convert has replaced them elsewhere.

    Args:
        converted: The model.
        inputs: What it is called with.
        before: What `held_beside` gave before it was converted.
        chosen: The flow.
    """
    hidden = {id(module): (name, module) for name, module in _hidden(converted) if name not in before}
    called = _called(converted, inputs, [module for _, module in hidden.values()]) if hidden else set()
    names: list[Json] = [name for key, (name, _) in hidden.items() if key in called]
    if names:
        code, level, place = "hidden_modules.left_behind", _level(chosen), tuple(map(str, names))
        yield Finding("hidden_modules", level, "converted", (), code, {}, {"modules": names}, place)


def second_names(model: Module) -> dict[str, str]:
    """Return the paths that are another name of a module in the same parent, each with the first one.

    Source:
        ``torch.ao.quantization.quantize._convert`` goes through ``named_children()``, which skips them.
    """
    found = {}
    for path, module in model.named_modules():
        first = dict[int, str]()
        for name, child in module._modules.items():  # noqa: SLF001 - named_children() skips what is looked for
            if child is not None and first.setdefault(id(child), name) != name:
                found[f"{path}.{name}".lstrip(".")] = f"{path}.{first[id(child)]}".lstrip(".")
    return found


def left_at_second_name(converted: Module, before: Mapping[str, str], graph: GraphModule) -> Iterator[Finding]:
    """Yield the second names that still hold a float layer, since convert has replaced it at the first.

    Args:
        converted: The model.
        before: What `second_names` gave before it was converted.
        graph: Of the converted model.
    """
    modules = dict(converted.named_modules(remove_duplicate=False))
    calls = {str(node.target): node.name for node in graph.graph.nodes if node.op == "call_module"}
    for name, first in before.items():
        is_left = name in calls and modules.get(name) is not modules.get(first)
        if is_left and next(modules[name].parameters(), None) is not None:
            args: dict[str, Json] = {"name": name, "first": first, "type": type(modules[name]).__name__}
            code, nodes = "hidden_modules.second_name", (calls[name],)
            yield Finding("hidden_modules", Level.WARNING, "converted", nodes, code, {"subject": nodes}, args)


def _hidden(model: Module) -> Iterator[tuple[str, Module]]:
    """Yield modules with weights in the lists and dicts of a model's modules, by their Python on the model."""
    owned = {id(each) for each in model.modules()}
    for path, module in model.named_modules():
        for name, value in vars(module).items():
            if name not in _OF_TORCH and isinstance(value, (list, tuple, dict)):
                for at, each in _entries(value):
                    if id(each) not in owned and any(True for _ in each.parameters()):
                        yield f"{path}.{name}{at}".lstrip("."), each


def _entries(value: Any) -> Iterator[tuple[str, Module]]:
    pairs = value.items() if isinstance(value, Mapping) else enumerate(value)
    return ((f"[{key!r}]", each) for key, each in pairs if isinstance(each, Module))


def _called(model: Module, inputs: Arguments, modules: list[Module]) -> set[int]:
    """Return the ids of those modules that a run calls; all of them where it stops before the first."""
    seen: set[int] = set()
    hooks = [each.register_forward_pre_hook(lambda module, _: seen.add(id(module))) for each in modules]
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            inputs.cloned().call(model)
    except Exception:  # the user's forward may raise anything
        seen = seen or {id(each) for each in modules}
    finally:
        for hook in hooks:
            hook.remove()
    return seen

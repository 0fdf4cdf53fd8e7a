"""Finds layers that stay in float for their class alone: torch looks most of them up by their exact type."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.ao.nn.intrinsic.modules.fused import _FusedModule
from torch.fx import GraphModule, Node
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.parametrize import is_parametrized, type_before_parametrizations

from qviz.document.graph import Json
from qviz.document.snapshot import Finding, Level
from qviz.engine.checks.eager_functions import quantized_part
from qviz.engine.nodes.module_paths import module_stack

DYNAMIC = (nn.Linear, nn.LSTM, nn.GRU, nn.LSTMCell, nn.GRUCell, nn.RNNCell)
"""What ``quantize_dynamic`` replaces by default."""
STATIC = (
    *(nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d),
    *(nn.BatchNorm2d, nn.BatchNorm3d),
)
"""What ``convert`` replaces, of the classes that others derive from to quantize them as well."""


class PassedBy(NamedTuple):
    """Layers of one class that stay in float.

    Attributes:
        code: How the finding's code ends.
        type: Their class.
        base: The one that torch would replace; empty for TorchScript.
        paths: Where they are.
        is_all: Whether nothing else is there that torch replaces.
    """

    code: str
    type: str
    base: str
    paths: tuple[str, ...]
    is_all: bool = False


def passed_by(model: nn.Module, replaced: Collection[type], left_out: Collection[str] = ()) -> tuple[PassedBy, ...]:
    """Return the layers that eager mode passes by.

    Args:
        model: With the qconfigs that it has; what has None is left out on purpose.
        replaced: The classes that the flow replaces.
        left_out: Modules that the configuration leaves in float besides.
    """
    found: dict[tuple[str, str, str], list[str]] = {}
    others = 0
    for path, module in model.named_modules():
        if path and path not in left_out and not _is_left_out(model, path) and not _is_inside_script(model, path):
            trap = _trap(module, replaced)
            others += trap is None and type_before_parametrizations(module) in replaced
            if trap is not None:
                found.setdefault(trap, []).append(path)
    return tuple(PassedBy(*trap, tuple(paths), not others) for trap, paths in found.items())


def of_dynamic(passed: Sequence[PassedBy], captured: GraphModule) -> Iterator[Finding]:
    """Yield what ``quantize_dynamic`` passed by."""
    for each in passed:
        yield _finding(each, each.paths, captured, Level.ERROR if each.is_all else Level.WARNING)


def of_static(passed: Sequence[PassedBy], captured: GraphModule, runs: bool) -> Iterator[Finding]:
    """Yield what ``convert`` passed by where quantized tensors come in; elsewhere float is what it should be."""
    quantized = quantized_part(captured)
    readers = [node for node in captured.graph.nodes if not quantized.isdisjoint(node.all_input_nodes)]
    for each in passed:
        paths = tuple(path for path in each.paths if any(_is_of(node, path) for node in readers))
        if paths:
            yield _finding(each, paths, captured, Level.WARNING if runs else Level.ERROR)


def fused_for_training(model: nn.Module, captured: GraphModule) -> Iterator[Finding]:
    """Yield what ``fuse_modules_qat`` has fused with a batch norm, in a model that is not to be trained."""
    found: dict[str, list[str]] = {}
    for path, module in model.named_modules():
        if isinstance(module, _FusedModule) and any(isinstance(each, _BatchNorm) for each in module.children()):
            first = next(module.children())
            if not isinstance(first, _BatchNorm):
                found.setdefault(type(module).__name__, []).append(path)
    for name, paths in found.items():
        passed = PassedBy("fused_for_training", name, "", tuple(paths))
        yield _finding(passed, passed.paths, captured, Level.ERROR)


def of_fx(model: nn.Module, captured: GraphModule) -> Iterator[Finding]:
    """Yield the layers that no pattern of FX fits, though their class means what another does.

    Subclasses of the user's own are no trap there: FX traces through them, to functions that it knows. But parametrized
    ones have a class of torch's, which FX does not look into.
    """
    for trap, paths in _parametrized(model).items():
        yield _finding(PassedBy(*trap, tuple(paths)), tuple(paths), captured, Level.WARNING)
    for path, module in model.named_modules():
        if path and isinstance(module, torch.jit.ScriptModule) and not _is_inside_script(model, path):
            yield _finding(PassedBy(*_script(module), (path,)), (path,), captured, Level.WARNING)
    norms = tuple(path for path, module in model.named_modules() if path and isinstance(module, nn.SyncBatchNorm))
    if norms:
        yield _finding(PassedBy(*_SYNC, norms), norms, captured, Level.WARNING)


def _parametrized(model: nn.Module) -> dict[tuple[str, str, str], list[str]]:
    """Return the parametrized layers of classes derived from those that a pattern lists, by their traps."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for path, module in model.named_modules():
        if path and is_parametrized(module) and (trap := _trap(module, STATIC)) is not None:
            found.setdefault(("parametrized_subclass", *trap[1:]), []).append(path)
    return found


_SYNC = ("sync_batch_norm", "SyncBatchNorm", "BatchNorm2d")


def _script(module: torch.jit.ScriptModule) -> tuple[str, str, str]:
    return "scripted", str(getattr(module, "original_name", "")) or type(module).__name__, ""


def _trap(module: nn.Module, replaced: Collection[type]) -> tuple[str, str, str] | None:
    """Return why a module is passed by; None of one that is replaced, or that nobody would expect to be."""
    class_ = type_before_parametrizations(module)
    if isinstance(module, torch.jit.ScriptModule):
        return _script(module)
    if isinstance(module, nn.SyncBatchNorm) and nn.BatchNorm2d in replaced:
        return _SYNC
    if class_ in replaced or class_.__module__.startswith("torch."):
        return None
    base = next((each for each in class_.__mro__ if each in replaced), None)
    if base is None:
        return None
    return "own_forward" if _has_own_forward(class_, base) else "subclass", class_.__name__, base.__name__


def _has_own_forward(class_: Any, base: Any) -> bool:
    names = ("forward", "_conv_forward")
    return any(getattr(class_, name, None) is not getattr(base, name, None) for name in names)


def _is_left_out(model: nn.Module, path: str) -> bool:
    """Return whether a module has None for its qconfig, or the next one around it that has any."""
    while path:
        module = model.get_submodule(path)
        if hasattr(module, "qconfig"):
            return module.qconfig is None
        path = path.rpartition(".")[0]
    return getattr(model, "qconfig", ...) is None


def _is_inside_script(model: nn.Module, path: str) -> bool:
    """Return whether a module is part of a scripted one, which is told as a whole."""
    outer = path.rpartition(".")[0]
    return bool(outer) and isinstance(model.get_submodule(outer), torch.jit.ScriptModule)


def _finding(each: PassedBy, paths: tuple[str, ...], captured: GraphModule, level: Level) -> Finding:
    nodes = tuple(node.name for node in captured.graph.nodes if any(_is_of(node, path) for path in paths))
    args: dict[str, Json] = {"modules": [*paths], "paths": repr([*paths]), "type": each.type}
    if each.base:
        args["base"] = each.base
    return Finding(
        rule="type_not_replaced",
        level=level,
        stage="captured",
        nodes=nodes,
        code=f"type_not_replaced.{each.code}",
        roles={"subject": nodes} if nodes else {},
        args=args,
        place=() if nodes else paths,
    )


def _is_of(node: Node, path: str) -> bool:
    """Return whether a node computes for a module: its call, or what stands inside of it."""
    target = str(node.target)
    if node.op == "call_module" and (target == path or target.startswith(f"{path}.")):
        return True
    if node.op == "call_method":  # of what is scripted, torch.fx traces the call of a C++ object
        owner = node.args[0] if node.args else None
        if isinstance(owner, Node) and owner.op == "get_attr" and str(owner.target).startswith(f"{path}."):
            return True
    return node.op.startswith("call") and any(each.path == path for each in module_stack(node))

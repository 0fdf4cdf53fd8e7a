"""Counts the bytes of a model as ``torch.save`` writes its state_dict."""

from __future__ import annotations

from typing import Any

import torch
from torch.fx import GraphModule
from torch.nn import Module


class _Counter:
    """A file that only counts."""

    def __init__(self) -> None:
        self.bytes = 0

    def write(self, data: Any) -> int:
        size = memoryview(data).nbytes
        self.bytes += size
        return size

    def flush(self) -> None:
        """Nothing waits."""


def size_of(module: Module) -> int:
    """Return the bytes of the parameters, buffers and packed weights that a model uses.

    An exported graph keeps the float weights beside the integers that replaced them; what no node
    reads does not count. Weights in the layout of one library, which ``torch.save`` refuses, count
    as the numbers that they hold.
    """
    counter, state = _Counter(), module.state_dict()
    if isinstance(module, GraphModule):
        _keep_used(state, module)
    for name, value in state.items():
        state[name] = _savable(value)
    torch.save(state, counter)  # type: ignore[arg-type] # it only writes
    return counter.bytes


def _keep_used(state: dict[str, Any], module: GraphModule) -> None:
    """Drop what no node reads; add the tensors and packed weights that are plain attributes."""
    nodes = module.graph.nodes
    read = {str(node.target) for node in nodes if node.op == "get_attr"}
    called = tuple(f"{node.target}." for node in nodes if node.op in ("call_module", "get_attr"))
    for name in list(state):
        if name not in read and not name.startswith(called):
            del state[name]
    for name in sorted(read - set(state)):
        value = _attribute(module, name)
        if isinstance(value, torch.Tensor | torch.ScriptObject):
            state[name] = value


def _attribute(module: Module, path: str) -> Any:
    value: Any = module
    for part in path.split("."):
        value = getattr(value, part)
    return value


def _savable(value: Any) -> Any:
    if isinstance(value, torch.Tensor) and value.layout is torch._mkldnn:  # type: ignore[attr-defined] # noqa: SLF001
        return torch.empty(value.shape, dtype=value.dtype)
    return value

"""Changes of tensors in place: made out of place where that is the same, told where it is not."""

from __future__ import annotations

import operator
from collections.abc import Collection
from typing import Any

import torch
from torch import nn
from torch.fx import GraphModule, Node

from qviz.engine.measure.simulated.board import Switch
from qviz.engine.nodes.module_roles import OBSERVING, role_of

_IN_PLACE_FUNCTIONS = {
    operator.iadd: operator.add,
    operator.isub: operator.sub,
    operator.imul: operator.mul,
    operator.itruediv: operator.truediv,
}


def out_of_place(model: nn.Module) -> None:
    """Let nothing be changed in place where that can be seen: kept values would be lost."""
    for module in model.modules():
        if getattr(module, "inplace", False) is True:
            module.inplace = False  # type: ignore[assignment]
    if not isinstance(model, GraphModule):
        return
    for node in model.graph.nodes:
        if node.kwargs.get("inplace") is True:
            node.kwargs = {**node.kwargs, "inplace": False}
        elif node.op == "call_function" and (other := _without_underscore(node.target)) is not None:
            if _only_reads(node):
                node.target = other
        elif node.op == "call_method" and _is_in_place(str(node.target)) and _only_reads(node):
            node.target = str(node.target)[:-1]
    model.recompile()


def _only_reads(node: Node) -> bool:
    """Return whether nobody reads later what the node changes, so that a copy does as well."""
    changed = node.args[0] if node.args else None
    if not isinstance(changed, Node) or changed.op in ("placeholder", "get_attr"):
        return False
    order = {each: place for place, each in enumerate(node.graph.nodes)}
    return all(order[user] <= order[node] for user in changed.users) and not _is_view(_behind_observers(changed))


def _behind_observers(node: Node) -> Node:
    """Return what gives a value: an observer hands on what it sees."""
    model = node.graph.owning_module
    while node.op == "call_module" and node.args and isinstance(node.args[0], Node) and model is not None:
        if role_of(model.get_submodule(str(node.target))) not in OBSERVING:
            break
        node = node.args[0]
    return node


_VIEWS = ("view", "slice", "select", "transpose", "permute", "getitem", "unsqueeze", "squeeze", "expand", "chunk",
          "split", "narrow", "reshape", "flatten", "detach", "alias", "unbind", "t")  # fmt: skip


def _is_view(node: Node) -> bool:
    """Return whether a node may give a part of another's memory."""
    name = str(getattr(node.target, "__name__", node.target)).partition(".")[0]
    return name in _VIEWS


def _is_in_place(name: str) -> bool:
    return name.endswith("_") and not name.endswith("__")


def _without_underscore(target: Any) -> Any:
    """Return the function that gives a new tensor, in place of one that changes its first argument."""
    if target in _IN_PLACE_FUNCTIONS:
        return _IN_PLACE_FUNCTIONS[target]
    if isinstance(target, torch._ops.OpOverload):  # noqa: SLF001
        namespace, _, name = target.name().partition("::")
        base, _, overload = name.partition(".")
        packet = getattr(getattr(torch.ops, namespace), base[:-1], None) if _is_in_place(base) else None
        return getattr(packet, overload or "default", None) if packet is not None else None
    return None


def is_changed_in_place(model: GraphModule) -> bool:
    """Return whether some node still changes what others may hold."""
    for node in model.graph.nodes:
        if node.op == "call_method" and _is_in_place(str(node.target)):
            return True
        if node.op != "call_function":
            continue
        name = str(getattr(node.target, "__name__", node.target)).partition(".")[0]
        if _is_in_place(name) or node.target is operator.setitem or node.target in _IN_PLACE_FUNCTIONS:
            return True
        if isinstance(node.target, torch._ops.OpOverload) and node.target._schema.is_mutable:  # noqa: SLF001
            name = node.target.name()
            if "batch_norm" not in name:
                return True
    return False


def write_through(model: GraphModule, constant: Collection[Node]) -> None:
    """Let activations be rounded in place, so that what is written later into a part of them reaches all readers."""
    for node in model.graph.nodes:
        module = model.get_submodule(str(node.target)) if node.op == "call_module" else None
        if isinstance(module, Switch) and node not in constant:
            module.writes_through = True

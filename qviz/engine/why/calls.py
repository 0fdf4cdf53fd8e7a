"""What an operator calls, as arguments of its reason."""

from __future__ import annotations

from typing import Any

from torch.fx import GraphModule, Node

from qviz.document.graph import Json
from qviz.engine.nodes.called import called_module
from qviz.engine.nodes.targets import target_name


def call_of(module: GraphModule, node: Node) -> dict[str, Json]:
    """Return the target of a node, and the type of the module that it calls."""
    if node.op == "call_module":
        return {"target": str(node.target), "module_type": type(called_module(module, node)).__name__}
    return {"target": target_name(node.target)}


def kernel_of(module: GraphModule, node: Node) -> dict[str, Json]:
    """Return the same, the type with its package: those of torch.ao have the names of the float ones."""
    if node.op != "call_module":
        return {"target": target_name(node.target)}
    class_ = type(called_module(module, node))
    package = class_.__module__.partition(".modules")[0]
    return {"target": str(node.target), "module_type": f"{package}.{class_.__name__}"}


def name_of(called: Any) -> str:
    """Return the name of a type, of a function or of a method."""
    return called.__name__ if isinstance(called, type) else target_name(called)

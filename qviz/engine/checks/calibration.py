"""Says of a prepared graph that calibration sets nothing in it: every range is left to the running model."""

from __future__ import annotations

from collections.abc import Iterator

from torch.fx import GraphModule, Node

from qviz.document.snapshot import Finding, Level
from qviz.engine.nodes.called import called_module
from qviz.engine.nodes.module_roles import OBSERVING, role_of


def without_effect(prepared: GraphModule) -> Iterator[Finding]:
    """Yield that all observers of activations are dynamic ones, with the operators that they are there for."""
    watching = [node for node in prepared.graph.nodes if _watches(prepared, node)]
    if not watching or not all(getattr(called_module(prepared, node), "is_dynamic", False) for node in watching):
        return
    readers = tuple(dict.fromkeys(user.name for node in watching for user in node.users if user.op != "output"))
    code = "calibration_without_effect"
    yield Finding(code, Level.WARNING, "prepared", readers, code, {"subject": readers})


def _watches(prepared: GraphModule, node: Node) -> bool:
    """Tell whether a node is an observer of something that is no parameter."""
    if node.op != "call_module" or role_of(called_module(prepared, node)) not in OBSERVING:
        return False
    return any(each.op != "get_attr" for each in node.all_input_nodes)

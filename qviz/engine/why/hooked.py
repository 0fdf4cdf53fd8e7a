"""Says of the operators of an eager model what their qconfigs ask for: eager mode hooks observers to modules."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn
from torch.ao.quantization import QuantStub
from torch.ao.quantization.quantization_mappings import get_default_static_quant_module_mappings
from torch.fx import GraphModule, Node

from qviz.document.graph import WATCHING, Kind, Why
from qviz.engine.nodes.called import called_module
from qviz.engine.nodes.module_roles import OBSERVING, Role, role_of
from qviz.engine.why.annotated import left_by
from qviz.engine.why.calls import call_of
from qviz.engine.why.observers import functional_of
from qviz.engine.why.patterns import dtypes_of
from qviz.engine.why.statements import Roles, reason

_REPLACED = get_default_static_quant_module_mappings()
"""What convert replaces in eager mode; others that prepare observes stay what they are."""


def of_hooked(module: GraphModule, node: Node, kinds: Mapping[str, Kind]) -> Why:
    """Explain an operator of a prepared eager model, a module or a function."""
    roles: Roles = {"subject": node}
    called = call_of(module, node)
    if node.op != "call_module":
        watching = [each for each in node.users if functional_of(module, each) is not None]
        if watching:
            return reason("quantized.functional", "FloatFunctional", {**roles, "observer": watching}, **called)
        return reason("unobserved.function", "prepare", roles, **called)
    child = called_module(module, node)
    if role_of(child) is Role.STUB:
        is_begin = isinstance(child, QuantStub)
        code, api = ("stub.quant", "QuantStub") if is_begin else ("stub.dequant", "DeQuantStub")
        return reason(code, api, roles, **called)
    is_watched = any(kinds[each.name] in WATCHING for each in node.users)
    return _of_module(module, node, child, is_watched)


def _of_module(module: GraphModule, node: Node, child: nn.Module, is_watched: bool) -> Why:
    """Explain by the qconfig of an eager module."""
    roles: Roles = {"subject": node}
    called = call_of(module, node)
    qconfig = getattr(child, "qconfig", None)
    if qconfig is None:
        return reason("float.no_qconfig", "propagate_qconfig_", roles, **called, left_by=left_by(module, node))
    if isinstance(child, nn.Identity):
        return reason("fused.place_left", "fuse_modules", roles, **called)
    if not any(role_of(each) in OBSERVING for each in child.children()) and not is_watched:
        return reason("unobserved.module", "prepare", roles, **called)
    known = {**called, **dtypes_of(qconfig)}
    if type(child).__module__.startswith("torch.nn.") and type(child) not in _REPLACED:
        return reason("operator.observed", "prepare", roles, **known)
    return reason("quantized.module_qconfig", "prepare", roles, **known)

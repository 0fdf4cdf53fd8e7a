"""Says of the operators of a converted graph what convert made of them, by what was asked for in the stage before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from torch import nn
from torch.ao.nn.intrinsic.modules.fused import _FusedModule
from torch.fx import GraphModule, Node
from torch.nn.modules.conv import _ConvNd
from torch.nn.utils.parametrize import is_parametrized

from qviz.document import graph as document
from qviz.document.graph import Json, Kind, Why
from qviz.engine.nodes.called import called_module
from qviz.engine.nodes.module_roles import LOW, Role, role_of
from qviz.engine.nodes.targets import QUANTIZED_DTYPES, target_name
from qviz.engine.why.annotated import left_by
from qviz.engine.why.calls import call_of, kernel_of
from qviz.engine.why.statements import reason, within

NodeValues: TypeAlias = Mapping[str, tuple[document.Value, ...]]
"""What is known of the outputs of nodes."""

LEFT_OUT = "qviz.left_out"
"""Where the meta of a graph names the modules that quantize_dynamic could replace and was not to."""
_TO_BE_QUANTIZED = frozenset(
    {
        "quantized.annotated",
        "quantized.qconfig",
        "quantized.module_qconfig",
        "operator.observed",
        "quantized.functional",
    }
)
_WITH_REFERENCE = (nn.Linear, _ConvNd, _FusedModule)
"""Float modules that convert puts a reference module in the place of, before it looks for a kernel."""
_OF_QCONFIG = ("activation_dtype", "weight_dtype", "listed")
"""What the reason of the prepared node tells of a weight that its pattern does not list."""
_UNCHANGED = frozenset({"operator.float", "operator.not_float", "operator.unchanged"})


class Converted:
    """Explains the operators of one converted graph of kernels.

    Args:
        module: The graph.
        kinds: Of its nodes.
        values: Of its nodes, where known.
        before: The nodes of the stage before by their ids.
    """

    def __init__(
        self,
        module: GraphModule,
        kinds: Mapping[str, Kind],
        values: NodeValues,
        before: Mapping[str, document.Node],
    ) -> None:
        self.module, self.kinds, self.values, self.before = module, kinds, values, before

    def of(self, node: Node) -> Why:
        """Explain by what the node is now and by what was asked for in the stage before."""
        before = self.before.get(node.name)
        asked = before.why if before is not None else None
        roles = {"subject": node}
        if self.kinds[node.name] is Kind.QUANTIZED_OP:
            return self._by_kernel(node, before, asked)
        if asked is not None and asked.code in _TO_BE_QUANTIZED:
            if any(self._gives_integers(each) for each in node.all_input_nodes):
                return reason("quantized.with_neighbors", asked.api, roles, asked=within(asked))
            return self._without_kernel(node, asked)
        if asked is not None and asked.code not in _UNCHANGED:
            return asked
        return self._passed_by(node)

    def _passed_by(self, node: Node) -> Why:
        """Explain what convert was not asked to replace, or does not."""
        roles, called = {"subject": node}, call_of(self.module, node)
        if node.op != "call_module":
            return reason("operator.as_given", target_name(node.target), roles, **called)
        if str(node.target) in self.module.meta.get(LEFT_OUT, ()):
            return reason("float.no_qconfig", "quantize_dynamic", roles, **called, left_by=left_by(self.module, node))
        return reason("float.no_mapping", "quantization_mappings", roles, **called)

    def _gives_integers(self, node: Node) -> bool:
        """Return whether a quantized tensor comes out of a node; by its kind where no value is known."""
        if values := self.values.get(node.name, ()):
            return any(value.dtype in QUANTIZED_DTYPES for value in values)
        return self.kinds[node.name] in (Kind.QUANTIZE, Kind.QUANTIZED_OP)

    def _by_kernel(self, node: Node, before: document.Node | None, asked: Why | None) -> Why:
        """Explain what runs in low precision by what convert put there, or by the tensors that it is given."""
        kernel = kernel_of(self.module, node)
        replaced = _type(before) if before is not None else None
        now = kernel.get("module_type", kernel["target"])
        is_module = node.op == "call_module"
        role = role_of(self._child(node)) if is_module else None
        if role is Role.REFERENCE:
            told = within(asked) if asked is not None else None
            roles = {"subject": (node.name,), "partners": _partners(asked)}
            return reason("quantized.reference", "convert_to_reference_fx", roles, **kernel, asked=told)
        is_itself = role not in LOW if is_module else now == replaced
        if is_module and is_itself and isinstance(self._child(node), nn.Linear | _ConvNd):
            return reason("operator.not_for_quantized", "convert", {"subject": node}, **kernel, kernel=now)
        return reason(
            "quantized.given_quantized" if is_itself else "quantized.kernel",
            asked.api if asked is not None else "convert",
            {"subject": node},
            **kernel,
            kernel=now,
            replaced=None if is_itself else replaced,
            asked=within(asked) if asked is not None else None,
        )

    def _without_kernel(self, node: Node, asked: Why) -> Why:
        """Explain what was observed and computes in float all the same."""
        child = self._child(node) if node.op == "call_module" else None
        if child is not None and is_parametrized(child):  # convert looks dtypes up by the exact type
            held: Any = child.parametrizations
            by: list[Json] = [type(each).__name__ for listed in held.values() for each in listed]
            tensors: list[Json] = list(held)
            called = call_of(self.module, node)
            api = "torch.nn.utils.parametrize"
            return reason("float.parametrized", api, {"subject": node}, **called, tensors=tensors, by=by)
        if child is not None and asked.code != "quantized.qconfig":  # eager mode
            called = call_of(self.module, node)
            return reason("float.no_mapping", "quantization_mappings", {"subject": node}, **called)
        told, api = within(asked), "convert_fx(backend_config=...)"
        if isinstance(child, _WITH_REFERENCE) and "weight" in asked.args:  # it would be a reference module
            called = call_of(self.module, node)
            if asked.args.get("is_rootless"):
                api = "BackendPatternConfig.set_root_module"
                return reason("float.no_reference_module", api, {"subject": node}, **called, asked=told)
            of_qconfig = {key: asked.args[key] for key in _OF_QCONFIG if key in asked.args}
            return reason(
                "float.weight_dtype_not_supported", "DTypeConfig", {"subject": node}, **called, **of_qconfig, asked=told
            )
        if partners := _partners(asked):
            roles = {"subject": (node.name,), "partners": partners}
            return reason("float.pattern_without_kernel", api, roles, asked=told)
        return reason("float.no_kernel", api, {"subject": node}, asked=told)

    def _child(self, node: Node) -> nn.Module:
        return called_module(self.module, node)


def _partners(asked: Why | None) -> tuple[str, ...]:
    """Return the operators that one pattern took with this one."""
    pattern = asked.args.get("pattern") if asked is not None else None
    if not isinstance(pattern, dict) or pattern.get("code") != "pattern.joined":
        return ()
    roles: Any = pattern["roles"]
    return tuple(roles["partners"])


def _type(node: document.Node) -> str:
    return node.module_type if node.op == "call_module" else node.target

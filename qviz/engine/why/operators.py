"""Says of each operator whether it is to be quantized, by which rule, and if not, what keeps it in float."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn
from torch.ao.quantization.quantizer import QuantizationAnnotation
from torch.fx import GraphModule, Node

from qviz.document import graph as document
from qviz.document.graph import WATCHING, Graph, Kind, Why
from qviz.document.kept import kept_why
from qviz.engine.nodes.module_roles import OBSERVING, Role, role_of
from qviz.engine.nodes.targets import target_name
from qviz.engine.why.fusion import Fusion
from qviz.engine.why.observers import ANNOTATION, PREPARED_WITH, TARGET_DTYPE, made_by, observes, setter
from qviz.engine.why.patterns import BACKEND_CONFIG, dtypes_of, held

FLOAT = "stays in float: "
"""How the rule of an operator begins that nothing quantizes; analysis groups by what follows."""

_INSERTED = WATCHING | {Kind.QUANTIZE, Kind.DEQUANTIZE}
_CTRS = ("input_act_obs_or_fq_ctr", "weight_obs_or_fq_ctr", "output_act_obs_or_fq_ctr")


class Operators:
    """Explains the operators of one graph.

    Args:
        module: The graph.
        kinds: Of its nodes.
        earlier: The stage before: what was asked for there holds on, where torch has dropped it.
    """

    def __init__(self, module: GraphModule, kinds: Mapping[str, Kind], earlier: Graph | None) -> None:
        self.module, self.kinds = module, kinds
        self.before = {node.id: node for node in earlier.nodes} if earlier is not None else {}
        self.prepared_with = module.meta.get(PREPARED_WITH)
        self.is_fx = bool(getattr(self.prepared_with, "node_name_to_qconfig", None))
        self.is_exported = any(target_name(node.target).startswith("aten.") for node in module.graph.nodes)
        self.is_annotated = any(ANNOTATION in node.meta for node in module.graph.nodes)
        self.is_converted = any(
            kinds[node.name] in (Kind.QUANTIZE, Kind.DEQUANTIZE, Kind.QUANTIZED_OP) for node in module.graph.nodes
        )
        self.is_watched = any(kinds[node.name] in WATCHING for node in module.graph.nodes)
        self.fusion = Fusion(module, self.before)

    def of(self, node: Node) -> Why:
        """Return why an operator is as it is."""
        if self.is_exported and (self.is_annotated or self.is_watched or self.is_converted):
            return self._annotated(node)
        if self.is_fx:
            return self._configured(node)
        if self.is_converted:
            return self._converted(node)
        if self.is_watched:
            return self._hooked(node)
        return self.fusion.of(node) or kept_why("as the model computes it", self._what(node), _api(self._what(node)))

    def _what(self, node: Node) -> str:
        if node.op == "call_module":
            return f"{node.target}: {type(self._child(node)).__name__}"
        return target_name(node.target)

    def _kernel(self, node: Node) -> str:
        """Return a module with its package: those of torch.ao have the names of the float ones."""
        if node.op != "call_module":
            return target_name(node.target)
        class_ = type(self._child(node))
        return f"{node.target}: {class_.__module__.partition('.modules')[0]}.{class_.__name__}"

    def _child(self, node: Node) -> nn.Module:
        return self.module.get_submodule(str(node.target))

    def _annotated(self, node: Node) -> Why:
        """Explain by what the quantizer wrote on the node and on its neighbours."""
        annotation: QuantizationAnnotation | None = node.meta.get(ANNOTATION)
        if annotation is not None and (annotation.input_qspec_map or annotation.output_qspec is not None):
            asked = [f"input {each.name}" for each in annotation.input_qspec_map]
            asked += ["output"] if annotation.output_qspec is not None else []
            evidence = f"{node.name}.meta['{ANNOTATION}'] asks for {', '.join(asked)}"
            if not any(self.kinds[each.name] in _INSERTED for each in (*node.all_input_nodes, *node.users)):
                return kept_why(
                    f"{FLOAT}it was annotated, but nothing was inserted", evidence, "QuantizationAnnotation"
                )
            return kept_why("is quantized: its quantizer annotated it", evidence, "QuantizationAnnotation")
        if annotation is not None and annotation._annotated:  # noqa: SLF001 - torch has no public way
            users = ", ".join(each.name for each in node.users)
            evidence = f"{node.name}.meta['{ANNOTATION}'] is there and asks for nothing"
            return kept_why(f"is part of a pattern that ends in {users}", evidence, "QuantizationAnnotation._annotated")
        return self._unannotated(node)

    def _unannotated(self, node: Node) -> Why:
        around = [*map(self._past, node.all_input_nodes), *self._readers(node)]
        known = [each for each in around if ANNOTATION in each.meta]
        near = ", ".join(dict.fromkeys(each.name for each in known)) or "none of its neighbours either"
        lost = "" if "source_fn_stack" in node.meta or not self._has_val(node) else "; captured without source_fn_stack"
        evidence = f"no {node.name}.meta['{ANNOTATION}']; annotated around it: {near}{lost}"
        return kept_why(f"{FLOAT}the quantizer did not annotate it", evidence, "Quantizer.annotate")

    def _has_val(self, node: Node) -> bool:
        return "val" in node.meta

    def _past(self, node: Node) -> Node:
        while self.kinds[node.name] not in (Kind.OP, Kind.INPUT, Kind.CONSTANT) and node.all_input_nodes:
            node = node.all_input_nodes[0]
        return node

    def _readers(self, node: Node) -> list[Node]:
        """Return who reads a node, past observers and casts."""
        found: list[Node] = []
        waiting = list(node.users)
        while waiting:
            each = waiting.pop(0)
            if self.kinds[each.name] in (Kind.OP, Kind.OUTPUT):
                found.append(each)
            else:
                waiting += list(each.users)
        return found

    def _configured(self, node: Node) -> Why:
        """Explain by the qconfig that ``prepare_fx`` gave the node and by what came of it."""
        attrs: Any = self.prepared_with
        qconfig = attrs.node_name_to_qconfig.get(node.name)
        path, type_ = attrs.node_name_to_scope.get(node.name, ("", None))
        api = setter(attrs.qconfig_mapping, node, path, type_, qconfig)
        if qconfig is None:
            return kept_why(f"{FLOAT}its qconfig is None", f"node_name_to_qconfig['{node.name}'] is None", api)
        info: dict[str, Any] = node.meta.get(TARGET_DTYPE) or {}
        if info.get("input_output_share_observers"):
            evidence = f"{node.name}.meta['{TARGET_DTYPE}']['input_output_share_observers'] is True"
            return kept_why("hands its range on: one observer for input and output", evidence, api)
        wanted = [f"{key.partition('_')[0]} {made_by(info[key])}" for key in _CTRS if observes(info.get(key))]
        if wanted:
            evidence = f"{node.name}.meta['{TARGET_DTYPE}']: {', '.join(wanted)}; pattern {self._pattern(node)}"
            return kept_why(
                f"is quantized: its qconfig comes from {api.removeprefix('QConfigMapping.')}", evidence, api
            )
        return self._unobserved(node, qconfig)

    def _pattern(self, node: Node) -> str:
        """Return the pattern of the backend that an operator fits: itself, or itself with others."""
        called = type(self._child(node)) if node.op == "call_module" else node.target
        is_alone = called in held(self.module.meta.get(BACKEND_CONFIG)).alone
        return _named(called) + ("" if is_alone else " with others")

    def _unobserved(self, node: Node, qconfig: Any) -> Why:
        config = self.module.meta.get(BACKEND_CONFIG)
        called = type(self._child(node)) if node.op == "call_module" else node.target
        patterns = held(config)
        if called not in patterns.alone:
            others = patterns.together.get(called, ())
            evidence = f"no pattern of the backend configuration holds {_named(called)}"
            if others:
                evidence += f" but together with {', '.join(sorted({_named(each) for each in others})[:5])}"
            return kept_why(f"{FLOAT}the backend has no pattern for it", evidence, "BackendConfig.configs")
        evidence = f"qconfig: {dtypes_of(qconfig)}; the pattern's dtype configurations hold other ones"
        return kept_why(f"{FLOAT}the backend does not take it with these dtypes", evidence, "DTypeConfig")

    def _hooked(self, node: Node) -> Why:
        """Explain by the qconfig of an eager module."""
        if node.op != "call_module":
            rule = "takes what it is given: eager mode observes modules only"
            return kept_why(rule, target_name(node.target), "prepare")
        child = self._child(node)
        if role_of(child) is Role.STUB:
            return kept_why(
                "marks where quantization begins or ends", f"{node.target}: {type(child).__name__}", "QuantStub"
            )
        qconfig = getattr(child, "qconfig", None)
        if qconfig is None:
            return kept_why(f"{FLOAT}it has no qconfig", f"{node.target}.qconfig is None", "propagate_qconfig_")
        if isinstance(child, nn.Identity):
            return kept_why("keeps the place of a module that was fused", f"{node.target}: Identity", "fuse_modules")
        if not any(role_of(each) in OBSERVING for each in child.children()) and not self._is_watched(node):
            rule = f"takes what it is given: prepare observes no {type(child).__name__}"
            return kept_why(rule, f"{node.target} has no observer", "prepare")
        return kept_why("is quantized: it has a qconfig", f"{node.target}.qconfig: {dtypes_of(qconfig)}", "prepare")

    def _is_watched(self, node: Node) -> bool:
        return any(self.kinds[each.name] in WATCHING for each in node.users)

    def _converted(self, node: Node) -> Why:
        """Explain by what the node is now and by what was asked for in the stage before."""
        before = self.before.get(node.name)
        asked = before.why if before is not None else None
        if self.kinds[node.name] is Kind.QUANTIZED_OP:
            evidence = self._kernel(node) + (f" in the place of {_type(before)}" if before is not None else "")
            evidence += f"; {asked.evidence}" if asked is not None else ""
            api = asked.api if asked is not None else "convert"
            return kept_why("runs in low precision: convert found a kernel for it", evidence, api)
        if asked is not None and asked.rule.startswith("is quantized"):
            if not any(self.kinds[each.name] is Kind.DEQUANTIZE for each in node.all_input_nodes):
                return kept_why("takes part in what is quantized around it", asked.evidence, asked.api)
            rule = f"{FLOAT}it was observed, but convert found no kernel for it"
            return kept_why(rule, asked.evidence, "convert_fx(backend_config=...)")
        if asked is not None and asked.rule != "as the model computes it":
            return asked
        if node.op == "call_module":
            evidence = f"no entry for {type(self._child(node)).__name__}"
            return kept_why(f"{FLOAT}convert has nothing to put in its place", evidence, "quantization_mappings")
        return kept_why(
            "computes on what it is given, in low precision or float", self._what(node), _api(self._what(node))
        )


def _named(called: Any) -> str:
    return called.__name__ if isinstance(called, type) else target_name(called)


def _type(node: document.Node) -> str:
    return node.module_type if node.op == "call_module" else node.target


def _api(what: str) -> str:
    return what.rpartition(": ")[2]

"""Says of each operator whether it is to be quantized, by which rule, and if not, what keeps it in float."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

from torch import nn
from torch._ops import OpOverload
from torch.ao.quantization.quantizer import QuantizationAnnotation
from torch.fx import GraphModule, Node

from qviz.document.graph import COMPUTING, WATCHING, Graph, Json, Kind, Why
from qviz.engine.nodes.called import called_module
from qviz.engine.nodes.module_roles import weight_subclass
from qviz.engine.nodes.targets import target_name
from qviz.engine.why.annotated import LEFT_BY, asks_for_float, continues_in
from qviz.engine.why.calls import call_of, name_of
from qviz.engine.why.converted import Converted, NodeValues
from qviz.engine.why.fusion import Fusion
from qviz.engine.why.hooked import of_hooked
from qviz.engine.why.observers import (
    ANNOTATION,
    PREPARED_WITH,
    SHARING,
    TARGET_DTYPE,
    MappingEntry,
    made_by,
    observes,
    setter,
)
from qviz.engine.why.patterns import BACKEND_CONFIG, dtypes_of, held, is_rootless, other_forms, other_weight
from qviz.engine.why.statements import Roles, inner, reason, within
from qviz.engine.why.subgraphs import CalledFrom, in_subgraph, of_call

_TAKEN = "float.parameter_taken"
_INSERTED = WATCHING | {Kind.QUANTIZE, Kind.DEQUANTIZE}
_INPUT, _WEIGHT, _OUTPUT = "input_act_obs_or_fq_ctr", "weight_obs_or_fq_ctr", "output_act_obs_or_fq_ctr"


class Operators:
    """Explains the operators of one graph.

    Args:
        module: The graph.
        kinds: Of its nodes.
        values: Of its nodes, where known.
        earlier: The stage before: what was asked for there holds on, where torch has dropped it.
        called: What calls the graph, if it is a nested one.
    """

    def __init__(
        self,
        module: GraphModule,
        kinds: Mapping[str, Kind],
        values: NodeValues,
        earlier: Graph | None,
        called: CalledFrom | None = None,
    ) -> None:
        self.module, self.kinds, self.values, self.called = module, kinds, values, called
        self.before = {node.id: node for node in earlier.nodes} if earlier is not None else {}
        self.prepared_with = module.meta.get(PREPARED_WITH)
        self.is_fx = bool(getattr(self.prepared_with, "node_name_to_qconfig", None))
        self.is_exported = any(target_name(node.target).startswith("aten.") for node in module.graph.nodes)
        self.is_annotated = any(ANNOTATION in node.meta for node in module.graph.nodes) or LEFT_BY in module.meta
        self.subclassed = self._subclassed()
        self.is_converted = any(
            kinds[node.name] in (Kind.QUANTIZE, Kind.DEQUANTIZE, Kind.QUANTIZED_OP) and node not in self.subclassed
            for node in module.graph.nodes
        )
        self.is_watched = any(kinds[node.name] in WATCHING for node in module.graph.nodes)
        self.fusion = Fusion(module, self.before)
        self.converted = Converted(module, kinds, values, self.before)

    def _subclassed(self) -> dict[Node, type]:
        """Return the modules whose weight is a tensor subclass of torchao, and that class."""
        calls = (node for node in self.module.graph.nodes if node.op == "call_module")
        return {node: class_ for node in calls if (class_ := weight_subclass(self._child(node))) is not None}

    def of(self, node: Node) -> Why:
        """Return why an operator is as it is."""
        if (held := self.subclassed.get(node)) is not None:
            weight, called = held.__name__, call_of(self.module, node)
            return reason("quantized.weight_subclass", "quantize_", {"subject": node}, weight=weight, **called)
        why = self._of_higher_order(node) or self._of_operator(node)
        if why.stays_float and self._is_float(node) is False:
            return reason("unquantized.not_float", why.api, {"subject": node}, cause=within(why))
        return why

    def _of_higher_order(self, node: Node) -> Why | None:
        is_quantized = (
            self.is_watched
            or self.is_converted
            or self.is_annotated
            or (self.is_exported and self.prepared_with is not None)
        )
        if self.called is None or is_quantized:
            return of_call(node, is_quantized)
        return in_subgraph(node, self.called)

    def _of_operator(self, node: Node) -> Why:
        producer = node.args[0] if node.target is operator.getitem else None
        if isinstance(producer, Node) and self.kinds[producer.name] is Kind.CHOOSE_QPARAMS:
            code = "operator.picks_zero_point" if node.args[1] == 1 else "operator.picks_scale"
            return reason(code, target_name(producer.target), {"producer": producer}, **call_of(self.module, node))
        if self.is_exported and (self.is_annotated or self.is_watched or self.is_converted):
            return self._annotated(node)
        if self.is_fx:
            return self._configured(node)
        if self.is_converted:
            return self.converted.of(node)
        if self.is_watched:
            return of_hooked(self.module, node, self.kinds)
        return self.fusion.of(node) or self._unchanged(node)

    def _unchanged(self, node: Node) -> Why:
        """Explain an operator that the model brought and nothing has changed so far."""
        is_float = self._is_float(node)
        code = "operator.unchanged" if is_float is None else "operator.float" if is_float else "operator.not_float"
        called = call_of(self.module, node)
        return reason(code, str(called.get("module_type", called["target"])), {"subject": node}, **called)

    def _is_float(self, node: Node) -> bool | None:
        """Return whether a float tensor comes out of a node; None if nothing is known of what comes out."""
        values = self.values.get(node.name, ())
        if not values:
            return False if isinstance(node.target, OpOverload) and not node.target._schema.returns else None  # noqa: SLF001
        return any("float" in value.dtype for value in values)

    def _child(self, node: Node) -> nn.Module:
        return called_module(self.module, node)

    def _annotated(self, node: Node) -> Why:
        """Explain by what the quantizer wrote on the node and on its neighbours."""
        if (rule := self.module.meta.get(LEFT_BY, {}).get(node.name)) is not None:
            return reason("float.left_by_rule", "Quantizer.annotate", {"subject": node}, rule=rule)
        annotation: QuantizationAnnotation | None = node.meta.get(ANNOTATION)
        if annotation is not None and (annotation.input_qspec_map or annotation.output_qspec is not None):
            code, origin = self._of_annotation(node, annotation), self._specs(node, annotation)
            return reason(code, "QuantizationAnnotation", {"subject": node}, origin=origin)
        if annotation is not None and annotation._annotated:  # noqa: SLF001 - torch has no public way
            roles: Roles = {"subject": node, "continues_in": continues_in(node, self._readers(node))}
            return reason("quantized.inside_pattern", "QuantizationAnnotation._annotated", roles, key=ANNOTATION)
        return self._unannotated(node)

    def _of_annotation(self, node: Node, annotation: QuantizationAnnotation) -> str:
        """Return the code of what came of an annotation in this stage."""
        if asks_for_float(annotation):
            return "float.annotated_as_float"
        if any(self.kinds[each.name] in _INSERTED for each in (*node.all_input_nodes, *node.users)):
            return "quantized.annotated"
        before = self.before.get(node.name)
        was_observed = before is not None and before.why is not None and before.why.code == "quantized.annotated"
        return "float.nothing_converted" if was_observed else "float.nothing_inserted"

    def _specs(self, node: Node, annotation: QuantizationAnnotation) -> Json:
        """Return what an annotation asks for."""
        roles: Roles = {"subject": node, "inputs": list(annotation.input_qspec_map)}
        if annotation.output_qspec is None:
            return inner("origin.annotated_inputs", roles, key=ANNOTATION)
        has_inputs = bool(annotation.input_qspec_map)
        code = "origin.annotated_inputs_and_output" if has_inputs else "origin.annotated_output"
        return inner(code, roles, key=ANNOTATION)

    def _unannotated(self, node: Node) -> Why:
        before = self.before.get(node.name)
        if before is not None and before.why is not None and before.why.code == _TAKEN:
            return before.why  # convert gave the other operator a constant of its own
        around = [*map(self._past, node.all_input_nodes), *self._readers(node)]
        known = list(dict.fromkeys(each for each in around if ANNOTATION in each.meta))
        near = inner("origin.annotated_neighbors", {"neighbors": known}) if known else inner("origin.no_neighbor")
        if taken := self._taken_parameters(node):
            others = dict.fromkeys(other for each in taken.values() for other in each)
            roles: Roles = {"subject": node, "parameters": [*taken], "taken_with": [*others]}
            return reason(_TAKEN, "Quantizer.annotate", roles, key=ANNOTATION)
        is_lost = "source_fn_stack" not in node.meta and "val" in node.meta
        return reason(
            "float.not_annotated",
            "Quantizer.annotate",
            {"subject": node, "annotated": known},
            key=ANNOTATION,
            neighbors=near,
            without="source_fn_stack" if is_lost else None,
        )

    def _taken_parameters(self, node: Node) -> dict[Node, list[Node]]:
        """Return the annotated parameters of a node, each with the annotated operators of its kind that read it."""
        found = {}
        for parameter in node.all_input_nodes:
            annotation = parameter.meta.get(ANNOTATION) if parameter.op == "get_attr" else None
            if annotation is not None and annotation._annotated:  # noqa: SLF001
                readers = (each for each in self._readers(parameter) if each.target == node.target)
                found[parameter] = [each for each in readers if ANNOTATION in each.meta]
        return {parameter: others for parameter, others in found.items() if others}

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
        entry = setter(attrs, node)
        api = entry.call if entry is not None else "QConfigMapping"
        roles = {"subject": node}
        if qconfig is None:
            named = entry.call if entry is not None else None
            return reason("float.qconfig_none", api, roles, setter=named, left_by=self._left_by(node, entry))
        info: dict[str, Any] = node.meta.get(TARGET_DTYPE) or {}
        if info.get(SHARING):
            return reason("operator.output_shares_input", api, roles, key=TARGET_DTYPE, field=SHARING)
        wanted: dict[str, Json] = {
            key.partition("_")[0]: made_by(info[key]) for key in (_INPUT, _WEIGHT, _OUTPUT) if observes(info.get(key))
        }
        if not wanted:
            return self._unobserved(node, qconfig)
        return reason(
            "quantized.qconfig",
            api,
            roles,
            setter=api.removeprefix("QConfigMapping."),
            key=TARGET_DTYPE,
            pattern=self._pattern(node),
            **wanted,
            **(self._other_weight(node, qconfig) if "weight" in wanted and node.op == "call_module" else {}),
        )

    def _other_weight(self, node: Node, qconfig: Any) -> dict[str, Json]:
        config = self.module.meta.get(BACKEND_CONFIG)
        if is_rootless(self._child(node), config):
            return {"is_rootless": True}
        return other_weight(self._called(node), qconfig, config)

    def _left_by(self, node: Node, entry: MappingEntry | None) -> Json:
        """Return the rule that leaves in float what the backend has a pattern for; None where none does."""
        patterns, called = held(self.module.meta.get(BACKEND_CONFIG)), self._called(node)
        if entry is None or entry.kind == "global" or called not in (*patterns.alone, *patterns.together):
            return None
        return inner(f"left_by.{entry.kind}", target=entry.target)

    def _called(self, node: Node) -> Any:
        return type(self._child(node)) if node.op == "call_module" else node.target

    def _pattern(self, node: Node) -> Json:
        """Return the pattern of the backend that an operator fits: itself, or itself with others."""
        if partners := self._joined(node):
            return inner("pattern.joined", {"partners": partners})
        called = self._called(node)
        patterns = held(self.module.meta.get(BACKEND_CONFIG))
        if called not in (*patterns.alone, *patterns.together) and called in self._observed_classes():
            return inner("pattern.custom", operator=name_of(called))
        is_alone = called in patterns.alone
        return inner("pattern.alone" if is_alone else "pattern.with_others", operator=name_of(called))

    def _observed_classes(self) -> set[Any]:
        """Return the classes that the configuration puts in the place of float ones."""
        custom: Any = getattr(self.prepared_with, "prepare_custom_config", None)
        mappings: dict[Any, dict[Any, Any]] = getattr(custom, "float_to_observed_mapping", {})
        return {observed for mapping in mappings.values() for observed in mapping.values()}

    def _joined(self, node: Node) -> list[Node]:
        """Return what one pattern took an operator with: nothing is observed between them, though both ask for it."""
        before = [each for each in node.all_input_nodes if self._goes_on(each)] if _asks(node, _INPUT) else []
        return [*before, *(node.users if self._goes_on(node) else ())]

    def _goes_on(self, node: Node) -> bool:
        """Return whether an operator is not the last one of its pattern: its output is asked for and not observed."""
        if self.kinds[node.name] not in COMPUTING or not _asks(node, _OUTPUT) or len(node.users) != 1:
            return False
        (user,) = node.users
        return self.kinds[user.name] in COMPUTING and _asks(user, _INPUT)

    def _unobserved(self, node: Node, qconfig: Any) -> Why:
        called = self._called(node)
        child = self._child(node) if node.op == "call_module" else None
        patterns = held(self.module.meta.get(BACKEND_CONFIG))
        roles = {"subject": node}
        if called in patterns.alone:
            return reason("float.dtypes_not_supported", "DTypeConfig", roles, **dtypes_of(qconfig))
        others: list[Json] = [*sorted({name_of(each) for each in patterns.together.get(called, ())})]
        return reason(
            "float.no_pattern",
            "BackendConfig.configs",
            roles,
            operator=name_of(called),
            others=others or None,
            forms=[*other_forms(called, patterns, child)] or None,
        )


def _asks(node: Node, field: str) -> bool:
    """Return whether a qconfig asks for an observer of a node's input or output, and none that it shares."""
    info: dict[str, Any] = node.meta.get(TARGET_DTYPE) or {}
    return observes(info.get(field)) and not info.get(SHARING)

"""Says why each observer and fake-quant stands where it does, from what prepare left in the metadata."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from torch import nn
from torch.ao.quantization import PlaceholderObserver, QConfigMapping
from torch.ao.quantization.qconfig import qconfig_equals
from torch.ao.quantization.quantizer import (
    DerivedQuantizationSpec,
    FixedQParamsQuantizationSpec,
    QuantizationAnnotation,
    SharedQuantizationSpec,
)
from torch.fx import GraphModule, Node

from qviz.document.graph import Why
from qviz.document.kept import kept_why
from qviz.engine.nodes.module_roles import OBSERVING, role_of
from qviz.engine.nodes.targets import target_name

ANNOTATION = "quantization_annotation"
TARGET_DTYPE = "target_dtype_info"
PREPARED_WITH = "_observed_graph_module_attrs"
HOOKED = "activation_post_process"


def of_observers(module: GraphModule) -> dict[str, Why]:
    """Return the reason of every inserted observer by its node's name, where the metadata tells it."""
    observers = {
        node: module.get_submodule(str(node.target))
        for node in module.graph.nodes
        if node.op == "call_module" and role_of(module.get_submodule(str(node.target))) in OBSERVING
    }
    prepared_with = module.meta.get(PREPARED_WITH)
    found: dict[str, Why] = {}
    for node in observers:
        subject = _subject(node, set(observers))
        if subject is None:
            continue
        reason = _annotated(node, subject) or _configured(node, subject, observers, prepared_with)
        reason = reason or _hooked(module, node)
        if reason is not None:
            found[node.name] = reason
    return found


def _hooked(module: GraphModule, node: Node) -> Why | None:
    """Explain by the qconfig of the module that an eager observer is hooked to."""
    path, _, hook = str(node.target).rpartition(".")
    qconfig = getattr(module.get_submodule(path), "qconfig", None) if path and hook == HOOKED else None
    if qconfig is None:
        return None
    maker = f"{path}.qconfig.activation: {made_by(qconfig.activation)}"
    return kept_why(f"what {path} gives is quantized", maker, "torch.ao.quantization.prepare")


def _subject(node: Node, observers: set[Node]) -> Node | None:
    """Return what an observer watches, past other observers."""
    subject: Any = node.args[0] if node.args else None
    while isinstance(subject, Node) and subject in observers:
        subject = subject.args[0]
    return subject if isinstance(subject, Node) else None


def _annotated(node: Node, subject: Node) -> Why | None:
    """Explain by the quantizer's annotation: the subject's output, or an input of who reads it."""
    own: QuantizationAnnotation | None = subject.meta.get(ANNOTATION)
    if own is not None and own.output_qspec is not None:
        return _by_spec(f"the output of {subject.name} is quantized", subject, "output_qspec", own.output_qspec)
    for user in node.users:
        annotation: QuantizationAnnotation | None = user.meta.get(ANNOTATION)
        spec = annotation.input_qspec_map.get(subject) if annotation is not None else None
        if spec is not None:
            return _by_spec(f"{user.name} takes {subject.name} quantized", user, "input_qspec_map", spec)
    return None


def _by_spec(rule: str, annotated: Node, field: str, spec: Any) -> Why:
    evidence = f"{annotated.name}.meta['{ANNOTATION}'].{field}: {_spec_text(spec)}"
    return kept_why(rule, evidence, f"QuantizationAnnotation.{field}")


def _spec_text(spec: Any) -> str:
    if isinstance(spec, SharedQuantizationSpec):
        return f"the range is shared with {_edge_text(spec.edge_or_node)}"
    if isinstance(spec, DerivedQuantizationSpec):
        return f"{spec.dtype}, derived from {', '.join(_edge_text(each) for each in spec.derived_from)}"
    if isinstance(spec, FixedQParamsQuantizationSpec):
        return f"{spec.dtype}, fixed scale {spec.scale} and zero point {spec.zero_point}"
    bounds = "" if spec.quant_min is None else f" {spec.quant_min}..{spec.quant_max}"
    return f"{spec.dtype}{bounds}, {made_by(spec.observer_or_fake_quant_ctr)}"


def _edge_text(edge_or_node: Any) -> str:
    if isinstance(edge_or_node, Node):
        return f"the output of {edge_or_node.name}"
    producer, user = edge_or_node
    return f"what {user.name} takes from {producer.name}"


def class_of(constructor: Any) -> type | None:
    """Return the class that a constructor makes, through ``with_args`` and partial; None for a function."""
    while constructor is not None and not isinstance(constructor, type):
        constructor = getattr(constructor, "p", None) or getattr(constructor, "func", None)
    return constructor


def made_by(constructor: Any) -> str:
    """Return what a constructor makes, in a word."""
    class_ = class_of(constructor)
    return class_.__name__ if class_ is not None else target_name(constructor)


class _Wanted(NamedTuple):
    """A place in the graph that FX decided to observe."""

    rule: str
    node: Node
    field: str
    constructor: Any


def _configured(node: Node, subject: Node, observers: dict[Node, nn.Module], prepared_with: Any) -> Why | None:
    """Explain by the qconfig of the subject, or of who reads it."""
    if prepared_with is None:
        return None
    shared_with = [each for each, other in observers.items() if other is observers[node] and each is not node]
    if shared_with and _shares(subject):
        return _by_sharing(subject, shared_with)
    wanted = next(_wanted(node, subject), None)
    if wanted is None:
        return None
    if shared_with and class_of(wanted.constructor) is not type(observers[node]):
        return next((_by_sharing(user, shared_with) for user in node.users if _shares(user)), None)
    qconfig = prepared_with.node_name_to_qconfig.get(wanted.node.name)
    path, type_ = prepared_with.node_name_to_scope.get(wanted.node.name, ("", None))
    api = setter(prepared_with.qconfig_mapping, wanted.node, path, type_, qconfig)
    evidence = f"{wanted.node.name}.meta['{TARGET_DTYPE}']['{wanted.field}']: {made_by(wanted.constructor)}"
    return kept_why(wanted.rule, evidence, api)


def _shares(node: Node) -> bool:
    return bool(node.meta.get(TARGET_DTYPE, {}).get("input_output_share_observers"))


def _by_sharing(node: Node, shared_with: list[Node]) -> Why:
    others = ", ".join(each.name for each in shared_with)
    rule = f"{node.name} has one range for its inputs and output: the same observer as {others}"
    evidence = f"{node.name}.meta['{TARGET_DTYPE}']['input_output_share_observers'] is True"
    return kept_why(rule, evidence, "ObservationType.OUTPUT_SHARE_OBSERVER_WITH_INPUT")


def _wanted(node: Node, subject: Node) -> Iterator[_Wanted]:
    output = "output_act_obs_or_fq_ctr"
    constructor = subject.meta.get(TARGET_DTYPE, {}).get(output)
    if subject.op not in ("placeholder", "get_attr") and observes(constructor):
        yield _Wanted(f"the output of {subject.name} is quantized", subject, output, constructor)
    for user in node.users:
        info = user.meta.get(TARGET_DTYPE, {})
        is_weight = info.get("weight_index") is not None and _argument(user, info["weight_index"]) is node
        field = "weight_obs_or_fq_ctr" if is_weight else "input_act_obs_or_fq_ctr"
        if observes(info.get(field)):
            yield _Wanted(f"{user.name} takes {subject.name} quantized", user, field, info[field])


def observes(constructor: Any) -> bool:
    """Return whether a constructor asks for more than the placeholder that stands for float."""
    if constructor is None:
        return False
    class_ = class_of(constructor)
    return class_ is not PlaceholderObserver or "float32" not in str(getattr(constructor, "p", constructor))


def _argument(node: Node, position: int) -> Any:
    return node.args[position] if position < len(node.args) else None


def setter(mapping: QConfigMapping, node: Node, path: str, type_: Any, qconfig: Any) -> str:
    """Return the call of the mapping whose qconfig the node has; the last one that applies wins."""
    fits = [call for call, each in _applicable(mapping, node, path, type_) if qconfig_equals(each, qconfig)]
    return fits[0] if fits else "QConfigMapping"


def _applicable(mapping: QConfigMapping, node: Node, path: str, type_: Any) -> Iterator[tuple[str, Any]]:
    """Yield the mapping's entries that fit a node, the one of highest precedence first."""
    for (name, object_type, index), qconfig in mapping.module_name_object_type_order_qconfigs.items():
        if path == name or path.startswith(f"{name}."):
            yield (
                f"QConfigMapping.set_module_name_object_type_order({name!r}, {_type_text(object_type)}, {index})",
                qconfig,
            )
    parents = path
    while parents:
        if parents in mapping.module_name_qconfigs:
            yield f"QConfigMapping.set_module_name({parents!r})", mapping.module_name_qconfigs[parents]
        parents = parents.rpartition(".")[0]
    for pattern, qconfig in mapping.module_name_regex_qconfigs.items():
        if re.match(pattern, path):
            yield f"QConfigMapping.set_module_name_regex({pattern!r})", qconfig
    called: Any = type_ if node.op == "call_module" else node.target
    if called in mapping.object_type_qconfigs:
        yield f"QConfigMapping.set_object_type({_type_text(called)})", mapping.object_type_qconfigs[called]
    yield "QConfigMapping.set_global", mapping.global_qconfig


def _type_text(object_type: Any) -> str:
    return object_type.__name__ if isinstance(object_type, type) else target_name(object_type)

"""Says why each observer and fake-quant stands where it does, from what prepare left in the metadata."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from torch import nn
from torch.ao.quantization import PlaceholderObserver, QConfigMapping
from torch.ao.quantization.qconfig import qconfig_equals
from torch.ao.quantization.quantizer import (
    QuantizationAnnotation,
)
from torch.fx import GraphModule, Node

from qviz.document.graph import Json, Why
from qviz.engine.nodes.arguments import number
from qviz.engine.nodes.called import called_module
from qviz.engine.nodes.module_roles import OBSERVING, Role, is_called, role_of
from qviz.engine.nodes.targets import target_name
from qviz.engine.why.statements import Roles, inner, reason

ANNOTATION = "quantization_annotation"
TARGET_DTYPE = "target_dtype_info"
PREPARED_WITH = "_observed_graph_module_attrs"
SHARING = "input_output_share_observers"
HOOKED = "activation_post_process"
_NodeScopes: TypeAlias = Mapping[str, tuple[str, Any]]
"""The module in which each node stands, by its path, and its type; of a node that calls a module that module."""


def of_observers(module: GraphModule) -> dict[str, Why]:
    """Return the reason of every inserted observer by its node's name, where the metadata tells it."""
    observers = {
        node: child
        for node in module.graph.nodes
        if node.op == "call_module" and role_of(child := called_module(module, node)) in OBSERVING
    }
    prepared_with = module.meta.get(PREPARED_WITH)
    found: dict[str, Why] = {}
    for node, observer in observers.items():
        subject = _subject(node, set(observers))
        if subject is None:
            continue
        point = _ObservationPoint(node, subject, "fake_quant" if role_of(observer) is Role.FAKE_QUANT else "observer")
        why = _annotated(point) or _configured(point, observers, prepared_with) or _hooked(module, point)
        if why is not None:
            found[node.name] = why
    return found


class _ObservationPoint(NamedTuple):
    """An observer or fake-quant in a graph.

    Attributes:
        node: Its call.
        subject: What it watches, past other observers.
        kind: How its codes begin: ``observer`` or ``fake_quant``.
    """

    node: Node
    subject: Node
    kind: str

    @property
    def is_first(self) -> bool:
        """Whether no other stands between: a second one is there for who reads it, never for an output."""
        return self.node.args[0] is self.subject

    def output(self, api: str, origin: Json, roles: Roles) -> Why:
        """Return the reason of one that is there for the output of what it watches."""
        return reason(f"{self.kind}.output", api, {"subject": self.subject, **roles}, origin=origin)

    def input(self, reader: Node, api: str, origin: Json, roles: Roles) -> Why:
        """Return the reason of one that is there for a reader of what it watches."""
        roles = {"subject": self.subject, "reader": reader, **roles}
        path, _, parameter = target_name(self.subject.target).rpartition(".")
        if self.subject.op == "get_attr" and path:
            return reason(f"{self.kind}.parameter", api, roles, origin=origin, path=path, parameter=parameter)
        return reason(f"{self.kind}.input", api, roles, origin=origin)


def functional_of(module: GraphModule, node: Node) -> str | None:
    """Return the path of the FloatFunctional whose observer a node calls; None of any other node.

    A FloatFunctional is never called itself, so the graph has only a plain module to hold its observer.
    """
    path, _, hook = str(node.target).rpartition(".") if node.op == "call_module" else ("", "", "")
    is_functional = path and hook == HOOKED and type(module.get_submodule(path)) is nn.Module
    return path if is_functional else None


def _hooked(module: GraphModule, point: _ObservationPoint) -> Why | None:
    """Explain by the qconfig of the module that an eager observer is hooked to."""
    path, _, hook = str(point.node.target).rpartition(".")
    qconfig = getattr(module.get_submodule(path), "qconfig", None) if path and hook == HOOKED else None
    if qconfig is not None:
        origin = inner("origin.module_qconfig", path=path, field="activation", observer=made_by(qconfig.activation))
    elif functional_of(module, point.node) is not None:
        observer = type(called_module(module, point.node)).__name__
        origin = inner("origin.functional", path=path, field=HOOKED, observer=observer)
    else:
        return None
    api = "torch.ao.quantization.prepare"
    return reason(f"{point.kind}.module_output", api, {"subject": point.subject}, path=path, origin=origin)


def _subject(node: Node, observers: set[Node]) -> Node | None:
    """Return what an observer watches, past other observers."""
    subject: Any = node.args[0] if node.args else None
    while isinstance(subject, Node) and subject in observers:
        subject = subject.args[0]
    return subject if isinstance(subject, Node) else None


def _annotated(point: _ObservationPoint) -> Why | None:
    """Explain by the quantizer's annotation: the subject's output, or an input of who reads it."""
    subject = point.subject
    own: QuantizationAnnotation | None = subject.meta.get(ANNOTATION)
    if own is not None and own.output_qspec is not None and point.is_first:
        field, asked = "output_qspec", _asked(subject, own.output_qspec)
        return point.output(f"QuantizationAnnotation.{field}", _origin(subject, field, own.output_qspec), asked)
    for user in point.node.users:
        annotation: QuantizationAnnotation | None = user.meta.get(ANNOTATION)
        spec = input_spec(annotation, subject) if annotation is not None else None
        if spec is not None:
            field = "input_qspec_map"
            return point.input(user, f"QuantizationAnnotation.{field}", _origin(user, field, spec), _asked(user, spec))
    return None


def input_spec(annotation: QuantizationAnnotation, producer: Node) -> Any:
    """Return what is asked for an input; a copied graph keeps the annotations of the nodes it was copied from."""
    asked = annotation.input_qspec_map
    return asked.get(producer) or next((spec for node, spec in asked.items() if node.name == producer.name), None)


def _origin(annotated: Node, field: str, spec: Any) -> Json:
    return inner("origin.annotation", {"asked_by": annotated}, key=ANNOTATION, field=field, spec=_spec(spec))


def _asked(annotated: Node, spec: Any) -> Roles:
    """Return who asked for an observer, and whether for a range that it shares, with what."""
    if not is_called(spec, "SharedQuantizationSpec"):
        return {"asked_by": annotated}
    shared_with = spec.edge_or_node[0] if isinstance(spec.edge_or_node, tuple) else spec.edge_or_node
    return {"asked_by": annotated, "shares_range": annotated, "shares_with": shared_with}


def _spec(spec: Any) -> Json:
    if is_called(spec, "SharedQuantizationSpec"):
        return inner("spec.shared", shared_with=_edge(spec.edge_or_node))
    if is_called(spec, "DerivedQuantizationSpec"):
        return inner("spec.derived", dtype=str(spec.dtype), derived_from=[_edge(each) for each in spec.derived_from])
    if is_called(spec, "FixedQParamsQuantizationSpec"):
        scale, zero_point = number(spec.scale), spec.zero_point
        return inner("spec.fixed", dtype=str(spec.dtype), scale=scale, zero_point=zero_point)
    return inner(
        "spec.observed",
        dtype=str(spec.dtype),
        quant_min=spec.quant_min,
        quant_max=spec.quant_max,
        observer=made_by(spec.observer_or_fake_quant_ctr),
    )


def _edge(edge_or_node: Any) -> Json:
    if isinstance(edge_or_node, Node):
        return inner("edge.output", {"producer": edge_or_node})
    producer, reader = edge_or_node
    return inner("edge.input", {"producer": producer, "reader": reader})


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
    """A place in the graph that FX decided to observe: an output, or an input of `node`."""

    node: Node
    field: str
    constructor: Any
    is_output: bool


def _configured(point: _ObservationPoint, observers: dict[Node, nn.Module], prepared_with: Any) -> Why | None:
    """Explain by the qconfig of the subject, or of who reads it."""
    if prepared_with is None:
        return None
    node, subject = point.node, point.subject
    shared_with = [each for each, other in observers.items() if other is observers[node] and each is not node]
    if shared_with and _shares(subject):
        return _by_sharing(subject, shared_with)
    wanted = next((each for each in _wanted(node, subject) if point.is_first or not each.is_output), None)
    if wanted is None:
        return None
    if shared_with and class_of(wanted.constructor) is not type(observers[node]):
        return next((_by_sharing(user, shared_with) for user in node.users if _shares(user)), None)
    asks = wanted.node
    entry = setter(prepared_with, asks)
    api = entry.call if entry is not None else "QConfigMapping"
    observer = made_by(wanted.constructor)
    origin = inner("origin.target_dtype", {"asked_by": asks}, key=TARGET_DTYPE, field=wanted.field, observer=observer)
    if wanted.is_output:
        return point.output(api, origin, {"asked_by": asks})
    return point.input(asks, api, origin, {"asked_by": asks})


def _shares(node: Node) -> bool:
    return bool(node.meta.get(TARGET_DTYPE, {}).get(SHARING))


def _by_sharing(node: Node, shared_with: list[Node]) -> Why:
    roles: Roles = {"asked_by": node, "same_observer": shared_with}
    api = "ObservationType.OUTPUT_SHARE_OBSERVER_WITH_INPUT"
    return reason("observer.output_shares_input", api, roles, key=TARGET_DTYPE, field=SHARING)


def _wanted(node: Node, subject: Node) -> Iterator[_Wanted]:
    output = "output_act_obs_or_fq_ctr"
    constructor = subject.meta.get(TARGET_DTYPE, {}).get(output)
    if subject.op not in ("placeholder", "get_attr") and observes(constructor):
        yield _Wanted(subject, output, constructor, is_output=True)
    for user in node.users:
        info = user.meta.get(TARGET_DTYPE, {})
        is_weight = info.get("weight_index") is not None and _argument(user, info["weight_index"]) is node
        field = "weight_obs_or_fq_ctr" if is_weight else "input_act_obs_or_fq_ctr"
        if observes(info.get(field)):
            yield _Wanted(user, field, info[field], is_output=False)


def observes(constructor: Any) -> bool:
    """Return whether a constructor asks for more than the placeholder that stands for float."""
    if constructor is None:
        return False
    class_ = class_of(constructor)
    return class_ is not PlaceholderObserver or "float32" not in str(getattr(constructor, "p", constructor))


def _argument(node: Node, position: int) -> Any:
    return node.args[position] if position < len(node.args) else None


class MappingEntry(NamedTuple):
    """An entry of a QConfigMapping.

    Attributes:
        kind: The end of the name of the method that sets it: ``module_name``.
        arguments: Of its call, as Python writes them, but for the qconfig.
        target: The first of them as text; of an order all of them.
        qconfig: What it asks for.
    """

    kind: str
    arguments: str
    target: str
    qconfig: Any

    @property
    def call(self) -> str:
        """The call that sets it."""
        name = f"QConfigMapping.set_{self.kind}"
        return f"{name}({self.arguments})" if self.arguments else name


def setter(prepared_with: Any, node: Node) -> MappingEntry | None:
    """Return the entry of the mapping whose qconfig a node has, as ``_generate_node_name_to_qconfig`` looks it up."""
    qconfig = prepared_with.node_name_to_qconfig.get(node.name)
    applicable = _applicable(prepared_with.qconfig_mapping, node, prepared_with.node_name_to_scope)
    return next((each for each in applicable if qconfig_equals(each.qconfig, qconfig)), None)


def _applicable(mapping: QConfigMapping, node: Node, scopes: _NodeScopes) -> Iterator[MappingEntry]:
    """Yield the mapping's entries that fit a node, the one of highest precedence first."""
    path, type_ = scopes.get(node.name, ("", None))
    yield from _by_order(mapping, node, scopes)
    parents = path
    while parents:
        if parents in mapping.module_name_qconfigs:
            yield MappingEntry("module_name", repr(parents), parents, mapping.module_name_qconfigs[parents])
        parents = parents.rpartition(".")[0]
    for pattern, qconfig in mapping.module_name_regex_qconfigs.items():
        if re.match(pattern, path):
            yield MappingEntry("module_name_regex", repr(pattern), pattern, qconfig)
            break
    # of a function the class of the module that it stands in comes first
    for called in (type_,) if node.op == "call_module" else (type_, node.target):
        if called in mapping.object_type_qconfigs:
            text = _type_text(called)
            yield MappingEntry("object_type", text, text, mapping.object_type_qconfigs[called])
    yield MappingEntry("global", "", "", mapping.global_qconfig)


def _by_order(mapping: QConfigMapping, node: Node, scopes: _NodeScopes) -> Iterator[MappingEntry]:
    """Yield the entry for a node by which call of its type it is in its module."""
    entries = mapping.module_name_object_type_order_qconfigs
    if not entries or node.op not in ("call_function", "call_module"):
        return
    own = _place(node, scopes)
    alike = [each for each in node.graph.nodes if each.op == node.op and _place(each, scopes) == own]
    key: Any = (*own, alike.index(node))
    if key in entries:
        name, called, index = key
        arguments = f"{name!r}, {_type_text(called)}, {index}"
        yield MappingEntry("module_name_object_type_order", arguments, arguments, entries[key])


def _place(node: Node, scopes: _NodeScopes) -> tuple[str, Any]:
    """Return the module in which a node calls something, and what: of a module its type."""
    path, type_ = scopes.get(node.name, ("", None))
    return (path.rpartition(".")[0], type_) if node.op == "call_module" else (path, node.target)


def _type_text(object_type: Any) -> str:
    return object_type.__name__ if isinstance(object_type, type) else target_name(object_type)

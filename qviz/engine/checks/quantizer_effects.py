"""Finds what a PT2E quantizer was told in vain: rules that match nothing, parts of a composed one without effect."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

from torch.ao.quantization.fake_quantize import FakeQuantizeBase
from torch.ao.quantization.observer import ObserverBase
from torch.ao.quantization.quantizer.composable_quantizer import ComposableQuantizer
from torch.ao.quantization.quantizer.x86_inductor_quantizer import X86InductorQuantizer
from torch.ao.quantization.quantizer.xnnpack_quantizer import XNNPACKQuantizer
from torch.fx import GraphModule, Node

from qviz.document.graph import Json
from qviz.document.snapshot import Finding, Level
from qviz.engine.nodes.module_paths import module_stack, quantizers_paths, root_name, torchs_stack
from qviz.engine.nodes.targets import target_name

_ANNOTATION = "quantization_annotation"
_WATCHERS = (ObserverBase, FakeQuantizeBase)


_SET = {
    XNNPACKQuantizer: ("global_config", "operator_type_config", "module_type_config", "module_name_config"),
    X86InductorQuantizer: ("global_config", "operator_type_qconfig", "module_name_qconfig"),
}
"""Where torch's quantizers keep what their ``set_*`` methods give them; without any of it they annotate nothing."""
_REMEDIES = {
    XNNPACKQuantizer: "quantizer.set_global(get_symmetric_quantization_config())",
    X86InductorQuantizer: "quantizer.set_global(get_default_x86_inductor_quantization_config())",
}


class QuantizerPart(NamedTuple):
    """A quantizer of a composed one, and how many nodes it annotated."""

    quantizer: Any
    annotated: int

    @property
    def type(self) -> str:
        """The name of its class."""
        return type(self.quantizer).__name__


@contextmanager
def watched_parts(quantizer: Any) -> Iterator[list[QuantizerPart]]:
    """Yield a list that gets what each part of a composed quantizer annotates while the context lasts."""
    found: list[QuantizerPart] = []
    with ExitStack() as stack:
        for each in _composed(quantizer):
            stack.enter_context(_counted(each, found))
        yield found


def _composed(quantizer: Any) -> list[Any]:
    """Return the parts of a composed quantizer, which another may apply."""
    while not isinstance(quantizer, ComposableQuantizer):
        quantizer = getattr(quantizer, "quantizer", None)
        if quantizer is None:
            return []
    return list(quantizer.quantizers)


@contextmanager
def _counted(quantizer: Any, found: list[QuantizerPart]) -> Iterator[None]:
    annotate: Callable[[GraphModule], GraphModule] = quantizer.annotate

    def counting(model: GraphModule) -> GraphModule:
        before = {node for node in model.graph.nodes if _ANNOTATION in node.meta}
        result = annotate(model)
        new = [node for node in model.graph.nodes if _ANNOTATION in node.meta and node not in before]
        found.append(QuantizerPart(quantizer, len(new)))
        return result

    quantizer.annotate = counting
    try:
        yield
    finally:
        del quantizer.annotate


def without_effect(parts: list[QuantizerPart]) -> Iterator[Finding]:
    """Yield the parts of a composed quantizer that annotated nothing."""
    for at, part in enumerate(parts):
        if not part.annotated and _remedy(part.quantizer) is None:
            first = [each.type for each in parts[:at] if each.annotated]
            args: dict[str, Json] = {"quantizer": part.type, **({"first": [*first]} if first else {})}
            yield Finding(
                "quantizer_without_effect",
                Level.WARNING,
                "prepared",
                (),
                "quantizer_without_effect" + (".behind_others" if first else ""),
                {},
                args,
                (part.type,),
            )


def annotating_no_input(prepared: GraphModule, quantizer: Any) -> Iterator[Finding]:
    """Yield the annotations of a user's quantizer for what the operator does not read: prepare passes over them."""
    own = getattr(quantizer, "quantizer", quantizer)
    if type(own).__module__.startswith("torch."):
        return
    found: dict[Node, list[Node]] = {}
    for node in prepared.graph.nodes:
        asked = getattr(node.meta.get(_ANNOTATION), "input_qspec_map", None) or {}
        read = {*_read(prepared, node)}
        if lost := [key for key, spec in asked.items() if spec is not None and key not in read]:
            found[node] = lost
    if found:
        operators, others = tuple(each.name for each in found), [key.name for lost in found.values() for key in lost]
        roles = {"subject": operators, "others": tuple(dict.fromkeys(others))}
        code = "quantizer_without_effect.no_input"
        yield Finding("quantizer_without_effect", Level.WARNING, "prepared", operators, code, roles)


def _read(prepared: GraphModule, node: Node) -> Iterator[Node]:
    """Yield what a node reads, through the observers that prepare put between."""
    for each in node.all_input_nodes:
        yield each
        if each.op == "call_module" and isinstance(prepared.get_submodule(str(each.target)), _WATCHERS):
            yield from _read(prepared, each)


def without_configuration(quantizer: Any) -> Iterator[Finding]:
    """Yield the quantizers of torch's that were given no configuration, parts of a composed one too."""
    parts = _composed(quantizer)
    for each in parts or [getattr(quantizer, "quantizer", quantizer)]:
        if (remedy := _remedy(each)) is not None:
            name = type(each).__name__
            yield Finding(
                "quantizer_without_effect",
                Level.WARNING if parts else Level.ERROR,
                "prepared",
                (),
                "quantizer_without_effect.no_configuration",
                {},
                {"quantizer": name, "remedy": remedy},
                (name,),
            )


def _remedy(quantizer: Any) -> str | None:
    """Return the call that gives a quantizer a configuration, where it has none."""
    for class_, fields in _SET.items():
        if isinstance(quantizer, class_) and not any(_is_set(getattr(quantizer, name, None)) for name in fields):
            return _REMEDIES[class_]
    return None


def _is_set(given: Any) -> bool:
    """Return whether a field of a quantizer holds a configuration: None in a dict leaves something in float."""
    return any(each is not None for each in given.values()) if isinstance(given, dict) else given is not None


def matching_nothing(graph: GraphModule, quantizer: Any) -> Iterator[Finding]:
    """Yield the rules of torch's quantizers whose module, type or operator the graph does not have."""
    types = {_type_text(each) for node in graph.graph.nodes for each in _types(node)}
    operators = {getattr(node.target, "overloadpacket", None) for node in graph.graph.nodes}
    for each in _composed(quantizer) or [getattr(quantizer, "quantizer", quantizer)]:
        if isinstance(each, XNNPACKQuantizer):
            yield from _modules_not_found(graph, each, each.module_name_config)
            named = (class_ for class_ in each.module_type_config if _type_text(class_) not in types)
            yield from (_nothing("rule_matches_nothing.exported_type", _type_text(class_)) for class_ in named)
        elif isinstance(each, X86InductorQuantizer):
            yield from _modules_not_found(graph, each, each.module_name_qconfig)
            targets = {getattr(operator, "overloadpacket", operator) for operator in each.operator_type_qconfig}
            yield from (
                _nothing("rule_matches_nothing.exported_operator", target_name(target))
                for target in targets
                if target not in operators
            )


def _modules_not_found(graph: GraphModule, quantizer: Any, given: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield the paths of modules that a quantizer does not find, and why: there are none, or capture lost them."""
    nodes = [*graph.graph.nodes]
    read = {path for node in nodes for path in quantizers_paths(node)}
    known = {place.path for node in nodes for place in (*torchs_stack(node), *module_stack(node))}
    root = next((name for node in nodes if (name := root_name(node)) is not None), None)
    for path, configuration in given.items():
        args: dict[str, Json] = {"quantizer": type(quantizer).__name__, "quantizes": configuration is not None}
        if path in read:
            continue
        if path not in known:
            yield _nothing("rule_matches_nothing.exported_name", path)
        elif root is not None:
            yield _nothing("rule_matches_nothing.not_called_self", path, Level.ERROR, root=root, **args)
        else:
            code = "lost_by_strict_for_x86" if isinstance(quantizer, X86InductorQuantizer) else "lost_by_strict"
            yield _nothing(f"rule_matches_nothing.{code}", path, Level.ERROR, **args)


def _types(node: Any) -> list[Any]:
    return [type_ for _, type_ in (node.meta.get("nn_module_stack") or {}).values()]


def _type_text(class_: Any) -> str:
    """Return the full name of a class, as the quantizers compare it."""
    return f"{class_.__module__}.{class_.__qualname__}" if isinstance(class_, type) else str(class_)


def _nothing(code: str, target: str, level: Level = Level.WARNING, **args: Json) -> Finding:
    known: dict[str, Json] = {"rule": target, "target": target, **args}
    return Finding("rule_matches_nothing", level, "captured", (), code, {}, known, (target,))

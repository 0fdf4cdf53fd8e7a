"""Counts the nodes whose qconfig each rule decided, and says what is odd about those that decided none.

It replays how ``prepare_fx`` looks a qconfig up, on the fused graph and with the numbers of the rules in the
place of their qconfigs.
"""

from __future__ import annotations

import copy
import difflib
import re
from collections.abc import Iterable, Iterator
from typing import Any

from torch import nn
from torch.ao.nn.intrinsic.modules.fused import _FusedModule
from torch.ao.quantization import QConfigMapping
from torch.ao.quantization.fx import qconfig_mapping_utils as lookup
from torch.fx import GraphModule, Node
from torch.nn import Module

from qviz.document.graph import Json
from qviz.document.snapshot import Finding, Level
from qviz.engine.configuration.mappings import Mapping, Setting
from qviz.engine.nodes.targets import target_name

Scopes = dict[str, tuple[str, Any]]
"""Of ``QuantizationTracer``: the path and type of the module that each node was called in."""


def decided(fused: GraphModule, scopes: Scopes, mapping: Mapping) -> dict[str, int | None]:
    """Return the number of the rule that decided each node's qconfig; None is what the mapping began with."""
    return _resolve(fused, scopes, _labels(fused, mapping, range(len(mapping.settings))))


def findings(fused: GraphModule, scopes: Scopes, mapping: Mapping, model: Module) -> Iterator[Finding]:
    """Yield what the user should know of rules that do less than they say."""
    decisions = decided(fused, scopes, mapping)
    quantized_by_default = {
        name
        for name, number in decisions.items()
        if (number is None and mapping.base.global_qconfig is not None)
        or (number is not None and mapping.settings[number].is_global and mapping.settings[number].qconfig.value)
    }
    for number, setting in enumerate(mapping.settings):
        passed = [node for node in _fused_past(fused, setting) if node.name in quantized_by_default]
        if passed:
            yield _passes_fused(setting.python, passed)
        elif number not in decisions.values():
            alone = _resolve(fused, scopes, _labels(fused, mapping._replace(base=QConfigMapping()), [number]))
            yield _matches_nothing(setting, number in alone.values(), fused, model)


def named_in_vain(base: QConfigMapping, model: Module) -> Iterator[Finding]:
    """Yield the names in a mapping of the user's own that fit no module; torch's own mappings have none."""
    paths = [path for path, _ in model.named_modules() if path]
    named = [(f"set_module_name({name!r}, …)", name, False) for name in base.module_name_qconfigs]
    named += [(f"set_module_name_regex({name!r}, …)", name, True) for name in base.module_name_regex_qconfigs]
    for rule, name, is_pattern in named:
        if not any(re.match(name, path) if is_pattern else name == path for path in paths):
            yield _nothing(rule, name, *_no_such_path(name, paths, is_pattern))


def passed_by(fused: GraphModule, scopes: Scopes, base: QConfigMapping) -> Iterator[Finding]:
    """Yield what else in a mapping of the user's own has no effect: for calls that are not made, fused types."""
    orders, labels = base.module_name_object_type_order_qconfigs, copy.deepcopy(base)
    numbers: Any = labels.module_name_object_type_order_qconfigs
    numbers.update({key: number for number, key in enumerate(orders)})
    decisions = _resolve(fused, scopes, labels)
    for number, (path, type_, order) in enumerate(orders):
        if not any(each == number and type(each) is int for each in decisions.values()):
            name = _written(type_)
            rule = f"set_module_name_object_type_order({path!r}, {name}, {order}, …)"
            yield _nothing(rule, path, "no_such_call", {"order": order, "type": name})
    left_out: list[Any] = [each for each, qconfig in base.object_type_qconfigs.items() if qconfig is None]
    for each in left_out if base.global_qconfig is not None else ():
        passed = [node for node, module in _fused_modules(fused) if type(module[0]) is each and decisions[node.name]]
        if passed:
            yield _passes_fused(f"set_object_type({_written(each)}, None)", passed)


def _written(called: Any) -> str:
    """Return a type or a function as people write it: ``torch.nn.Linear``, ``torch.nn.functional.linear``."""
    for module in (nn, nn.functional):
        name = getattr(called, "__name__", "")
        if getattr(module, name, None) is called:
            return f"{module.__name__}.{name}"
    return target_name(called)


def _labels(fused: GraphModule, mapping: Mapping, numbers: Iterable[int]) -> QConfigMapping:
    """Return the mapping with the numbers of its rules for qconfigs, and as prepare extends it for fused modules."""
    labels = QConfigMapping()
    for each in mapping.base.object_type_qconfigs:
        labels.set_object_type(each, None)
    for pattern in mapping.base.module_name_regex_qconfigs:
        labels.set_module_name_regex(pattern, None)
    for path in mapping.base.module_name_qconfigs:
        labels.set_module_name(path, None)
    for key in mapping.base.module_name_object_type_order_qconfigs:
        labels.set_module_name_object_type_order(*key, None)
    for number in numbers:
        mapping.settings[number].apply(labels, number)
    final: QConfigMapping = mapping.written.value
    for _, module in _fused_modules(fused):
        first = type(module[0])
        if first in labels.object_type_qconfigs and final.object_type_qconfigs[first] is not None:
            labels.set_object_type(type(module), labels.object_type_qconfigs[first])
    return labels


def _fused_modules(fused: GraphModule) -> Iterator[tuple[Node, Any]]:
    for node in fused.graph.nodes:
        if node.op == "call_module" and isinstance(module := fused.get_submodule(str(node.target)), _FusedModule):
            yield node, module


def _resolve(fused: GraphModule, scopes: Scopes, labels: QConfigMapping) -> dict[str, int | None]:
    """Look every node up as ``_generate_node_name_to_qconfig`` does."""
    found: dict[str, int | None] = {}
    seen: dict[tuple[str, Any], int] = {}
    by_type_or_name = lookup._maybe_adjust_qconfig_for_module_type_or_name  # noqa: SLF001 - torch has no public way
    for node in fused.graph.nodes:
        path, type_ = scopes.get(node.name, ("", None))
        label: Any = labels.global_qconfig
        called: Any = None
        if node.op == "get_attr":
            path = str(node.target).rpartition(".")[0]
            label = by_type_or_name(labels, type(fused.get_submodule(path)), path, label)
        elif node.op == "call_function":
            called = (path, node.target)
            label = by_type_or_name(labels, type_, path, labels.object_type_qconfigs.get(node.target, label))
        elif node.op == "call_method":
            label = by_type_or_name(labels, type_, path, by_type_or_name(labels, node.target, path, label))
        elif node.op == "call_module":
            called = (path.rpartition(".")[0], type_)
            label = by_type_or_name(labels, type(fused.get_submodule(str(node.target))), str(node.target), label)
        else:
            continue
        if called is not None:
            index = seen[called] = seen.get(called, -1) + 1
            label = labels.module_name_object_type_order_qconfigs.get((*called, index), label)
        found[node.name] = label
    return found


def _fused_past(fused: GraphModule, setting: Setting) -> list[Node]:
    """Return the fused modules that a rule for their first type leaves quantized: torch only hands qconfigs on."""
    if setting.rule.kind != "object_type" or setting.qconfig.value is not None:
        return []
    return [node for node, module in _fused_modules(fused) if type(module[0]) is setting.arguments[0].value]


def _passes_fused(rule: str, passed: list[Node]) -> Finding:
    modules = passed[0].graph.owning_module
    types = sorted({type(modules.get_submodule(str(node.target))).__name__ for node in passed})
    nodes = tuple(node.name for node in passed)
    return Finding(
        rule="rule_passes_fused",
        level=Level.WARNING,
        stage="fused",
        nodes=nodes,
        code="rule_passes_fused",
        roles={"subject": nodes},
        args={
            "rule": rule,
            "types": [*types],
            "names": [f"torch.ao.nn.intrinsic.{each}" for each in types],
        },
    )


def _matches_nothing(setting: Setting, fits: bool, fused: GraphModule, model: Module) -> Finding:
    cause, args = ("overruled", {}) if fits else _why_nothing(setting, fused, model)
    return _nothing(setting.python, setting.rule.target, cause, args)


def _nothing(rule: str, target: str, cause: str, args: dict[str, Json]) -> Finding:
    return Finding(
        rule="rule_matches_nothing",
        level=Level.WARNING,
        stage="prepared",
        nodes=(),
        code=f"rule_matches_nothing.{cause}",
        args={"rule": rule, "target": target, **args},
        place=(rule,),
    )


def _why_nothing(setting: Setting, fused: GraphModule, model: Module) -> tuple[str, dict[str, Json]]:
    """Return the kind of the finding and what it has to say more."""
    rule = setting.rule
    paths = [path for path, _ in model.named_modules() if path]
    if rule.kind == "object_type":
        return _no_such_type(rule.target, fused, model)
    is_pattern = rule.kind == "module_name_regex"
    known = [path for path in paths if (re.match(rule.target, path) if is_pattern else path == rule.target)]
    if not known:
        return _no_such_path(rule.target, paths, is_pattern)
    if rule.kind == "module_name_object_type_order":
        return "no_such_call", {"order": rule.order, "type": rule.object_type}
    return "no_node", {"module": known[0]}


def _no_such_path(target: str, paths: list[str], is_pattern: bool) -> tuple[str, dict[str, Json]]:
    near = difflib.get_close_matches(target, paths, 1, cutoff=0.4)
    cause = "pattern" if is_pattern else "path"
    return (f"{cause}_near", {"near": near[0]}) if near else (cause, {})


def _no_such_type(target: str, fused: GraphModule, model: Module) -> tuple[str, dict[str, Json]]:
    names = dict.fromkeys(_type_names(fused))
    bare = target.rpartition(".")[2].rpartition(":")[2]
    if any(type(each).__name__ == bare for each in model.modules()):
        return "type_without_node", {}
    ends = {name.rpartition(".")[2].lower(): name for name in names}
    near = difflib.get_close_matches(bare.lower(), ends, 1)
    return ("no_such_type_near", {"near": ends[near[0]]}) if near else ("no_such_type", {"types": [*names]})


def _type_names(fused: GraphModule) -> Iterator[str]:
    for node in fused.graph.nodes:
        if node.op == "call_module":
            class_ = type(fused.get_submodule(str(node.target)))
            place = "torch.nn" if class_.__module__.startswith("torch.nn.") else class_.__module__
            yield f"{place}.{class_.__name__}"
        elif node.op in ("call_function", "call_method"):
            yield target_name(node.target)

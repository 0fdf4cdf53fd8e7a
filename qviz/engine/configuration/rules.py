"""Counts the nodes whose qconfig each rule decided, and says what is odd about those that decided none.

It replays how ``prepare_fx`` looks a qconfig up, on the fused graph and with the numbers of the rules in the
place of their qconfigs.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import Any

from torch.ao.nn.intrinsic.modules.fused import _FusedModule
from torch.ao.quantization import QConfigMapping
from torch.ao.quantization.fx import qconfig_mapping_utils as lookup
from torch.fx import GraphModule, Node
from torch.nn import Module

from qviz.document.kept import kept_finding
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
            yield _passes_fused(setting, passed)
        elif number not in decisions.values():
            alone = _resolve(fused, scopes, _labels(fused, mapping._replace(base=QConfigMapping()), [number]))
            yield _matches_nothing(setting, number in alone.values(), fused, model)


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


def _passes_fused(setting: Setting, passed: list[Node]) -> Finding:
    modules = passed[0].graph.owning_module
    types = sorted({type(modules.get_submodule(str(node.target))).__name__ for node in passed})
    return kept_finding(
        rule="rule_passes_fused",
        level=Level.WARNING,
        stage="fused",
        nodes=tuple(node.name for node in passed),
        message=f"{setting.python} does not hold for {', '.join(node.name for node in passed)}",
        reason=f"prepare fused them into {', '.join(types)}, and torch hands no qconfig of None on to fused types",
        hint=f"Add a rule for the object type {' and for '.join(f'torch.ao.nn.intrinsic.{each}' for each in types)}.",
    )


def _matches_nothing(setting: Setting, fits: bool, fused: GraphModule, model: Module) -> Finding:
    reason, hint = _overruled() if fits else _why_nothing(setting, fused, model)
    return kept_finding(
        rule="rule_matches_nothing",
        level=Level.WARNING,
        stage="prepared",
        nodes=(),
        message=f"{setting.python} decides the qconfig of no node",
        reason=reason,
        hint=hint,
    )


def _overruled() -> tuple[str, str]:
    return (
        "other rules decide for every node that it fits",
        "From weak to strong: global, object_type, module_name_regex, module_name, module_name_object_type_order; "
        "of several patterns the first that matches.",
    )


def _why_nothing(setting: Setting, fused: GraphModule, model: Module) -> tuple[str, str]:
    rule = setting.rule
    paths = [path for path, _ in model.named_modules() if path]
    if rule.kind == "object_type":
        return _no_such_type(rule.target, fused, model)
    is_pattern = rule.kind == "module_name_regex"
    known = [path for path in paths if (re.match(rule.target, path) if is_pattern else path == rule.target)]
    if not known:
        near = difflib.get_close_matches(rule.target, paths, 1, cutoff=0.4)
        what = "matches the path of no module" if is_pattern else "is the path of no module"
        return f"{rule.target!r} {what}", f"Did you mean {near[0]}?" if near else "Name it as named_modules() does."
    if rule.kind == "module_name_object_type_order":
        here = f"in {rule.target!r}" if rule.target else "in the model itself"
        return (
            f"there is no call {rule.order} of {rule.object_type} {here}",
            "The first call of a type in a module is 0; what is in a module within it counts there.",
        )
    return (
        f"no node of the fused graph stands for {known[0]}",
        "It was fused into another module, or forward never calls it: the stage fused shows what there is.",
    )


def _no_such_type(target: str, fused: GraphModule, model: Module) -> tuple[str, str]:
    names = dict.fromkeys(_type_names(fused))
    bare = target.rpartition(".")[2].rpartition(":")[2]
    if any(type(each).__name__ == bare for each in model.modules()):
        return (
            f"no node of the fused graph is a {target}",
            "Each was fused into another module, or is a module whose inside is traced: the stage fused shows them.",
        )
    ends = {name.rpartition(".")[2].lower(): name for name in names}
    near = difflib.get_close_matches(bare.lower(), ends, 1)
    hint = f"Did you mean {ends[near[0]]}?" if near else f"There are: {', '.join(names)}."
    return f"the model has no {target}", hint


def _type_names(fused: GraphModule) -> Iterator[str]:
    for node in fused.graph.nodes:
        if node.op == "call_module":
            class_ = type(fused.get_submodule(str(node.target)))
            place = "torch.nn" if class_.__module__.startswith("torch.nn.") else class_.__module__
            yield f"{place}.{class_.__name__}"
        elif node.op in ("call_function", "call_method"):
            yield target_name(node.target)

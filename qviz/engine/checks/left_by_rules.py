"""Finds what rules of the plan keep a PT2E quantizer from annotating, by asking it once more without them."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from msgspec.structs import replace
from torch.ao.quantization.quantizer.x86_inductor_quantizer import X86InductorQuantizer
from torch.fx import GraphModule, Node
from torch.nn import Module

from qviz.document.configuration import QuantizerRule
from qviz.document.graph import Json
from qviz.document.plan import Plan
from qviz.engine.configuration.object_types import object_type
from qviz.engine.configuration.quantizers import make_quantizer
from qviz.engine.nodes.module_paths import torchs_stack
from qviz.engine.nodes.targets import target_name
from qviz.engine.why.observers import ANNOTATION
from qviz.engine.why.statements import inner

_NEAREST = ("node", "module_name", "module_type", "operator", "tensor")
"""Kinds of rules, the one that speaks of fewest operators first."""


@contextmanager
def watched_rules(quantizer: Any, plan: Plan, model: Module) -> Iterator[dict[str, Json]]:
    """Yield a dict that gets, by the names of nodes, the rules without which the quantizer would annotate them.

    Args:
        quantizer: Made of the plan; what it annotates while the context lasts counts.
        plan: With rules or without.
        model: Its float model.
    """
    found: dict[str, Json] = {}
    options = plan.quantizer_options
    rules = [rule for rule in options.rules if not rule.enabled]
    if not rules:
        yield found
        return
    others = tuple(rule for rule in options.rules if rule.enabled)
    plain = make_quantizer(replace(plan, quantizer_options=replace(options, rules=others)), model).value
    annotate = quantizer.annotate

    def watching(graph: GraphModule) -> GraphModule:
        copied = GraphModule(graph, copy.deepcopy(graph.graph))
        pairs = [*zip(graph.graph.nodes, copied.graph.nodes, strict=True)]
        try:
            plain.annotate(copied)
        except Exception:  # torch's annotators may raise anything at what a rule keeps from them
            pairs = []
        result: GraphModule = annotate(graph)
        for node, other in pairs:
            if node.op == "call_function" and _is_asked_for(other) and not _is_asked_for(node):
                rule = _rule_for(node, rules)
                if rule is not None:
                    found[node.name] = inner(f"left_by.{rule.kind}", target=rule.target)
        return result

    quantizer.annotate = watching
    try:
        yield found
    finally:
        del quantizer.annotate


def _is_asked_for(node: Node) -> bool:
    """Return whether an annotation has specs; X86InductorQuantizer marks what it leaves in float with an empty one."""
    annotation = node.meta.get(ANNOTATION)
    return annotation is not None and bool(annotation.input_qspec_map or annotation.output_qspec is not None)


def _rule_for(node: Node, rules: Sequence[QuantizerRule]) -> QuantizerRule | None:
    """Return the rule that names a node most nearly; with only one rule it is that one, whatever it names."""
    fitting = [rule for rule in rules if _fits(node, rule)] or (rules if len(rules) == 1 else [])
    ordered = sorted(fitting, key=lambda rule: (_NEAREST.index(rule.kind), -len(rule.target)))
    return next(iter(ordered), None)


def _fits(node: Node, rule: QuantizerRule) -> bool:
    match rule.kind:
        case "node":
            return node.name == rule.target
        case "module_name":
            paths = (place.path for place in torchs_stack(node))
            return any(path == rule.target or path.startswith(f"{rule.target}.") for path in paths)
        case "module_type" | "operator":
            return _is_of_type(node, rule)
        case _:
            return False


def _is_of_type(node: Node, rule: QuantizerRule) -> bool:
    known = X86InductorQuantizer.module_function_to_aten_operator_type
    if rule.kind == "operator" and target_name(node.target).startswith(rule.target.removeprefix("torch.ops.")):
        return True
    if not rule.target.startswith("torch.nn.") and ":" not in rule.target:
        return False
    wanted = object_type(rule.target).value
    names = {str(type_) for _, type_ in (node.meta.get("nn_module_stack") or {}).values()}
    full = f"{wanted.__module__}.{wanted.__qualname__}"
    return full in names or str(wanted) in names or known.get(wanted) == node.target

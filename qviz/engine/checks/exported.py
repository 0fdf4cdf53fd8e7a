"""Looks in the graphs of a PT2E flow for what torch 2.8 does without a word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch.ao.quantization.quantizer.x86_inductor_quantizer import X86InductorQuantizer
from torch.ao.quantization.quantizer.xnnpack_quantizer import XNNPACKQuantizer
from torch.fx import GraphModule, Node
from torch.fx.experimental.symbolic_shapes import has_free_symbols

from qviz.document.configuration import QuantizerRule
from qviz.document.snapshot import Finding, Level
from qviz.engine.nodes.module_paths import module_stack, torchs_stack
from qviz.engine.nodes.targets import bare_name

_WEIGHTED = ("conv", "linear", "addmm", "mm")
_MOVES = ("permute", "t", "transpose", "view", "expand", "_unsafe_view", "reshape")


def rules_without_effect(quantizer: Any) -> Iterator[Finding]:
    """Yield the settings that one of torch's quantizers never consults."""
    for each in _torchs(quantizer):
        if isinstance(each, XNNPACKQuantizer) and each.operator_type_config:
            operators = tuple(map(str, each.operator_type_config))
            yield Finding(
                rule="operator_rule_without_effect",
                level=Level.WARNING,
                stage="prepared",
                nodes=(),
                code="operator_rule_without_effect",
                args={"operators": [*operators]},
                place=operators,
            )


def layers_not_left(captured: GraphModule, quantizer: Any, rules: Iterable[QuantizerRule]) -> Iterator[Finding]:
    """Yield the rules that leave a module in float by taking annotations away, and find no operator that names it."""
    if any(isinstance(each, X86InductorQuantizer) for each in _torchs(quantizer)):
        return  # it is told these rules itself
    named = {place.path for node in captured.graph.nodes for place in torchs_stack(node)}
    found = {place.path for node in captured.graph.nodes for place in module_stack(node)} - named
    for rule in rules:
        if rule.kind == "module_name" and not rule.enabled and rule.target in found:
            yield Finding(
                rule="rule_matches_nothing",
                level=Level.ERROR,
                stage="captured",
                nodes=(),
                code="rule_matches_nothing.lost_by_strict",
                args={"rule": rule.target, "target": rule.target},
                place=(rule.target,),
            )


def needs_strict(quantizer: Any) -> Iterator[Finding]:
    """Yield that a quantizer finds none of its patterns in a graph of non-strict capture."""
    if any(isinstance(each, X86InductorQuantizer) for each in _torchs(quantizer)):
        yield Finding(
            rule="quantizer_needs_strict_capture",
            level=Level.ERROR,
            stage="prepared",
            nodes=(),
            code="quantizer_needs_strict_capture",
            args={"quantizer": X86InductorQuantizer.__name__},
            place=(X86InductorQuantizer.__name__,),
        )


def _torchs(quantizer: Any) -> list[Any]:
    """Return the quantizers inside those that apply others."""
    inner = getattr(quantizer, "quantizer", None)
    if inner is not None:
        return _torchs(inner)
    return [*getattr(quantizer, "quantizers", [quantizer])]


def dynamic_convolutions(converted: GraphModule) -> Iterator[Finding]:
    """Yield the convolutions whose input is quantized dynamically."""
    found = tuple(
        node.name
        for node in converted.graph.nodes
        if bare_name(node.target).startswith("conv") and node.op == "call_function" and _is_dynamic(node.args[0])
    )
    if found:
        yield Finding(
            rule="dynamic_on_convolutions",
            level=Level.WARNING,
            stage="converted",
            nodes=found,
            code="dynamic_on_convolutions.no_kernel",
            roles={"subject": found},
        )


def _is_dynamic(value: Any) -> bool:
    """Return whether a value comes through casts whose scale ``choose_qparams`` gives."""
    while isinstance(value, Node) and bare_name(value.target).startswith(("dequantize_per", "quantize_per")):
        scale = value.args[1]
        if isinstance(scale, Node) and any(
            bare_name(each.target).startswith("choose_qparams") for each in scale.all_input_nodes
        ):
            return True
        value = value.args[0]
    return False


def not_lowered(lowered: GraphModule) -> Iterator[Finding]:
    """Yield the operators with a quantized weight that the lowering left in float."""
    found = tuple(
        node.name
        for node in lowered.graph.nodes
        if node.op == "call_function"
        and bare_name(node.target).startswith(_WEIGHTED)
        and any(_is_cast_weight(each) for each in node.all_input_nodes)
    )
    if found:
        yield Finding(
            rule="not_lowered",
            level=Level.WARNING,
            stage="lowered",
            nodes=found,
            code="not_lowered",
            roles={"subject": found},
        )


def _is_cast_weight(node: Node) -> bool:
    while node.op == "call_function" and bare_name(node.target) in _MOVES:
        node = node.all_input_nodes[0]
    is_cast = node.op == "call_function" and bare_name(node.target).startswith("dequantize_per")
    return is_cast and node.all_input_nodes[0].op == "get_attr"


def fixed_by_lowering(converted: GraphModule, lowered: GraphModule) -> Iterator[Finding]:
    """Yield that sizes which were symbolic are numbers now: the lowering exports anew with the example inputs."""
    before, after = (_symbolic_inputs(each) for each in (converted, lowered))
    if before and not after:
        inputs = tuple(node.name for node in lowered.graph.nodes if node.op == "placeholder")
        yield Finding(
            rule="sizes_fixed_by_lowering",
            level=Level.WARNING,
            stage="lowered",
            nodes=inputs,
            code="sizes_fixed_by_lowering",
            roles={"inputs": inputs},
        )


def _symbolic_inputs(graph: GraphModule) -> bool:
    values = [node.meta.get("val") for node in graph.graph.nodes if node.op == "placeholder"]
    return has_free_symbols([value for value in values if isinstance(value, torch.Tensor)])

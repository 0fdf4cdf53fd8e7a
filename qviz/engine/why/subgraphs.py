"""Says why operators in the graph of a higher-order operator stay in float: quantization stops at its call."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch._ops import HigherOrderOperator
from torch.fx import GraphModule, Node

from qviz.document.graph import Json, SourceLine, Why
from qviz.engine.nodes.source_lines import source_line
from qviz.engine.nodes.targets import target_name
from qviz.engine.why.observers import ANNOTATION, PREPARED_WITH
from qviz.engine.why.statements import inner, reason

HIGHER_ORDER = torch.ops.higher_order
_OF_FUNCTIONS = "autograd_function_apply"


class CalledFrom(NamedTuple):
    """What calls a nested graph.

    Attributes:
        operator: The higher-order operator; None of a module's call.
        cause: What in the model makes it a graph of its own, where that is known.
        is_quantized: Whether the graph around it has annotations, observers or casts.
    """

    operator: str | None
    cause: Json
    is_quantized: bool


def called_from(call: Node) -> CalledFrom:
    """Return what a nested graph is called by."""
    operator = target_name(call.target).rpartition(".")[2] if isinstance(call.target, HigherOrderOperator) else None
    owner = call.graph.owning_module
    is_prepared = owner is not None and PREPARED_WITH in owner.meta  # prepare_pt2e may have found nothing outside
    return CalledFrom(operator, cause_of(call), is_prepared or any(map(_is_of_quantization, call.graph.nodes)))


def _is_of_quantization(node: Node) -> bool:
    target = target_name(node.target)
    return ANNOTATION in node.meta or target.startswith(("activation_post_process", "quantized_decomposed."))


def cause_of(call: Node) -> Json:
    """Return the line in the model that made a region of a mode: no_grad, enable_grad, autocast; None of others."""
    grad = "origin.enable_grad" if call.args[:1] == (True,) else "origin.no_grad"
    codes: dict[Any, str] = {
        HIGHER_ORDER.wrap_with_set_grad_enabled: grad,
        HIGHER_ORDER.wrap_with_autocast: "origin.autocast",
    }
    code = "origin.autograd_function" if is_autograd_function(call) else codes.get(call.target)
    if code is None:
        return None
    line = first_line(call)
    return inner(code, file=line.file.rpartition("/")[2] if line else None, line=line.line if line else None)


def is_autograd_function(call: Node) -> bool:
    """Return whether a region is the forward() of an autograd.Function, which strict capture puts under no_grad."""
    if call.target is not HIGHER_ORDER.wrap_with_set_grad_enabled:
        return False
    stacks = (node.meta.get("source_fn_stack", ()) for each in called_graphs(call) for node in each.graph.nodes)
    return any(name == _OF_FUNCTIONS for stack in stacks for name, _ in stack)


def first_line(call: Node) -> SourceLine | None:
    """Return the first line of the model inside the graphs that a node calls."""
    for graph in called_graphs(call):
        for node in graph.graph.nodes:
            if (line := source_line(node.meta.get("stack_trace"))) is not None:
                return line
    return None


def called_graphs(call: Node) -> list[GraphModule]:
    """Return the graphs that a higher-order operator calls."""
    found = (read_graph(node) for node in call.all_input_nodes)
    return [each for each in found if each is not None]


def read_graph(node: Node) -> GraphModule | None:
    """Return the graph that a node reads from its module; None of any other node."""
    found = getattr(node.graph.owning_module, str(node.target), None) if node.op == "get_attr" else None
    return found if isinstance(found, GraphModule) else None


def in_subgraph(node: Node, called: CalledFrom) -> Why | None:
    """Return why an operator stays in float in the graph of a higher-order operator; None where that is not why."""
    if called.operator is None or not called.is_quantized:
        return None
    roles = {"subject": node}
    return reason("float.in_subgraph", "prepare_pt2e", roles, operator=called.operator, cause=called.cause)


def of_call(node: Node, is_quantized: bool) -> Why | None:
    """Return what a higher-order operator does, in a stage that was prepared; None of any other node."""
    if not is_quantized or not isinstance(node.target, HigherOrderOperator) or not called_graphs(node):
        return None
    read = [each for each in node.all_input_nodes if read_graph(each) is not None]
    operator = target_name(node.target)
    return reason(
        "operator.calls_graph", operator, {"subject": node, "graphs": read}, operator=operator.rpartition(".")[2]
    )

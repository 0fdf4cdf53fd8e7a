"""Interventions that are the same in all modes: inputs, outputs, operators that nothing has changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.fx import GraphModule, Node

from tests.engine.why.reasons.flows import ExportedFlow, FxFlow, named
from tests.engine.why.reasons.reading import computed, of_modules
from tests.engine.why.reasons.statement import Claim, NoIntervention


def of_stage(claim: Claim, flow: Any) -> GraphModule:
    """Return the graph of a stage."""
    if isinstance(flow, ExportedFlow):
        builds: dict[str, Any] = {"captured": flow.captured, "prepared": flow.prepared, "converted": flow.converted}
        found: GraphModule = builds[claim.stage]()
    elif isinstance(flow, FxFlow):
        builds = {"captured": lambda: torch.fx.symbolic_trace(flow.make()), "fused": flow.fused}
        builds |= {"prepared": flow.prepared, "converted": flow.converted}
        found = builds[claim.stage]()
    else:
        builds = {"captured": flow.make, "fused": flow.fused, "prepared": flow.prepared, "converted": flow.converted}
        found = of_modules(builds[claim.stage]())
    return found if isinstance(flow, ExportedFlow) else found.eval()


def _node(graph: GraphModule, name: str) -> Node:
    found = named(graph, name)
    if found is None:  # an argument with a default, or a graph inside the graph
        raise NoIntervention(name)
    return found


def is_input(claim: Claim, flow: Any) -> bool:
    """Another input is given to the model: what comes out of the node is that input."""
    graph = of_stage(claim, flow)
    other = tuple(torch.zeros_like(each) for each in flow.inputs)
    return torch.equal(computed(graph, other)[claim.node], other[0]) and _node(graph, claim.node).op == "placeholder"


def is_returned(claim: Claim, flow: Any) -> bool:
    """What is named is replaced by another value: the model returns that one."""
    graph = of_stage(claim, flow)
    (name,) = claim.args["returned"] if "returned" in claim.args else claim.roles["returned"]
    marker = torch.tensor(12345.0)
    fed = dict.fromkeys(node.name for node in graph.graph.nodes if node.op != "output") | {name: marker}
    found = computed(graph, flow.inputs, fed)["output"]  # the others need not run
    while isinstance(found, tuple | list):
        (found,) = found
    return found is marker


def is_unchanged(claim: Claim, flow: Any) -> bool:
    """The operator computes what the same operator of the model as given computes; a float tensor or none."""
    graph = of_stage(claim, flow)
    value = computed(graph, flow.inputs)[_node(graph, claim.node).name]
    value = value[0] if isinstance(value, tuple | list) and value else value
    is_float = isinstance(value, torch.Tensor) and value.is_floating_point()
    if is_float is not (claim.code == "operator.float") and claim.code != "operator.unchanged":
        return False
    if claim.stage == "captured":
        return True
    given: Any = _of_model(flow)
    own = named(given, claim.node)
    if own is None:
        return False
    node = _node(graph, claim.node)
    if own.op != "call_module":
        return own.target is node.target
    before, now = given.get_submodule(str(own.target)), graph.get_submodule(str(node.target))
    one, other = before.state_dict(), now.state_dict()
    return type(before) is type(now) and all(torch.equal(each, other[name]) for name, each in one.items())


def _of_model(flow: Any) -> GraphModule:
    if isinstance(flow, ExportedFlow):
        return flow.captured()
    return torch.fx.symbolic_trace(flow.make()) if isinstance(flow, FxFlow) else of_modules(flow.make())


PROOFS: dict[str, Callable[[Claim, Any], bool]] = {
    "input.of_model": is_input,
    "output.returned": is_returned,
    "operator.float": is_unchanged,
    "operator.not_float": is_unchanged,
}

"""Interventions that are the same in FX and PT2E: fusing, inputs, outputs, operators that nothing has changed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.fx import GraphModule, Node

from tests.engine.why.reasons.flows import ExportedFlow, FxFlow, named
from tests.engine.why.reasons.reading import computed
from tests.engine.why.reasons.statement import Claim, NoIntervention


def _of_stage(claim: Claim, flow: Any) -> GraphModule:
    """Return the graph of a stage."""
    if isinstance(flow, ExportedFlow):
        builds: dict[str, Any] = {"captured": flow.captured, "prepared": flow.prepared, "converted": flow.converted}
        found: GraphModule = builds[claim.stage]()
    elif isinstance(flow, FxFlow):
        builds = {"captured": lambda: torch.fx.symbolic_trace(flow.make()), "fused": flow.fused}
        builds |= {"prepared": flow.prepared, "converted": flow.converted}
        found = builds[claim.stage]()
    elif claim.stage in ("captured", "fused"):
        found = torch.fx.symbolic_trace(flow.make() if claim.stage == "captured" else flow.fused())
    else:
        raise NoIntervention(claim.flow)
    return found if isinstance(flow, ExportedFlow) else found.eval()


def _node(graph: GraphModule, name: str) -> Node:
    found = named(graph, name)
    if found is None:  # an argument with a default, or a graph inside the graph
        raise NoIntervention(name)
    return found


def is_input(claim: Claim, flow: Any) -> bool:
    """Another input is given to the model: what comes out of the node is that input."""
    graph = _of_stage(claim, flow)
    other = tuple(torch.zeros_like(each) for each in flow.inputs)
    return torch.equal(computed(graph, other)[claim.node], other[0]) and _node(graph, claim.node).op == "placeholder"


def is_returned(claim: Claim, flow: Any) -> bool:
    """What is named is replaced by another value: the model returns that one."""
    graph = _of_stage(claim, flow)
    (name,) = claim.args["returned"] if "returned" in claim.args else claim.roles["returned"]
    marker = torch.tensor(12345.0)

    class Replacing(torch.fx.Interpreter):
        def run_node(self, n: Node) -> Any:
            value = super().run_node(n)
            return marker if n.name == name else value

    found = Replacing(graph).run(*flow.inputs)
    while isinstance(found, tuple | list):
        (found,) = found
    return found is marker


def is_unchanged(claim: Claim, flow: Any) -> bool:
    """The operator computes what the same operator of the model as given computes; a float tensor or none."""
    graph = _of_stage(claim, flow)
    value = computed(graph, flow.inputs)[_node(graph, claim.node).name]
    value = value[0] if isinstance(value, tuple | list) and value else value
    is_float = isinstance(value, torch.Tensor) and value.is_floating_point()
    if is_float is not (claim.code == "operator.float"):
        return False
    if claim.stage == "captured":
        return True
    given = flow.captured() if isinstance(flow, ExportedFlow) else torch.fx.symbolic_trace(flow.make())
    own = named(given, claim.node)
    if own is None:
        return False
    before = type(given.get_submodule(str(own.target))) if own.op == "call_module" else own.target
    node = _node(graph, claim.node)
    return before is (type(graph.get_submodule(str(node.target))) if node.op == "call_module" else node.target)


def is_fused(claim: Claim, flow: FxFlow) -> bool:
    """What was taken is gone; with another module in its place, which no pattern holds, it stays."""
    taken = claim.many("taken")
    if {each.name for each in flow.fused().graph.nodes} & taken:
        return False

    def change(graph: GraphModule) -> None:
        for name in taken:
            node = _node(graph, name)
            graph.add_submodule(f"{name}_apart", nn.Softsign())
            with graph.graph.inserting_before(node):
                other = graph.graph.call_module(f"{name}_apart", (node.args[0],))
            node.replace_all_uses_with(other)
            graph.graph.erase_node(node)

    apart = flow.fused(change=change)
    now, was = (type(each.get_submodule(claim.args["target"])).__name__ for each in (flow.fused(), apart))
    if claim.code == "fused.batch_norm":
        weights: Any = (each.get_submodule(claim.args["target"]).weight for each in (flow.fused(), apart))
        one, other = weights
        return now == was == claim.args["module_type"] and not torch.equal(one, other)
    return now == claim.args["module_type"] != was


def is_not_fused(claim: Claim, flow: FxFlow) -> bool:
    """What the text names is taken away, and the two are fused."""
    subject, producer = claim.one("subject"), claim.one("producer")
    if subject not in {each.name for each in flow.fused().graph.nodes}:
        return False

    def change(graph: GraphModule) -> None:
        node = _node(graph, subject)
        if claim.code == "not_fused.second_batch_norm":
            first = _node(graph, claim.one("first"))
            first.replace_all_uses_with(first.args[0])  # type: ignore[arg-type]
            graph.graph.erase_node(first)
        elif claim.code == "not_fused.operator_between":
            node.replace_input_with(_node(graph, producer), _node(graph, claim.one("weighted")))
            graph.graph.eliminate_dead_code()
        elif claim.code == "not_fused.read_elsewhere":
            weighted = _node(graph, producer)
            for name in claim.many("others"):
                _node(graph, name).replace_input_with(weighted, weighted.all_input_nodes[0])
        elif claim.code == "not_fused.called_again":
            weighted = _node(graph, producer)
            graph.add_submodule("called_once", copy.deepcopy(graph.get_submodule(str(weighted.target))))
            weighted.target = "called_once"
        elif claim.code == "not_fused.function_after_module":
            graph.add_submodule("as_module", nn.ReLU())
            node.op, node.target, node.args, node.kwargs = "call_module", "as_module", (node.args[0],), {}
        else:
            raise NoIntervention(claim.code)

    return subject not in {each.name for each in flow.fused(change=change).graph.nodes}


PROOFS: dict[str, Callable[[Claim, Any], bool]] = {
    "input.of_model": is_input,
    "output.returned": is_returned,
    "operator.float": is_unchanged,
    "operator.not_float": is_unchanged,
    "fused.operators": is_fused,
    "fused.batch_norm": is_fused,
    **dict.fromkeys(
        (
            f"not_fused.{each}"
            for each in (
                "second_batch_norm",
                "operator_between",
                "read_elsewhere",
                "called_again",
                "function_after_module",
                "no_pattern",
            )
        ),
        is_not_fused,
    ),
}

"""Says why each node of a stage is there and as it is: the rule, its evidence, the API of torch that says so."""

from __future__ import annotations

from collections.abc import Mapping

from torch.fx import GraphModule, Node

from qviz.document.graph import CASTING, COMPUTING, Graph, Kind, Quant, Why
from qviz.engine.nodes.called import called_module
from qviz.engine.nodes.targets import target_name
from qviz.engine.why.casts import Casts
from qviz.engine.why.converted import NodeValues
from qviz.engine.why.observers import PREPARED_WITH, of_observers
from qviz.engine.why.operators import Operators
from qviz.engine.why.statements import reason
from qviz.engine.why.subgraphs import CalledFrom

__all__ = ["PREPARED_WITH", "explain"]

_CASTS = CASTING | {Kind.CONSTANT}


def explain(
    module: GraphModule,
    kinds: Mapping[str, Kind],
    quants: Mapping[str, Quant],
    values: NodeValues,
    earlier: Graph | None = None,
    called: CalledFrom | None = None,
) -> dict[str, Why]:
    """Return the reason of every node by its name.

    Args:
        module: The graph of one stage, before torch changes it further.
        kinds: Of its nodes.
        quants: What is known of their quantization.
        values: What is known of their outputs.
        earlier: The stage before: converting drops the metadata that says what was asked for.
        called: What calls the graph, if it is a nested one.
    """
    found = of_observers(module)
    operators = Operators(module, kinds, values, earlier, called)
    casts = Casts(module, kinds, quants, earlier)
    for node in module.graph.nodes:
        if node.name in found:
            continue
        kind = kinds[node.name]
        if kind in COMPUTING:
            found[node.name] = operators.of(node)
        elif kind in _CASTS:
            found[node.name] = casts.of(node)
        else:
            inner = _of_inner(node, kind, called) if called is not None else None
            found[node.name] = inner or _of_frame(module, node, kind)
    return found


def _of_inner(node: Node, kind: Kind, called: CalledFrom) -> Why | None:
    """Explain inputs and outputs of a graph that another one calls: they are not those of the model."""
    api, operator = "torch.fx.Node.op", called.operator
    if kind is Kind.OUTPUT:
        return reason("output.of_graph", api, {"returned": node.all_input_nodes}, operator=operator)
    if kind is Kind.INPUT:
        return reason("input.of_graph", api, target=target_name(node.target), operator=operator)
    return None


def _of_frame(module: GraphModule, node: Node, kind: Kind) -> Why:
    """Explain inputs, outputs, and observers that nothing in the metadata speaks of."""
    target = target_name(node.target)
    if kind is Kind.OUTPUT:
        return reason("output.returned", "torch.fx.Node.op", {"returned": node.all_input_nodes})
    if kind is not Kind.INPUT:
        is_module = node.op == "call_module"
        type_ = type(called_module(module, node)).__name__ if is_module else None
        return reason("observer.of_model", "", {"subject": node.all_input_nodes}, target=target, module_type=type_)
    prepared_with = module.meta.get(PREPARED_WITH)
    custom = getattr(prepared_with, "prepare_custom_config", None)
    inputs = [each for each in module.graph.nodes if each.op == "placeholder"]
    if custom is not None and inputs.index(node) in custom.input_quantized_indexes:
        api = "PrepareCustomConfig.set_input_quantized_indexes"
        return reason("input.quantized", api, index=inputs.index(node))
    return reason("input.of_model", "torch.fx.Node.op", target=target)

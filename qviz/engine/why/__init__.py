"""Says why each node of a stage is there and as it is: the rule, its evidence, the API of torch that says so."""

from __future__ import annotations

from collections.abc import Mapping

from torch.fx import GraphModule, Node

from qviz.document.graph import CASTING, COMPUTING, Graph, Kind, Quant, Why
from qviz.document.kept import kept_why
from qviz.engine.nodes.targets import target_name
from qviz.engine.why.casts import Casts
from qviz.engine.why.observers import PREPARED_WITH, of_observers
from qviz.engine.why.operators import Operators

__all__ = ["PREPARED_WITH", "explain"]

_CASTS = CASTING | {Kind.CONSTANT}


def explain(
    module: GraphModule, kinds: Mapping[str, Kind], quants: Mapping[str, Quant], earlier: Graph | None = None
) -> dict[str, Why]:
    """Return the reason of every node by its name.

    Args:
        module: The graph of one stage, before torch changes it further.
        kinds: Of its nodes.
        quants: What is known of their quantization.
        earlier: The stage before: converting drops the metadata that says what was asked for.
    """
    found = of_observers(module)
    operators = Operators(module, kinds, earlier)
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
            found[node.name] = _of_frame(module, node, kind)
    return found


def _of_frame(module: GraphModule, node: Node, kind: Kind) -> Why:
    """Explain inputs, outputs, and observers that nothing in the metadata speaks of."""
    if kind is Kind.OUTPUT:
        return kept_why("what the model returns", f"output of {len(node.all_input_nodes)} values", "torch.fx.Node.op")
    if kind is not Kind.INPUT:
        type_ = type(module.get_submodule(str(node.target))).__name__ if node.op == "call_module" else node.target
        return kept_why("it came with the model, or was put there by hand", f"{target_name(node.target)}: {type_}", "")
    prepared_with = module.meta.get(PREPARED_WITH)
    custom = getattr(prepared_with, "prepare_custom_config", None)
    inputs = [each for each in module.graph.nodes if each.op == "placeholder"]
    if custom is not None and inputs.index(node) in custom.input_quantized_indexes:
        place = f"input_quantized_indexes holds {inputs.index(node)}"
        return kept_why("an input that is given quantized", place, "PrepareCustomConfig.set_input_quantized_indexes")
    return kept_why("an input of the model", f"placeholder {target_name(node.target)}", "torch.fx.Node.op")

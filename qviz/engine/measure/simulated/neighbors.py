"""What a graph says of switches and the operators beside them, so that a pass need not look at both."""

from __future__ import annotations

from typing import NamedTuple

from torch import nn
from torch.fx import GraphModule, Node

from qviz.engine.measure.simulated.board import FunctionOperator, Operator, Switch
from qviz.engine.measure.simulated.simulation import Simulation


class Neighbors(NamedTuple):
    """Which switches need no gradient of their own.

    Attributes:
        alone: By the path of a switch that alone reads what an operator gives, the operator's path.
        inputs: Paths of switches at inputs of the model, read by operators alone and by each as its first argument.
        readers: By path, the operators that read such an input, with the switch.
    """

    alone: dict[str, str]
    inputs: frozenset[str]
    readers: dict[str, Switch]


def neighbors(simulation: Simulation) -> Neighbors:
    """Return what the graph of a simulation says; nothing of a model that is no graph."""
    module = simulation.module
    if not isinstance(module, GraphModule):
        return Neighbors({}, frozenset(), {})
    modules = dict(module.named_modules(remove_duplicate=False))
    called: dict[int, list[Node]] = {}
    for node in module.graph.nodes:
        if node.op == "call_module":
            called.setdefault(id(modules[str(node.target)]), []).append(node)
    alone: dict[str, str] = {}
    inputs: set[str] = set()
    readers: dict[str, Switch] = {}
    for nodes in called.values():
        switch = modules[str(nodes[0].target)]
        if not isinstance(switch, Switch) or len(nodes) > 1 or not nodes[0].all_input_nodes:
            continue
        (node,), given = nodes, nodes[0].all_input_nodes[0]
        giver = _operator(given, modules, called)
        if giver is not None and len(given.users) == 1:
            alone[switch.path] = giver.path
        found = [_reader(user, node, modules, called) for user in node.users]
        if given.op == "placeholder" and found and all(each is not None for each in found):
            inputs.add(switch.path)
            readers |= {each.path: switch for each in found if each is not None}
    return Neighbors(alone, frozenset(inputs), readers)


def _operator(node: Node, modules: dict[str, nn.Module], called: dict[int, list[Node]]) -> Operator | None:
    """Return the operator that a node calls, if nothing else calls it."""
    module = modules.get(str(node.target)) if node.op == "call_module" else None
    if module is None or len(called[id(module)]) > 1:
        return None
    operator = module.operator if isinstance(module, FunctionOperator) else module.forward
    return operator if isinstance(operator, Operator) else None


def _reader(user: Node, switch: Node, modules: dict[str, nn.Module], called: dict[int, list[Node]]) -> Operator | None:
    """Return the operator that reads a switch as its first argument and nowhere else; None if that is not so."""
    operator = _operator(user, modules, called)
    if operator is None or operator.cell is not None or operator.before is not None or user.kwargs:
        return None
    is_first = bool(user.args) and user.args[0] is switch and switch not in user.args[1:]
    return operator if is_first else None

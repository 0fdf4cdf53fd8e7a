"""Runs the nodes of a graph one by one, and tells which depend on which quantizer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from torch import nn
from torch.fx import GraphModule, Node
from torch.fx.node import map_arg

from qviz.engine.measure.simulated.board import FunctionOperator, Operator, Switch

_ValueOf: TypeAlias = Callable[[Node], Any]


class Wiring:
    """A graph's nodes in their order, with the quantizers that each asks; the same for all runs.

    Attributes:
        nodes: In the order of the graph.
        place_of: Of a node among these.
        places: Of the nodes that ask a quantizer, by its index.
        switch_at: By place, the node's switch, if it is one itself: off, it passes on what it is given.
        readers: By place, the places of the nodes that read the value.
        first_input: By place, one of the nodes that it reads; None where it reads none.
        last_use: The place behind which a node's value is not read any more.
        spent: By place, the nodes whose values it is the last to read.
    """

    def __init__(self, module: GraphModule) -> None:
        self.module = module
        self.nodes: tuple[Node, ...] = tuple(module.graph.nodes)
        self.place_of = {node: place for place, node in enumerate(self.nodes)}
        self._modules = dict(module.named_modules(remove_duplicate=False))
        self._steps = [self._step(node) for node in self.nodes]
        self.switch_at = [self._switch(node) for node in self.nodes]
        self.readers = [tuple(self.place_of[user] for user in node.users) for node in self.nodes]
        self.first_input = [next(iter(node.all_input_nodes), None) for node in self.nodes]
        self.places: dict[int, list[int]] = {}
        self.last_use: dict[Node, int] = {}
        self.spent: dict[int, list[Node]] = {}
        for place, node in enumerate(self.nodes):
            for quantizer in self._asked_by(node):
                self.places.setdefault(quantizer, []).append(place)
            last = max(self.readers[place], default=place)
            self.last_use[node] = last
            self.spent.setdefault(last, []).append(node)

    def switches(self) -> Iterator[tuple[tuple[str, int], Node]]:
        """Yield every node that is a switch itself, with the switch's path and the number of the call."""
        calls: dict[str, int] = {}
        for node in self.nodes:
            if (switch := self._switch(node)) is not None:
                call = calls.get(switch.path, 0)
                calls[switch.path] = call + 1
                yield (switch.path, call), node

    def _switch(self, node: Node) -> Switch | None:
        module = self._modules.get(str(node.target)) if node.op == "call_module" else None
        return module if isinstance(module, Switch) else None

    def _asked_by(self, node: Node) -> set[int]:
        """Return the quantizers that a node asks, those inside of modules included that it calls or is given."""
        modules = [self._modules[str(node.target)]] if node.op == "call_module" else []
        given = (each for each in node.all_input_nodes if each.op == "get_attr")
        modules += [self._modules[str(each.target)] for each in given if str(each.target) in self._modules]
        return {quantizer for each in modules for inner in each.modules() for quantizer in _asked_by_module(inner)}

    def run(self, node: Node, value_of: _ValueOf) -> Any:
        """Run one node; return what it gives, of the output what it takes, of a placeholder what it has."""
        return self._steps[self.place_of[node]](value_of)

    def _step(self, node: Node) -> Callable[[_ValueOf], Any]:
        """Return what a run of a node does; what can be known beforehand is looked up once."""
        target = str(node.target)
        match node.op:
            case "get_attr":
                return lambda value_of: _attribute(self.module, target)
            case "output":
                return lambda value_of: map_arg(node.args, value_of)[0]
            case "call_module":
                return _called(node, self._modules[target])
            case "call_method":
                return _called(node, lambda first, *rest, **named: getattr(first, target)(*rest, **named))
            case "placeholder":
                return lambda value_of: value_of(node)
            case _:
                assert callable(node.target)
                return _called(node, node.target)


def _called(node: Node, function: Callable[..., Any]) -> Callable[[_ValueOf], Any]:
    args, kwargs = node.args, node.kwargs
    if kwargs or any(_holds_nodes(each) for each in args):
        return lambda value_of: function(*map_arg(args, value_of), **map_arg(kwargs, value_of))
    given = [(each, isinstance(each, Node)) for each in args]
    return lambda value_of: function(*[value_of(each) if is_node else each for each, is_node in given])  # type: ignore[arg-type]


def _holds_nodes(arg: Any) -> bool:
    found: list[Node] = []
    map_arg(arg, found.append)
    return bool(found) and not isinstance(arg, Node)


def _asked_by_module(module: nn.Module) -> Iterable[int]:
    if isinstance(module, Switch):
        return (module.quantizer,)
    operator = module.operator if isinstance(module, FunctionOperator) else module.forward
    if not isinstance(operator, Operator):
        return ()
    return (*operator.quantizers, *([operator.before.quantizer] if operator.before else []))


def _attribute(module: nn.Module, path: str) -> Any:
    value: Any = module
    for part in path.split("."):
        value = getattr(value, part)
    return value

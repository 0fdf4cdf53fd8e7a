"""Faults planted by inverse cross-layer equalization: the float function stays, one channel grows out of all range.

One channel of a layer is multiplied by a power of two, and what reads it in the next layer is divided by that; with
a relu between them the float results are the same bit by bit.
"""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.fx import GraphModule, Node, symbolic_trace

from bench_measure.networks import Network
from qviz.engine.loading.forward import Arguments
from qviz.engine.measure.running import outputs
from qviz.engine.measure.simulated.board import Switch
from qviz.engine.measure.simulated.simulation import Simulation

LEAST_GROWTH = 10.0
_NORMS = (nn.BatchNorm2d,)


@dataclass(frozen=True)
class Pair:
    """A layer with its norm if it has one, a relu, and the only reader of the relu.

    Attributes:
        up: The path of what the channel is multiplied in: the norm, else the layer.
        relu: The name of the relu's node.
        down: The path of the layer that reads it.
    """

    up: str
    relu: str
    down: str


@dataclass(frozen=True)
class Plant:
    """A planted fault; the range of `pair.relu` has grown by `growth`."""

    network: Network
    pair: Pair
    channel: int
    growth: float


def pairs(model: nn.Module) -> list[Pair]:
    """Return all places where a fault may be planted."""
    graph = symbolic_trace(model)
    counts: dict[str, int] = {}
    for node in graph.graph.nodes:
        if node.op == "call_module":
            counts[str(node.target)] = counts.get(str(node.target), 0) + 1
    found = []
    for node in graph.graph.nodes:
        given = node.args[0] if node.args else None
        if not _is_relu(graph, node) or not isinstance(given, Node) or len(node.users) != 1 or len(given.users) != 1:
            continue
        reader = next(iter(node.users))
        up, down = _module(graph, given), _module(graph, reader)
        is_once = counts.get(str(given.target)) == 1 and counts.get(str(reader.target)) == 1
        if isinstance(up, (nn.Conv2d, *_NORMS)) and isinstance(down, nn.Conv2d) and is_once:
            found.append(Pair(str(given.target), node.name, str(reader.target)))
    return found


def _module(graph: GraphModule, node: Node) -> nn.Module | None:
    return graph.get_submodule(str(node.target)) if node.op == "call_module" else None


def _is_relu(graph: GraphModule, node: Node) -> bool:
    return type(_module(graph, node)) is nn.ReLU or node.target in (torch.relu, nn.functional.relu)


class _Seen(torch.fx.Interpreter):
    """Keeps what relus give, channel by channel."""

    def __init__(self, module: GraphModule) -> None:
        super().__init__(module)
        self.graph_module = module
        self.largest: dict[str, Tensor] = {}

    def run_node(self, n: Node) -> object:
        result = super().run_node(n)
        if _is_relu(self.graph_module, n) and isinstance(result, Tensor) and result.dim() == 4:
            self.largest[n.name] = result.detach().amax((0, 2, 3)).clone()
        return result


def planted(network: Network, count: int, seed: int = 0) -> Iterator[Plant]:
    """Yield the network with one fault each, at different places while there are any."""
    choose = random.Random(seed)
    graph = symbolic_trace(network.model)
    seen = _Seen(graph)
    with torch.no_grad():
        seen.run(*(each.clone() for each in network.calibrate[0]))
        expected = outputs.run(network.model, [Arguments(network.evaluate)])
    places = [each for each in pairs(network.model) if _upper_half(seen.largest[each.relu])]
    order = choose.sample(places, len(places))
    done = 0
    for pair in (order[place % len(order)] for place in range(4 * count)):
        largest = seen.largest[pair.relu]
        channel = choose.choice(_upper_half(largest))
        factor = 2.0 ** math.ceil(math.log2(LEAST_GROWTH * float(largest.max() / largest[channel])))
        model = copy.deepcopy(network.model)
        _equalize(model, pair, channel, factor)
        got = outputs.run(model, [Arguments(network.evaluate)])
        if not all(outputs.is_equal(one, other) for one, other in zip(expected, got, strict=True)):
            continue  # a kernel that adds up in another order
        growth = factor * float(largest[channel] / largest.max())
        yield Plant(Network(network.name, model, network.evaluate, network.calibrate), pair, channel, growth)
        done += 1
        if done == count:
            return


def _upper_half(largest: Tensor) -> list[int]:
    """Return the live channels whose range is at least the median."""
    middle = float(largest.median())
    return [place for place, each in enumerate(largest.tolist()) if each >= middle and each > 0]


def _equalize(model: nn.Module, pair: Pair, channel: int, factor: float) -> None:
    up, down = model.get_submodule(pair.up), model.get_submodule(pair.down)
    assert isinstance(down, nn.Conv2d)
    with torch.no_grad():
        for name in ("weight", "bias"):
            values = getattr(up, name)
            if values is not None:
                values[channel] *= factor
        group, place = divmod(channel, down.in_channels // down.groups)
        rows = down.out_channels // down.groups
        down.weight[group * rows : (group + 1) * rows, place] /= factor


def quantizer_of(simulation: Simulation, pair: Pair) -> int:
    """Return the quantizer that rounds what the layer below reads."""
    module = simulation.module
    assert isinstance(module, GraphModule)
    reader = next(each for each in module.graph.nodes if each.op == "call_module" and each.target == pair.down)
    switch = module.get_submodule(str(reader.args[0].target))
    assert isinstance(switch, Switch)
    return switch.quantizer

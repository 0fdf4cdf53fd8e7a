"""Backward passes in segments of a graph, whose activations are computed again one segment at a time.

What is alive between two segments is kept from one run without gradients; then, from the last segment to the
first, each is run again with gradients, and all backward passes go through it before the next.

Source:
    Chen et al., Training Deep Nets with Sublinear Memory Cost (arXiv 1604.06174).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.fx import GraphModule, Node
from torch.utils import _pytree as pytree

from qviz.engine.loading.forward import Arguments
from qviz.engine.measure.ledger.anchors import Anchoring
from qviz.engine.measure.ledger.inner_products import InnerProducts, Ray
from qviz.engine.measure.running.outputs import raw_outputs
from qviz.engine.measure.simulated.kept_run import KeptValues
from qviz.engine.measure.simulated.simulation import Simulation
from qviz.engine.measure.simulated.wiring import Wiring

SEGMENT = 1 << 26
"""Bytes of outputs of nodes in one segment, about; gradients, errors and kept values take several times that."""

_GIVEN = ("placeholder", "get_attr")
_Gradients = dict[Node, Tensor]


@dataclass(frozen=True)
class _Segment:
    """Nodes from one place of the graph to another.

    Attributes:
        alive: What nodes before it gave, as far as it or later nodes read it.
        calls: How often each switch was called before.
    """

    nodes: tuple[Node, ...]
    alive: KeptValues
    calls: Counter[str]


def in_segments(
    simulation: Simulation,
    batch: Arguments,
    probe: Anchoring,
    inner: InnerProducts,
    signs: Mapping[Ray, Tensor],
    limit: int = SEGMENT,
) -> Iterator[None]:
    """Send all rays backward through one segment after the other; yield behind each ray of the last.

    Args:
        simulation: Of a graph in which nothing is changed in place.
        batch: What it is called with.
        probe: Puts anchors at places of rounding.
        inner: Takes the inner products.
        signs: What each ray begins with at its output.
        limit: Bytes of outputs of nodes in a segment.
    """
    assert isinstance(simulation.module, GraphModule)
    wiring = Wiring(simulation.module)
    on = simulation.everything if probe.is_simulated else frozenset[int]()
    with torch.no_grad(), simulation.board.set_to(on):
        segments = _cut(wiring, batch, limit)
    gradients: dict[Ray, _Gradients] = {ray: {} for ray in signs}
    for segment in reversed(segments):
        leaves = {node: value if node.op == "placeholder" else _leaf(value) for node, value in segment.alive.items()}
        probe.calls = Counter(segment.calls)
        with torch.enable_grad(), simulation.board.set_to(probe=probe):
            values = _run(wiring, segment, leaves)
        for ray, given in signs.items():
            inner.ray = ray
            gradients[ray] = _through(values, leaves, gradients[ray], ray, given, probe.leaf)
            if segment is segments[0]:
                yield
        del values


def _cut(wiring: Wiring, batch: Arguments, limit: int) -> list[_Segment]:
    """Run the graph once; keep what is alive where the nodes since the last cut gave more than the limit."""
    nodes = [node for node in wiring.nodes if node.op not in _GIVEN]
    inputs = [node for node in wiring.nodes if node.op == "placeholder"]
    values: KeptValues = dict(zip(inputs, batch.cloned().of_graph(wiring.module), strict=False))
    paths = {node: path for (path, _), node in wiring.switches()}
    segments: list[_Segment] = []
    calls: Counter[str] = Counter()
    begun, alive, before, size = 0, dict(values), Counter(calls), 0
    for place, node in enumerate(nodes[:-1]):
        values[node] = wiring.run(node, _value_of(wiring, values))
        if node in paths:
            calls[paths[node]] += 1
        size += _bytes(values[node])
        for spent in wiring.spent.get(wiring.place_of[node], ()):
            values.pop(spent, None)
        if size > limit and all(isinstance(each, Tensor) for each in values.values()):
            segments.append(_Segment(tuple(nodes[begun : place + 1]), alive, before))
            begun, alive, before, size = place + 1, dict(values), Counter(calls), 0
    segments.append(_Segment(tuple(nodes[begun:]), alive, before))
    return segments


def _value_of(wiring: Wiring, values: KeptValues) -> Callable[[Node], Any]:
    """Return what looks values up; parameters and buffers are read where they are."""
    return lambda node: wiring.run(node, values.__getitem__) if node.op == "get_attr" else values[node]


def _bytes(value: Any) -> int:
    tensors = (each for each in pytree.tree_leaves(value) if isinstance(each, Tensor))
    return sum(each.numel() * each.element_size() for each in tensors)


def _leaf(value: Any) -> Any:
    if isinstance(value, Tensor) and value.is_floating_point():
        return value.detach().requires_grad_()
    return value


def _run(wiring: Wiring, segment: _Segment, leaves: KeptValues) -> KeptValues:
    values = dict(leaves)
    for node in segment.nodes:
        values[node] = wiring.run(node, _value_of(wiring, values))
    return values


def _through(
    values: KeptValues,
    leaves: KeptValues,
    behind: _Gradients,
    ray: Ray,
    signs: Tensor,
    anchor: Tensor,
) -> _Gradients:
    """Return the gradients at what was alive before a segment, given those behind it."""
    found: _Gradients = {}
    heads: list[tuple[Tensor, Tensor]] = []
    for node, gradient in behind.items():
        if node in leaves:
            found[node] = gradient
        else:
            heads.append((values[node], gradient))
    last = next(reversed(values))
    if last.op == "output":
        output = raw_outputs(last.graph.process_outputs(values[last])).get(ray[0])
        if output is not None:
            heads.append((output, signs))
    heads = [each for each in heads if each[0].requires_grad]
    wanted = {node: leaf for node, leaf in leaves.items() if isinstance(leaf, Tensor) and leaf.requires_grad}
    if not heads:
        return found
    taken = torch.autograd.grad(
        [value for value, _ in heads],
        [*wanted.values(), anchor],
        [gradient for _, gradient in heads],
        retain_graph=True,
        allow_unused=True,
    )
    for node, gradient in zip(wanted, taken, strict=False):
        if gradient is not None:
            found[node] = found[node] + gradient if node in found else gradient
    return found

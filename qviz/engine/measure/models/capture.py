"""Finds where the prepared model, with every quantizer off, first departs from the original: what capture changed."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.ao.nn import quantizable
from torch.fx import Node
from torch.utils import _pytree as pytree

from qviz.analysis.linking.index import LinkIndex
from qviz.document.graph import COMPUTING
from qviz.document.measurements import CaptureDifference
from qviz.document.snapshot import Stage
from qviz.engine.measure.models.measured import Measured
from qviz.engine.measure.running import outputs
from qviz.engine.measure.simulated.graphs import NodeByNode, graph_of, run_graph, state_kept

_QUANTIZABLE = "torch.ao.nn.quantizable"
"""Modules of torch that compute what others do in parts that can be observed."""
SAME_DB = 60.0
"""Folding batch norms and other orders of sums leave more than this."""


def capture_difference(measured: Measured, original: nn.Module) -> CaptureDifference | None:
    """Return the first operator that gives other values than the original model's module; None if all are the same.

    Args:
        measured: The four models, run.
        original: The user's model, trained as the prepared one is.
    """
    together = measured.outputs.together().prepared
    if together is None or float(together) >= SAME_DB:
        return None
    captured = measured.stages[0]
    batch = measured.evaluation.batches[0]
    simulation = measured.simulation
    graph = graph_of(simulation.module, batch)
    given: dict[str, Any] = {}

    def keep(node: Node, value: Any) -> Any:
        given[node.name] = pytree.tree_map_only(Tensor, Tensor.clone, value)
        return value

    with warnings.catch_warnings(), state_kept(simulation.module, original), simulation.board.set_to():
        warnings.simplefilter("ignore")
        run_graph(NodeByNode(graph, keep), batch)
        with _watching(original) as calls:
            outputs.run(original, [batch])
    for name, ids, path, call in _places(captured, LinkIndex(measured.links), set(given), calls):
        wanted, have = _first_tensor(calls[path][call]), _first_tensor(given[name])
        if wanted is None or have is None or wanted.shape != have.shape:
            continue
        ratio = outputs.decibels(outputs.power(wanted), outputs.power(wanted - have))
        if ratio is None or float(ratio) < SAME_DB:
            replaced, settings = _replaced(original, simulation.module, path)
            return CaptureDifference(captured.name, ids, path, ratio, replaced, settings)
    return CaptureDifference(captured.name, (), "", together)


def _replaced(original: nn.Module, prepared: nn.Module, path: str) -> tuple[tuple[str, str] | None, tuple[str, ...]]:
    """Return the classes of a module before and after prepare, where torch put one of another kind there.

    Source:
        ``torch.ao.nn.quantizable.MultiheadAttention._forward_impl``: with ``batch_first`` it views what the heads
        give, which are the first dimension together with the batch, as if they were in the last one.
    """
    before, after = original.get_submodule(path), dict(prepared.named_modules()).get(path)
    if after is None or type(after) is type(before) or not type(after).__module__.startswith(_QUANTIZABLE):
        return None, ()
    mixes_heads = isinstance(after, quantizable.MultiheadAttention) and after.batch_first
    names = tuple(f"{type(each).__module__.partition('.modules')[0]}.{type(each).__name__}" for each in (before, after))
    return (names[0], names[1]), (("batch_first=True",) if mixes_heads else ())


@contextmanager
def _watching(model: nn.Module) -> Iterator[dict[str, list[Any]]]:
    """Keep what every module gives in each of its calls."""
    found: defaultdict[str, list[Any]] = defaultdict(list)
    handles = []
    for path, module in model.named_modules():

        def keep(_: nn.Module, __: Any, result: Any, path: str = path) -> None:
            found[path].append(pytree.tree_map_only(Tensor, Tensor.clone, result))

        handles.append(module.register_forward_hook(keep))
    try:
        yield found
    finally:
        for each in handles:
            each.remove()


def _places(
    captured: Stage, index: LinkIndex, known: set[str], calls: dict[str, list[Any]]
) -> Iterator[tuple[str, tuple[str, ...], str, int]]:
    """Yield where both give the same value: node of the prepared graph, captured nodes, module path and its call."""
    last: dict[str, tuple[str, int] | None] = {}
    sources: defaultdict[str, list[str]] = defaultdict(list)
    count: defaultdict[str, int] = defaultdict(int)
    ends = {node.place: node.id for node in captured.graph.nodes if node.kind in COMPUTING}
    for node in captured.graph.nodes:
        if node.kind not in COMPUTING:
            continue
        linked = index.partners(captured.name, "prepared", [node.id])
        partner = next((each for each in (*linked, node.id) if each in known), None)
        where: tuple[str, int] | None = None
        if node.op == "call_module":
            where = str(node.target), count[str(node.target)]
            count[str(node.target)] += 1
        elif ends[node.place] == node.id and len(calls.get(node.place, ())) == 1:
            where = node.place, 0
        if partner is not None:
            last[partner] = where
            sources[partner].append(node.id)
    for partner, found in last.items():
        if found is not None and found[1] < len(calls.get(found[0], ())):
            yield partner, tuple(sources[partner]), *found


def _first_tensor(value: Any) -> Tensor | None:
    found = next((each for each in pytree.tree_leaves(value) if isinstance(each, Tensor)), None)
    return found if found is not None and found.is_floating_point() else None

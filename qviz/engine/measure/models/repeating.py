"""Compares second calls with first ones: what is random in a model, and what it keeps from call to call."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from msgspec.structs import replace
from torch import Tensor, nn
from torch.fx import GraphModule, Node
from torch.utils import _pytree as pytree

from qviz.document.measurements import SecondCalls
from qviz.engine.measure.models import original as originals
from qviz.engine.measure.models.measured import Measured
from qviz.engine.measure.running import outputs
from qviz.engine.measure.simulated.graphs import NodeByNode, graph_of, run_graph, state_kept


def second_calls(measured: Measured, original: nn.Module, keeps: tuple[str, ...] = ()) -> SecondCalls | None:
    """Return what second calls gave; where one differs, also why; `keeps` are attributes that a call changes."""
    calls = measured.outputs.repeat()
    if calls is not None and keeps and isinstance(measured.converted, GraphModule):
        return _without_attributes(measured, original, keeps) or calls
    if calls is None or (calls.original == calls.converted == "inf"):
        return calls
    batch = measured.evaluation.batches[0]
    is_random = calls.original != "inf" and originals.is_random(original, batch)
    state = originals.state(original, batch)
    keeps_parameters = not set(state).isdisjoint(name for name, _ in original.named_parameters())
    return replace(calls, is_random=is_random, state=state, random=() if keeps_parameters else _drawing(measured))


def _without_attributes(measured: Measured, original: nn.Module, keeps: tuple[str, ...]) -> SecondCalls | None:
    """Return what a call with other inputs gives alone and after another one; None where the original is the same.

    Equal inputs show nothing of a cache of keys and values: attention to everything twice gives the same.
    """
    batch = measured.evaluation.batches[0]
    other = batch.mapped(lambda tensor: tensor * 0.5 if tensor.is_floating_point() else tensor.flip(-1))
    alone: dict[str, outputs.Outputs] = {}
    after: dict[str, outputs.Outputs] = {}
    for name, model in (("original", original), ("converted", measured.converted)):
        for found, batches in ((alone, [other]), (after, [batch, other])):
            with state_kept(model):
                found[name] = outputs.run(model, batches)[-1]
    if outputs.is_equal(alone["original"], after["original"]):
        return None
    return SecondCalls(
        outputs.together([alone["original"]], [after["original"]]),
        outputs.together([alone["converted"]], [after["converted"]]),
        outputs.together([after["original"]], [after["converted"]]),
        outputs.together([alone["original"]], [alone["converted"]]),
        attributes=keeps,
    )


def _drawing(measured: Measured) -> tuple[str, ...]:
    """Return the nodes of the converted graph that give other values with other random numbers and equal inputs."""
    batch = measured.evaluation.batches[0]
    graph = graph_of(measured.converted, batch)
    first: dict[str, list[Any]] = {}
    found: list[str] = []

    def keep(node: Node, value: Any) -> Any:
        first[node.name] = [each.detach().clone() for each in _tensors(value)]
        return value

    def compare(node: Node, value: Any) -> Any:
        before = first[node.name]
        if all(_is_same(one, other) for one, other in zip(before, _tensors(value), strict=True)):
            return value
        found.append(node.name)
        leaves, structure = pytree.tree_flatten(value)
        kept = iter(before)
        return pytree.tree_unflatten([next(kept) if isinstance(leaf, Tensor) else leaf for leaf in leaves], structure)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed, seen in enumerate((keep, compare)):
            with state_kept(measured.converted):
                run_graph(NodeByNode(graph, seen, seed), batch)
    known = {node.id for node in measured.stages[-1].graph.nodes}
    return tuple(each for each in found if each in known)


def _tensors(value: Any) -> list[Tensor]:
    return [each for each in pytree.tree_leaves(value) if isinstance(each, Tensor)]


def _is_same(one: Tensor, other: Tensor) -> bool:
    if one.shape != other.shape:
        return False
    one, other = (each.dequantize() if each.is_quantized else each for each in (one, other))
    return torch.equal(torch.nan_to_num(one), torch.nan_to_num(other))

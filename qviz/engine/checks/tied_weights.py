"""Finds weights that layers share in the user's model and no longer in the converted one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.fx import GraphModule, Node

from qviz.document.graph import Json
from qviz.document.snapshot import Finding, Level
from qviz.engine.nodes.called import called_module
from qviz.engine.nodes.targets import bare_name

_WeightPlace = tuple[object, ...]
"""Where a tensor lies, which is one for tensors that share their numbers."""

_MOVES = ("permute", "t", "transpose", "detach", "alias", "dequantize_per_tensor", "dequantize_per_channel")
_MUCH = 0.01
"""Of the bytes of the model: what a weight may grow by before it is worth a warning."""
_BITS = {torch.quint4x2: 4, torch.float16: 16}
"""Of packed weights; all others have 8."""


class _TiedSize(NamedTuple):
    """How large a weight is."""

    elements: int
    bytes: int


class _WeightReader(NamedTuple):
    """A node that computes with a tied weight; `at` is the argument that holds it, None inside of a module."""

    node: str
    at: int | None


class _WeightCopy(NamedTuple):
    """What holds the weight for a node of the converted graph."""

    place: _WeightPlace
    bytes: int
    dtype: str


class TiedWeights:
    """The ties of a model, followed from the graph that was captured to the one that was converted.

    Args:
        model: As the flow gets it.
    """

    def __init__(self, model: nn.Module) -> None:
        self._names: dict[_WeightPlace, list[str]] = {}
        self._bytes = 0
        for path, each in model.named_parameters(remove_duplicate=False):
            if (place := _place(each)) is not None:
                self._bytes += 0 if place in self._names else _size(each)
                self._names.setdefault(place, []).append(path)
        self._read: dict[_WeightPlace, list[_WeightReader]] = {}
        self._embeddings: set[str] = set()
        self._weights: dict[_WeightPlace, _TiedSize] = {}  # not the tensors: eager flows let go of them one by one

    def captured(self, graph: GraphModule) -> None:
        """Take which nodes of the captured graph read which weight."""
        for node in graph.graph.nodes:
            if _is_embedding(graph, node):
                self._embeddings.add(node.name)
            if node.op == "call_module":
                for each in called_module(graph, node).parameters(recurse=False):
                    self._add(each, _WeightReader(node.name, None))
            elif node.op == "get_attr" and isinstance(held := _held(graph, node), Tensor):
                for reader, at in _readers(node):
                    self._add(held, _WeightReader(reader.name, at))

    def converted(self, graph: GraphModule) -> Iterator[Finding]:
        """Yield the weights that the converted graph holds several times."""
        nodes = {node.name: node for node in graph.graph.nodes}
        for place, reads in self._read.items():
            found = {
                each.node: copy
                for each in reads
                if each.node in nodes and (copy := _copy(graph, nodes[each.node], each.at, self._weights[place]))
            }
            copies = {each.place: each for each in found.values()}
            if len(copies) > 1:
                yield from self._finding(place, tuple(found), [*copies.values()])

    def _add(self, weight: Tensor, read: _WeightReader) -> None:
        place = _place(weight)
        if place in self._names:  # not a buffer: what writes into it takes no copy of its own
            self._weights[place] = _TiedSize(weight.numel(), _size(weight))
            self._read.setdefault(place, []).append(read)

    def _finding(self, place: _WeightPlace, nodes: tuple[str, ...], copies: list[_WeightCopy]) -> Iterator[Finding]:
        was, now = self._weights[place].bytes, sum(each.bytes for each in copies)
        names = self._names.get(place, [])
        grows = now - was > _MUCH * self._bytes
        if not grows and len(names) < 2:  # one module that is called several times
            return
        dtypes: list[Json] = [each.dtype for each in copies]
        args: dict[str, Json] = {"names": [*names], "copies": len(copies), "dtypes": dtypes, "was": was, "now": now}
        if embeddings := [each for each in nodes if each in self._embeddings]:
            args["embeddings"] = [*embeddings]
        yield Finding(
            "tied_weights_split",
            Level.WARNING if grows else Level.INFO,
            "converted",
            nodes,
            "tied_weights_split.grows" if grows else "tied_weights_split",
            {"subject": nodes},
            args,
        )


def _place(tensor: Tensor) -> _WeightPlace | None:
    """Return where the numbers of a matrix lie; None of what is no plain tensor, or has no more than one row."""
    is_plain = type(tensor) in (Tensor, nn.Parameter) and tensor.layout is torch.strided and not tensor.is_meta
    if not is_plain or tensor.dim() < 2 or not tensor.is_floating_point():
        return None
    return tensor.untyped_storage().data_ptr(), tensor.storage_offset(), tensor.numel()


def _size(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()


def _is_embedding(graph: GraphModule, node: Node) -> bool:
    if node.op == "call_module":
        return isinstance(called_module(graph, node), nn.Embedding | nn.EmbeddingBag)
    return node.op == "call_function" and bare_name(node.target).startswith("embedding")


def _held(graph: GraphModule, node: Node) -> object:
    value: object = graph
    for name in str(node.target).split("."):
        value = getattr(value, name, None)
    return value


def _readers(node: Node) -> Iterator[tuple[Node, int]]:
    """Yield what computes with a constant, past what only moves it, and as which argument."""
    for user in node.users:
        if user.op == "call_function" and bare_name(user.target) in _MOVES:
            yield from _readers(user)
        elif user.op == "call_function":
            yield from ((user, at) for at, each in enumerate(user.args) if each is node)


def _copy(graph: GraphModule, node: Node, at: int | None, weight: _TiedSize) -> _WeightCopy | None:
    """Return what holds the weight for a node; None where nothing tells."""
    if at is None:
        return _of_module(called_module(graph, node), str(node.target), weight) if node.op == "call_module" else None
    held = node.args[at] if len(node.args) > at else None
    while isinstance(held, Node) and held.op == "call_function" and bare_name(held.target) in _MOVES:
        held = held.args[0]
    if not isinstance(held, Node) or held.op != "get_attr":
        return None
    value = _held(graph, held)
    if isinstance(value, Tensor) and value.layout is torch.strided and value.numel() == weight.elements:
        return _WeightCopy((value.untyped_storage().data_ptr(),), _size(value), str(value.dtype))
    return (
        _WeightCopy((held.target,), weight.elements, "torch.qint8") if isinstance(value, torch.ScriptObject) else None
    )


def _of_module(module: nn.Module, path: str, weight: _TiedSize) -> _WeightCopy | None:
    for each in module.parameters(recurse=False):
        if each.layout is torch.strided and each.numel() == weight.elements:
            return _WeightCopy((each.untyped_storage().data_ptr(),), _size(each), str(each.dtype))
    if not callable(getattr(module, "weight", None)):
        return None
    dtype = getattr(getattr(module, "_packed_params", None), "dtype", torch.qint8)
    return _WeightCopy((path,), weight.elements * _BITS.get(dtype, 8) // 8, str(dtype))

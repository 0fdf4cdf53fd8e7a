"""How much room the weights of an operator, or a constant, take in a stage."""

from __future__ import annotations

import math
import re

from qviz.analysis.inspecting.inspected_run import InspectedRun, NodePlace
from qviz.document.graph import Kind, Node
from qviz.document.query import Index

_FLOAT_BYTES = 4
_BYTES = {"bool": 1, "quint4x2": 0.5, "quint2x4": 0.25}
"""Of a number, where the dtype's name does not end in its bits."""
_BITS = re.compile(r"\d+$")


def held_bytes(run: InspectedRun, place: NodePlace) -> int | None:
    """Return the bytes of a constant, or of the weights that an operator reads; None where it has none.

    The weights of a module that is drawn whole count as integers where it holds integers, else as floats.
    """
    node = run.node(place)
    if node is None:
        return None
    if node.kind is Kind.CONSTANT:
        return _of_value(node)
    if not node.kind.computes:
        return None
    integers = run.integers(place)
    if integers is not None:
        return math.ceil(math.prod(integers.shape) * _of_dtype(integers.dtype))
    constants = [each for each in map(_of_value, _constants(run.index(place.stage), place.node)) if each is not None]
    return sum(constants) if constants else _of_module(run, place)


def _of_module(run: InspectedRun, place: NodePlace) -> int | None:
    """Return the bytes that the parameters of a module take as floats, from the sizes of the first stage."""
    first = run.parts.first
    known = (run.fact(NodePlace(first, each)) for each in run.become(place.stage, (place.node,), first))
    held = sum(fact.size.parameters for fact in known if fact is not None and fact.size is not None)
    return held * _FLOAT_BYTES if held else None


def _constants(index: Index, node_id: str) -> list[Node]:
    """Return the constants that a node reads, past casts and observers; scales and zero points, scalars, are none."""
    found: list[Node] = []
    waiting = [*index.producers[node_id]]
    while waiting:
        node = index.nodes[waiting.pop()]
        if node.kind is Kind.CONSTANT:
            found += [node] if node.values and node.values[0].shape else []
        elif node.kind is Kind.DEQUANTIZE or node.kind is Kind.QUANTIZE or node.kind.watches:
            waiting += index.producers[node.id][:1]  # the others are scale and zero point
    return found


def _of_value(node: Node) -> int | None:
    if not node.values or not all(isinstance(each, int) for each in node.values[0].shape):
        return None
    lengths = [each for each in node.values[0].shape if isinstance(each, int)]
    return math.ceil(math.prod(lengths) * _of_dtype(node.values[0].dtype))


def _of_dtype(dtype: str) -> float:
    name = dtype.removeprefix("torch.")
    bits = _BITS.search(name)
    return _BYTES.get(name, int(bits[0]) / 8 if bits is not None else _FLOAT_BYTES)

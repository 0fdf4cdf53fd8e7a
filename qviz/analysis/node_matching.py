"""Finds the nodes of one run's stage in the same stage of another run.

An id counts where it stands at the same module: torch numbers inserted nodes one after the other, so
that one more observer gives all behind it another id. What is left is matched by module path, type and
order, and then by id and type alone, as after a module was renamed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence

from qviz.analysis.regions import function_name
from qviz.document.graph import Graph, Kind, Node

Key = Callable[[Node], Hashable]


def match(a: Graph, b: Graph) -> dict[str, str]:
    """Return the id in `b` for every id of `a` that has one; no id of `b` stands twice."""
    pairs: dict[str, str] = {}
    for key in (_id_and_place, _place_and_type, _id_and_type):
        taken = set(pairs.values())
        rest_a = [node for node in a.nodes if node.id not in pairs]
        rest_b = [node for node in b.nodes if node.id not in taken]
        pairs |= _in_order(rest_a, rest_b, key)
    return pairs


def _in_order(a: Sequence[Node], b: Sequence[Node], key: Key) -> dict[str, str]:
    """Match the first with the first of the same key, the second with the second."""
    waiting: dict[Hashable, list[str]] = defaultdict(list)
    for node in reversed(b):
        waiting[key(node)].append(node.id)
    return {node.id: waiting[key(node)].pop() for node in a if waiting.get(key(node))}


def _id_and_place(node: Node) -> Hashable:
    return node.id, node.place


def _place_and_type(node: Node) -> Hashable:
    return node.place, _type(node)


def _id_and_type(node: Node) -> Hashable:
    return node.id, _type(node)


def _type(node: Node) -> Hashable:
    """Return what a node is, apart from its number: an input has its name, a constant its last word."""
    match node.kind:
        case Kind.INPUT:
            return Kind.INPUT, node.target
        case Kind.CONSTANT:
            return Kind.CONSTANT, node.target.rpartition(".")[2].rstrip("0123456789")
        case Kind.OBSERVER | Kind.FAKE_QUANT | Kind.QUANTIZE | Kind.DEQUANTIZE | Kind.CHOOSE_QPARAMS | Kind.OUTPUT:
            return node.kind
        case _:
            return function_name(node)

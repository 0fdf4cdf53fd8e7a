"""Finds the nodes of one run's stage in the same stage of another run.

Operators, inputs and constants come first: by id where that stands at the same module, then by module path,
type and order, then by id and type alone, as after a module was renamed. What torch inserted is known by
the operators that it stands between: its id is a number, and one more observer gives all behind it another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping

from qviz.analysis.regions import function_name
from qviz.document.graph import CASTING, WATCHING, Graph, Kind, Node
from qviz.document.query import Index

INSERTED = WATCHING | CASTING

Key = Callable[[Node], Hashable]
"""What nodes are compared by; None matches nothing."""


def match(a: Graph, b: Graph) -> dict[str, str]:
    """Return the id in `b` for every id of `a` that has one; no id of `b` stands twice."""
    pairs: dict[str, str] = {}
    for key in (_id_and_place, _place_and_type, _id_and_type):
        _add(pairs, _operators(a), _operators(b), key, key)
    inserted_a, inserted_b = _inserted(a), _inserted(b)
    before_a, behind_a = (_renamed(ids, pairs) for ids in _neighbours(a))
    before_b, behind_b = (_renamed(ids, {each: each for each in pairs.values()}) for ids in _neighbours(b))
    _add(pairs, inserted_a, inserted_b, _between(before_a, behind_a), _between(before_b, behind_b))
    _add(pairs, inserted_a, inserted_b, _after(before_a), _after(before_b))
    strangers_a, strangers_b = _outside(inserted_a, before_a), _outside(inserted_b, before_b)
    for key in (_id_and_place, _place_and_type, _id_and_type):
        _add(pairs, strangers_a, strangers_b, key, key)
    return pairs


def _operators(graph: Graph) -> list[Node]:
    return [node for node in graph.nodes if node.kind not in INSERTED]


def _inserted(graph: Graph) -> list[Node]:
    return [node for node in graph.nodes if node.kind in INSERTED]


def _outside(nodes: Iterable[Node], known: Mapping[str, str]) -> list[Node]:
    return [node for node in nodes if node.id not in known]


def _add(pairs: dict[str, str], a: Iterable[Node], b: Iterable[Node], key_a: Key, key_b: Key) -> None:
    """Match what is left: the first with the first of the same key, the second with the second."""
    taken = set(pairs.values())
    waiting: dict[Hashable, list[str]] = defaultdict(list)
    for node in b:
        if node.id not in taken and (key := key_b(node)) is not None:
            waiting[key].append(node.id)
    for ids in waiting.values():
        ids.reverse()
    for node in a:
        if node.id not in pairs and waiting.get(key := key_a(node)):
            pairs[node.id] = waiting[key].pop()


def _neighbours(graph: Graph) -> tuple[dict[str, str], dict[str, str]]:
    """Return the next node before and behind each one that was not inserted; first inputs and users only."""
    index = Index(graph)
    before: dict[str, str] = {}
    behind: dict[str, str] = {}
    for found, nodes, near in ((before, graph.nodes, index.producers), (behind, graph.nodes[::-1], index.users)):
        for node in nodes:
            first = near[node.id][0] if near[node.id] else None
            if node.kind not in INSERTED:
                found[node.id] = node.id
            elif first in found:
                found[node.id] = found[first]
    return before, behind


def _renamed(ids: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    """Return those whose neighbour has a partner, with the partner's id."""
    return {node_id: names[each] for node_id, each in ids.items() if each in names}


def _between(before: Mapping[str, str], behind: Mapping[str, str]) -> Key:
    def key(node: Node) -> Hashable:
        if node.id not in before or node.id not in behind:
            return None
        return node.kind, before[node.id], behind[node.id]

    return key


def _after(before: Mapping[str, str]) -> Key:
    return lambda node: (node.kind, before[node.id]) if node.id in before else None


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
        case Kind.OUTPUT:
            return Kind.OUTPUT
        case _ if node.kind in INSERTED:
            return node.kind
        case _:
            return function_name(node)

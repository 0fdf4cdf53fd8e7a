"""Finds what folds into an operator: its weights with their scales and dequantizes, and repeated dequantizes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import NamedTuple

from qviz.document.graph import Graph, Kind, Node
from qviz.document.query import Index

MAX_HOSTS = 64
"""A constant that more operators than this read stays a box of its own."""

_CARRIERS = (Kind.OP, Kind.QUANTIZE, Kind.DEQUANTIZE)


class Plumbing(NamedTuple):
    """What folds into what; only nodes that fold are named.

    Attributes:
        hosts: For a node of weight plumbing, the operators that it feeds, through other plumbing or directly.
        held: For an operator, its plumbing in graph order.
        repeats: For a dequantize that repeats an earlier one of the same value, that one.
        repeated: For a dequantize that is repeated, all of them, itself first.
    """

    hosts: dict[str, tuple[str, ...]]
    held: dict[str, list[str]]
    repeats: dict[str, str]
    repeated: dict[str, list[str]]

    def members(self, unit: str) -> tuple[str, ...]:
        """Return the ids of a box that stands for a node: the node, its repeats, its plumbing."""
        return (*self.repeated.get(unit, (unit,)), *self.held.get(unit, ()))


def find_plumbing(graph: Graph, index: Index) -> Plumbing:
    """Return the weight plumbing and the repeated dequantizes of a graph."""
    hosts = _find_hosts(graph, index)
    repeats, repeated = _find_repeats(graph, index, hosts)
    held: defaultdict[str, list[str]] = defaultdict(list)
    for each in reversed(hosts):  # they were found from the last to the first
        if not repeats.keys().isdisjoint(hosts[each]):
            hosts[each] = tuple(dict.fromkeys(repeats.get(host, host) for host in hosts[each]))
        for host in hosts[each]:
            held[host].append(each)
    return Plumbing(hosts, dict(held), repeats, repeated)


def _find_hosts(graph: Graph, index: Index) -> dict[str, tuple[str, ...]]:
    constant = _constant_only(graph, index)
    sole_ops: dict[str, str] | None = None
    hosts: dict[str, tuple[str, ...]] = {}
    for each in reversed(constant):
        users = index.users[each]
        found: tuple[str, ...]
        if len(users) == 1:  # most
            found = hosts.get(users[0]) or (users[0],)
        else:
            found = tuple(dict.fromkeys(host for user in users for host in hosts.get(user, (user,))))
        if not found:
            # A batch norm's counter: nothing reads it, or what counts it up.
            sole_ops = _sole_ops(graph, constant) if sole_ops is None else sole_ops
            sole = sole_ops.get(_owner(index.nodes[each]))
            found = () if sole is None else (sole,)
        if 0 < len(found) <= MAX_HOSTS:
            hosts[each] = found
    return hosts


def _constant_only(graph: Graph, index: Index) -> dict[str, None]:
    """Return the constants and what is computed from nothing else, as far as it is no work of its own, in order."""
    constant: dict[str, None] = {}
    producers, first = index.producers, Kind.CONSTANT
    for node in graph.nodes:
        node_id = node.id
        if node.kind is first:
            constant[node_id] = None
            continue
        read = producers[node_id]
        if read and read[0] in constant and _carries(node) and all(each in constant for each in read):
            constant[node_id] = None
    return constant


def _owner(node: Node) -> str:
    """Return the module that a constant belongs to."""
    return node.place or (node.target.rpartition(".")[0] if node.kind is Kind.CONSTANT else "")


def _carries(node: Node) -> bool:
    return node.kind in _CARRIERS and node.op != "call_module"


def _sole_ops(graph: Graph, constant: Collection[str]) -> dict[str, str]:
    ops: defaultdict[str, list[str]] = defaultdict(list)
    for node in graph.nodes:
        if node.place and node.kind is Kind.OP and node.id not in constant:
            ops[node.place].append(node.id)
    return {place: ids[0] for place, ids in ops.items() if len(ids) == 1}


def _find_repeats(
    graph: Graph, index: Index, hosts: dict[str, tuple[str, ...]]
) -> tuple[dict[str, str], dict[str, list[str]]]:
    same: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    producers, users, dequantize = index.producers, index.users, Kind.DEQUANTIZE
    for node in graph.nodes:
        if node.kind is dequantize:
            node_id = node.id
            read = producers[node_id]
            if read and len(users[read[0]]) > 1 and node_id not in hosts:  # another may read the same
                key = (node.target, *read)
                same[key].append(node_id)
    repeated = {ids[0]: ids for ids in same.values() if len(ids) > 1}
    return {each: first for first, ids in repeated.items() for each in ids[1:]}, repeated

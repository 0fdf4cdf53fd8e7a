"""Finds what folds into an operator: its weights with their scales and dequantizes, and repeated dequantizes."""

from __future__ import annotations

from collections import defaultdict
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
    for node in graph.nodes:
        if node.id in hosts:
            hosts[node.id] = tuple(dict.fromkeys(repeats.get(host, host) for host in hosts[node.id]))
            for host in hosts[node.id]:
                held[host].append(node.id)
    return Plumbing(hosts, dict(held), repeats, repeated)


def _find_hosts(graph: Graph, index: Index) -> dict[str, tuple[str, ...]]:
    constant = _constant_only(graph, index)
    sole_ops = _sole_ops(graph, constant)
    hosts: dict[str, tuple[str, ...]] = {}
    for node in reversed(graph.nodes):
        if node.id not in constant:
            continue
        found: dict[str, None] = {}
        for user in index.users[node.id]:
            found.update(dict.fromkeys(hosts.get(user, (user,))))
        if not found and (sole := sole_ops.get(_owner(node))):
            # A batch norm's counter: nothing reads it, or what counts it up.
            found = {sole: None}
        if 0 < len(found) <= MAX_HOSTS:
            hosts[node.id] = tuple(found)
    return hosts


def _constant_only(graph: Graph, index: Index) -> set[str]:
    """Return the constants and what is computed from nothing else, as far as it is no work of its own."""
    constant: set[str] = set()
    for node in graph.nodes:
        if node.kind is Kind.CONSTANT or (_carries(node) and _all_in(index.producers[node.id], constant)):
            constant.add(node.id)
    return constant


def _owner(node: Node) -> str:
    """Return the module that a constant belongs to."""
    return node.place or (node.target.rpartition(".")[0] if node.kind is Kind.CONSTANT else "")


def _carries(node: Node) -> bool:
    return node.kind in _CARRIERS and node.op != "call_module"


def _all_in(ids: list[str], known: set[str]) -> bool:
    return bool(ids) and all(each in known for each in ids)


def _sole_ops(graph: Graph, constant: set[str]) -> dict[str, str]:
    ops: defaultdict[str, list[str]] = defaultdict(list)
    for node in graph.nodes:
        if node.place and node.kind is Kind.OP and node.id not in constant:
            ops[node.place].append(node.id)
    return {place: ids[0] for place, ids in ops.items() if len(ids) == 1}


def _find_repeats(
    graph: Graph, index: Index, hosts: dict[str, tuple[str, ...]]
) -> tuple[dict[str, str], dict[str, list[str]]]:
    same: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for node in graph.nodes:
        if node.kind is Kind.DEQUANTIZE and node.id not in hosts and index.producers[node.id]:
            key = (node.target, *index.producers[node.id])
            same[key].append(node.id)
    repeated = {ids[0]: ids for ids in same.values() if len(ids) > 1}
    return {each: first for first, ids in repeated.items() for each in ids[1:]}, repeated

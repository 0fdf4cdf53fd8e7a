"""Infers the module of nodes that torch inserted without one: that of the operator they serve.

Weights, their casts and everything of dynamic quantization serve the operator that reads
them; an observer or quantize behind an operator serves that operator. Where nothing is found
on that side, the other side decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from qviz.document.graph import CASTING, WATCHING, Edge, Kind, Node

_INSERTED = WATCHING | CASTING | {Kind.CONSTANT}
_FOR_USERS = frozenset({Kind.CONSTANT, Kind.DEQUANTIZE, Kind.CHOOSE_QPARAMS})
_ENDS = frozenset({Kind.INPUT, Kind.OUTPUT})
_SOURCES = frozenset({Kind.CONSTANT, Kind.INPUT})


def infer_places(nodes: Sequence[Node], edges: Iterable[Edge]) -> dict[str, str]:
    """Return a module path for every node that has none of its own, where a neighbour tells one.

    Nodes that were inserted (observers, casts, constants) and operators without module path and
    type are placed; inputs and outputs stay outside. The nodes stand in graph order.
    """
    return _Inference(nodes, edges).run()


class _Inference:
    def __init__(self, nodes: Sequence[Node], edges: Iterable[Edge]) -> None:
        self.nodes = {node.id: node for node in nodes}
        self.users: defaultdict[str, list[str]] = defaultdict(list)
        self.producers: defaultdict[str, list[str]] = defaultdict(list)
        for edge in sorted(edges, key=lambda each: each.input_index):
            self.users[edge.from_id].append(edge.to_id)
            self.producers[edge.to_id].append(edge.from_id)
        self.known = {node.id: node.module_path for node in nodes if _has_own_place(node)}
        self.missing = [node.id for node in nodes if node.kind not in _ENDS and node.id not in self.known]
        self.with_users = self._those_that_serve_their_users()

    def run(self) -> dict[str, str]:
        forward, backward = self.missing, self.missing[::-1]
        self._from_users([each for each in backward if each in self.with_users])
        self._from_producers([each for each in forward if each not in self.with_users])
        self._from_users(backward)
        self._from_producers(forward)
        self._from_users(backward)
        return {node_id: self.known[node_id] for node_id in self.missing if node_id in self.known}

    def _those_that_serve_their_users(self) -> set[str]:
        serving: set[str] = set()
        for node_id in self.missing:
            kind = self.nodes[node_id].kind
            feeders = self.producers[node_id]
            subject = feeders[0] if feeders else None
            fed_by_source = subject is not None and (
                self.nodes[subject].kind in _SOURCES or (subject in serving and self._is_plumbing(subject))
            )
            measured = any(self._is_measured(each) for each in feeders)
            dynamic = measured or (kind is Kind.QUANTIZE and "dynamic" in self.nodes[node_id].target)
            if kind in _FOR_USERS or fed_by_source or dynamic:
                serving.add(node_id)
        return serving

    def _is_plumbing(self, node_id: str) -> bool:
        """Return whether a node that serves its users hands a constant or an input on, not an activation."""
        return self.nodes[node_id].kind is not Kind.DEQUANTIZE

    def _is_measured(self, node_id: str) -> bool:
        """Return whether a value is a scale that choose_qparams just found."""
        feeders = [node_id, *self.producers[node_id]]
        return any(self.nodes[each].kind is Kind.CHOOSE_QPARAMS for each in feeders)

    def _from_users(self, node_ids: Iterable[str]) -> None:
        for node_id in node_ids:
            if node_id not in self.known:
                found = [self.known[user] for user in self.users[node_id] if user in self.known]
                if found:
                    self.known[node_id] = common_place(found)

    def _from_producers(self, node_ids: Iterable[str]) -> None:
        for node_id in node_ids:
            if node_id not in self.known:
                found = [self.known[each] for each in self.producers[node_id] if each in self.known]
                if found:
                    self.known[node_id] = common_place(found) if self._is_operator(node_id) else found[0]

    def _is_operator(self, node_id: str) -> bool:
        return self.nodes[node_id].kind not in _INSERTED


def _has_own_place(node: Node) -> bool:
    return node.kind not in _INSERTED and node.kind not in _ENDS and bool(node.module_path or node.module_type)


def common_place(paths: Sequence[str]) -> str:
    """Return the innermost module that holds all paths; "" is the model itself."""
    split = [path.split(".") if path else [] for path in paths]
    common: list[str] = []
    for parts in zip(*split, strict=False):
        if len(set(parts)) > 1:
            break
        common.append(parts[0])
    return ".".join(common)

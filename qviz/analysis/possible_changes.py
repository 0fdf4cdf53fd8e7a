"""Which changes a plan can express that take quantizers away: operators, tensors and modules in float."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from qviz.document.changes import Change
from qviz.document.configuration import QuantizerRule, Rule
from qviz.document.flows import Mode, flow
from qviz.document.graph import Graph, Node
from qviz.document.measurements import Ledger, QuantizerNoise
from qviz.document.plan import Plan, is_exported_program
from qviz.document.query import Index

_MOST_READERS = 4
"""A tensor that more operators ask for is no single change in a flow that has only operators."""


def possible_changes(plan: Plan, ledger: Ledger, graph: Graph) -> tuple[Change, ...]:
    """Return the changes that leave operators or tensors in float; none in a flow that cannot express any.

    Args:
        plan: Its flow says how a change is written.
        ledger: What there is to take away.
        graph: The stage that the ledger's nodes are of.
    """
    writer = _writer(plan, graph)
    if writer is None:
        return ()
    found: dict[tuple[str, ...], Change] = {}
    for change in (*_operators(ledger, writer), *_tensors(ledger, writer)):
        gone = change.quantizers or _without(ledger, change.nodes)
        if gone:
            found.setdefault(gone, msgspec.structs.replace(change, quantizers=gone))
    return tuple(found.values())


def module_in_float(plan: Plan, ledger: Ledger, graph: Graph, path: str, index: Index | None = None) -> Change | None:
    """Return the change that leaves all of a module in float; None where the flow cannot, or nothing is in it."""
    writer = _writer(plan, graph, index)
    if writer is None:
        return None
    asked = dict.fromkeys(node for each in ledger.quantizers for node in each.asked_by)
    nodes = tuple(node for node in asked if _is_inside(writer.index.nodes[node], path))
    gone = _without(ledger, nodes)
    if not gone:
        return None
    if writer.is_exported:
        rule = QuantizerRule("module_name", path, enabled=False)
        return Change("module", path, gone, nodes=nodes, quantizer_rules=(rule,))
    return Change("module", path, gone, nodes=nodes, rules=(Rule("module_name", path),))


def operators_in_float(plan: Plan, graph: Graph, nodes: Sequence[str], index: Index | None = None) -> Change | None:
    """Return the change that leaves these operators in float; None where the flow has no rule for one of them.

    Args:
        plan: Its flow says how a change is written.
        graph: The stage that the nodes are of.
        nodes: The operators.
        index: The lookups of the graph, where somebody has them.
    """
    writer = _writer(plan, graph, index)
    return writer.operators(nodes) if writer is not None and nodes else None


def _is_inside(node: Node, path: str) -> bool:
    return node.place == path or node.place.startswith(f"{path}.")


def _without(ledger: Ledger, nodes: Sequence[str]) -> tuple[str, ...]:
    return tuple(each.id for each in ledger.quantizers if each.asked_by and set(each.asked_by) <= set(nodes))


def _operators(ledger: Ledger, writer: _Writer) -> Iterator[Change]:
    for node in dict.fromkeys(node for each in ledger.quantizers for node in each.asked_by):
        change = writer.operators((node,))
        if change is not None:
            yield change


def _tensors(ledger: Ledger, writer: _Writer) -> Iterator[Change]:
    for quantizer in ledger.quantizers:
        if quantizer.kind not in ("activation", "dynamic") or not quantizer.asked_by:
            continue
        change = writer.tensor(quantizer) if writer.is_exported else None
        if not writer.is_exported and 1 < len(quantizer.asked_by) <= _MOST_READERS:
            change = writer.operators(quantizer.asked_by)
        if change is not None:
            yield change


def _writer(plan: Plan, graph: Graph, index: Index | None = None) -> _Writer | None:
    chosen = flow(plan.flow)
    if chosen is None or not chosen.quantizes:
        return None
    if chosen.mode is Mode.EAGER and not (chosen.keeps_activations_float and chosen.takes("rules")):
        return None  # a float module between quantized ones of an eager model gets integers that it cannot read
    return _Writer(plan, graph, index or Index(graph))


class _Writer:
    """Writes changes as the rules of one plan."""

    def __init__(self, plan: Plan, graph: Graph, index: Index) -> None:
        chosen = flow(plan.flow)
        self.is_exported = chosen is not None and chosen.mode is Mode.PT2E
        self.index = index
        self._has_paths = not is_exported_program(plan.source)
        self._order: dict[str, int] = {}
        self._inside: dict[str, int] = {}
        seen: dict[tuple[str, str], int] = {}
        for node in graph.nodes:
            if node.op == "call_function":
                key = node.module_path, node.target
                self._order[node.id] = seen.get(key, 0)
                seen[key] = self._order[node.id] + 1

    def operators(self, nodes: Sequence[str]) -> Change | None:
        """Return the change that leaves these operators in float; None where one of them has no rule."""
        if any(node not in self.index.nodes for node in nodes):
            return None
        found = [self.index.nodes[node] for node in nodes]
        name = " + ".join(_called(node) for node in found)
        if self.is_exported:
            exported = tuple(QuantizerRule("node", node.id, enabled=False) for node in found)
            return Change("operator", name, (), nodes=tuple(nodes), quantizer_rules=exported)
        rules = [self._rule(node) for node in found]
        written = tuple(rule for rule in rules if rule is not None)
        if len(written) < len(rules):
            return None
        return Change("operator", name, (), nodes=tuple(nodes), rules=written)

    def _rule(self, node: Node) -> Rule | None:
        if node.op == "call_module":
            return Rule("module_name", node.target)
        if node.op == "call_function":
            order = self._order[node.id]
            return Rule("module_name_object_type_order", node.module_path, None, node.target, order)
        return None

    def tensor(self, quantizer: QuantizerNoise) -> Change | None:
        """Return the change that leaves what a quantizer rounds in float, wherever it stands."""
        given = dict.fromkeys(self._given(node) for node in quantizer.nodes)
        if not given or "" in given:
            return None
        rules = tuple(QuantizerRule("tensor", node, enabled=False) for node in given)
        return Change("tensor", quantizer.id, (quantizer.id,), nodes=tuple(given), quantizer_rules=rules)

    def _given(self, observer: str) -> str:
        """Return the node whose value an observer watches, past other observers."""
        node = observer
        while node in self.index.nodes and self.index.nodes[node].observer is not None:
            producers = self.index.producers[node]
            node = producers[0] if producers else ""
        return node


def _called(node: Node) -> str:
    if node.op == "call_module":
        return node.target
    return f"{node.place}:{node.id}" if node.place else node.id

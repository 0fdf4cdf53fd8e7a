"""Says in short why quantizable operators of a converted stage stay float, grouped by type and reason."""

from __future__ import annotations

from qviz.analysis.linking.index import LinkIndex
from qviz.analysis.regions import function_name, precision
from qviz.document.comparison import FloatOperators
from qviz.document.flows import Method, flow
from qviz.document.graph import WATCHING, Graph, Node
from qviz.document.query import Index
from qviz.document.snapshot import Snapshot

_OWN = "stays in float: "
"""How the engine begins the reason of an operator that nothing quantizes."""


def why_float(snapshot: Snapshot) -> tuple[FloatOperators, ...]:
    """Return the operators of the last stage that stay float, the most frequent kind first."""
    if not snapshot.stages:
        return ()
    last = snapshot.stages[-1]
    nodes = {node.id: node for node in last.graph.nodes}
    reasons = _Reasons(snapshot)
    groups: dict[tuple[str, str], list[str]] = {}
    for node_id in precision(last.graph).float:
        key = function_name(nodes[node_id]), reasons.of(nodes[node_id])
        groups.setdefault(key, []).append(node_id)
    ordered = sorted(groups.items(), key=lambda item: -len(item[1]))
    return tuple(FloatOperators(type_, tuple(ids), reason) for (type_, reason), ids in ordered)


class _Reasons:
    """Asks the prepared stage, where observers show what was meant to be quantized."""

    def __init__(self, snapshot: Snapshot) -> None:
        chosen = flow(snapshot.run.flow)
        self._method = chosen.method if chosen is not None else None
        self._has_quantizer = chosen is not None and chosen.takes("quantizer")
        names = [stage.name for stage in snapshot.stages]
        self._last = names[-1]
        self._links = LinkIndex(snapshot.links)
        prepared = next((stage.graph for stage in snapshot.stages if stage.name == "prepared"), Graph((), (), ()))
        self._prepared = Index(prepared)

    def of(self, node: Node) -> str:
        """Return the reason of one operator: its own, where the engine found one."""
        if self._method is Method.WEIGHT_ONLY:
            return "weight-only flows take embeddings, or Linear in float16"
        if node.why is not None and node.why.rule.startswith(_OWN):
            return node.why.rule.removeprefix(_OWN)
        meant = self._is_meant(node)
        if meant:
            return "asked to be quantized, but no kernel or pattern takes it"
        if self._method is Method.DYNAMIC:
            return "not quantized dynamically"
        if meant is None:
            return "it is not in the prepared stage"
        return "the quantizer did not annotate it" if self._has_quantizer else "no observer was asked for there"

    def _is_meant(self, node: Node) -> bool | None:
        """Return whether an observer is there for this operator's own sake; None if it is not to be found.

        An observer next to it may serve its neighbour: its reason names the node that asked for it.
        """
        before = self._links.partners(self._last, "prepared", (node.id,))
        found = next((i for i in (*before, node.id) if i in self._prepared.nodes and not self._is_watching(i)), None)
        if found is None:
            return None
        around = (*self._prepared.producers[found], *self._prepared.users[found])
        reasons = (self._prepared.nodes[i].why for i in around if self._is_watching(i))
        return any(why is not None and why.evidence.startswith(f"{found}.meta[") for why in reasons)

    def _is_watching(self, node_id: str) -> bool:
        return self._prepared.nodes[node_id].kind in WATCHING

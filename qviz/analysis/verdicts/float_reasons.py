"""Says in short why quantizable operators of a converted stage stay float, grouped by type and reason."""

from __future__ import annotations

from typing import NamedTuple

from qviz.analysis.coverage import LowPrecision
from qviz.analysis.linking.index import LinkIndex
from qviz.analysis.regions import function_name
from qviz.document.comparison import FloatOperators
from qviz.document.flows import Method, flow
from qviz.document.graph import WATCHING, Graph, Json, Node
from qviz.document.query import Index
from qviz.document.snapshot import Snapshot

_UNOBSERVED = ("unobserved.function", "unobserved.module")
"""Reasons of eager operators that compute in the precision of their inputs, here float."""


def why_float(snapshot: Snapshot) -> tuple[FloatOperators, ...]:
    """Return the operators of the last stage that stay float, the most frequent kind first."""
    if not snapshot.stages:
        return ()
    last = snapshot.stages[-1]
    nodes = {node.id: node for node in last.whole.nodes}
    reasons = _Reasons(snapshot)
    groups: dict[tuple[str, _FloatCause], list[str]] = {}
    judged = LowPrecision(snapshot.stages, snapshot.links, snapshot.facts, last)
    for node_id in judged.operators.float:
        key = function_name(nodes[node_id]), reasons.of(nodes[node_id])
        groups.setdefault(key, []).append(node_id)
    ordered = sorted(groups.items(), key=lambda item: -len(item[1]))
    return tuple(FloatOperators(type_, tuple(ids), cause.code, {}, cause.args) for (type_, cause), ids in ordered)


class _FloatCause(NamedTuple):
    """Why an operator stays float; `kept` is the text of a document of version 1."""

    code: str
    kept: str | None = None

    @property
    def args(self) -> dict[str, Json]:
        return {} if self.kept is None else {"text": self.kept}


class _Reasons:
    """Asks the prepared stage, where observers show what was meant to be quantized."""

    def __init__(self, snapshot: Snapshot) -> None:
        chosen = flow(snapshot.run.flow)
        self._method = chosen.method if chosen is not None else None
        self._has_quantizer = chosen is not None and chosen.takes("quantizer")
        left = snapshot.run.config.get("left_in_float")
        self._left = left if isinstance(left, list) else []
        names = [stage.name for stage in snapshot.stages]
        self._last = names[-1]
        self._links = LinkIndex(snapshot.links)
        prepared = next((stage.whole for stage in snapshot.stages if stage.name == "prepared"), Graph((), (), ()))
        self._prepared = Index(prepared)

    def of(self, node: Node) -> _FloatCause:
        """Return the cause for one operator: its own, where the engine found one."""
        if node.target in self._left or self._method is Method.WEIGHT_ONLY:
            return _FloatCause("float.left_by_rule" if node.target in self._left else "float.not_weight_only")
        if node.why is not None and (node.why.stays_float or node.why.code in _UNOBSERVED):
            kept = node.why.args.get("stays_float")
            return _FloatCause(node.why.code, None if kept is None else str(kept))
        meant = self._is_meant(node)
        if meant:
            return _FloatCause("float.not_matched")
        if self._method is Method.DYNAMIC:
            return _FloatCause("float.not_dynamic")
        if meant is None:
            return _FloatCause("float.not_prepared")
        return _FloatCause("float.not_annotated" if self._has_quantizer else "float.not_observed")

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
        return any(why is not None and found in why.roles.get("asked_by", ()) for why in reasons)

    def _is_watching(self, node_id: str) -> bool:
        return self._prepared.nodes[node_id].kind in WATCHING

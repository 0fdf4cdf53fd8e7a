"""Graphs that were prepared a second time: what is observed already got observers again."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.findings.rules import finds
from qviz.document.graph import WATCHING, Kind
from qviz.document.snapshot import Finding, Level


@finds("applied_twice")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the observers of a weight that has one already; of activations two may be what annotations want."""
    stage = evidence.prepared
    if evidence.flow is not None:
        return  # it prepares once; a quantizer may annotate a weight and the edge that reads it
    if stage is None or any(each.rule == "applied_twice" for each in evidence.snapshot.findings):
        return
    index = evidence.index(stage)

    def given(node_id: str) -> list[str]:
        return list(index.producers[node_id])

    watching = {node.id for node in stage.graph.nodes if node.kind in WATCHING}
    found = tuple(
        node.id
        for node in stage.graph.nodes
        if node.id in watching
        for first in given(node.id)
        if first in watching and any(index.nodes[each].kind is Kind.CONSTANT for each in given(first))
    )
    if found:
        code, roles = "applied_twice.observers", {"subject": found}
        yield Finding("applied_twice", Level.ERROR, stage.name, found, code, roles)

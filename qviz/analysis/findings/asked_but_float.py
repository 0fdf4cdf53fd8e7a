"""An operator that was observed for its own sake and runs in float all the same."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence, is_move
from qviz.analysis.findings.rules import finds
from qviz.analysis.regions import function_name
from qviz.document.graph import Kind
from qviz.document.snapshot import Finding, Level


@finds("asked_but_float")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield one finding for each function that the conversion left so."""
    stage, prepared = evidence.converted, evidence.prepared
    if stage is None or prepared is None or evidence.keeps_casts:
        return
    index = evidence.index(stage)
    found: dict[str, list[str]] = {}
    for node in stage.whole.nodes:
        is_cast = any(index.nodes[each].kind is Kind.DEQUANTIZE for each in index.producers[node.id])
        if node.kind not in (Kind.OP, Kind.FUSED_OP) or not is_cast or is_move(node):
            continue
        if evidence.asked.intersection(evidence.earlier(prepared, node.id)):
            found.setdefault(function_name(node), []).append(node.id)
    for name, ids in found.items():
        yield Finding(
            rule="asked_but_float",
            level=Level.WARNING,
            stage=stage.name,
            nodes=tuple(ids),
            code="asked_but_float",
            roles={"subject": tuple(ids)},
            args={"operator": name, **({"places": len(ids)} if len(ids) > 1 else {})},
        )

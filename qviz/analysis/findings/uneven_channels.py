"""A weight with one scale for all channels, of which many use a few levels only."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.findings.rules import finds
from qviz.document.snapshot import Finding, Level

_MANY = 1 / 8


@finds("uneven_channels")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield each weight quantized per tensor in which many channels reach less than a sixteenth of the range."""
    stage = evidence.converted
    facts = evidence.snapshot.facts.get(stage.name, {}) if stage is not None else {}
    nodes = evidence.index(stage).nodes if stage is not None else {}
    for node_id, each in facts.items():
        weight = each.integers
        if stage is None or node_id not in nodes or weight is None or not weight.narrow:
            continue
        if weight.total > 1 and weight.narrow >= _MANY * weight.total:
            host = next(iter(_reader(evidence, node_id)), node_id)
            yield Finding(
                rule="uneven_channels",
                level=Level.WARNING,
                stage=stage.name,
                nodes=tuple(dict.fromkeys((host, node_id))),
                code="uneven_channels",
                roles={"subject": (host,), "weight": (node_id,)},
                args={"narrow": weight.narrow, "total": weight.total},
            )


def _reader(evidence: Evidence, node_id: str) -> list[str]:
    """Return the operator that a constant reaches through casts; nothing for an operator itself."""
    stage = evidence.converted
    assert stage is not None
    index = evidence.index(stage)
    if index.nodes[node_id].op != "get_attr":
        return []
    step = node_id
    while len(users := index.users[step]) == 1:
        step = users[0]
        if index.nodes[step].kind.value in ("op", "fused_op", "quantized_op"):
            return [step]
    return []

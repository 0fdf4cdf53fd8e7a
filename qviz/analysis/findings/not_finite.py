"""Values of the float model that are not finite, where they are born."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.findings.rules import finds
from qviz.document.graph import Kind
from qviz.document.snapshot import Finding, Level


@finds("not_finite")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the operator that makes them, unless a weight holds them already."""
    measured = evidence.snapshot.measurements
    born = measured.not_finite if measured is not None else None
    if born is None or any(finding.rule == "not_finite" for finding in evidence.snapshot.findings):
        return
    stage = next(stage for stage in evidence.snapshot.stages if stage.name == born.stage)
    nodes = evidence.index(stage).nodes
    is_data = any(nodes[node].kind is Kind.INPUT for node in born.nodes)
    yield Finding(
        rule="not_finite",
        level=Level.ERROR,
        stage=born.stage,
        nodes=born.nodes,
        code="not_finite.data" if is_data else "not_finite.born",
        roles={"subject": born.nodes},
        args={"name": born.name, "value": born.value},
        place=() if born.nodes else (born.name,),
    )

"""A flow that was given a graph which it cannot read."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.findings.rules import finds
from qviz.document.snapshot import Finding, Level


@finds("wrong_kind_of_graph")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield that an eager or FX flow was given a graph of torch.export."""
    stage = evidence.captured
    if stage is None or evidence.flow is None or evidence.flow.takes_exported_programs:
        return
    found = [node.id for node in stage.whole.nodes if node.target.startswith("aten.")]
    if found:
        yield Finding(
            rule="wrong_kind_of_graph",
            level=Level.ERROR,
            stage=stage.name,
            nodes=tuple(found),
            code="wrong_kind_of_graph",
            roles={"subject": tuple(found)},
            args={"flow": evidence.snapshot.run.flow},
        )
